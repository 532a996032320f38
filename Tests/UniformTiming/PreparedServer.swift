// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX

/// What `scripts/check-timing` has prepared on the server that is measured, read from the folder where it left it.
struct PreparedServer: Sendable {
    /// The transactionID that the challenge in `bound` was made for.
    static let transactionID = "00112233445566778899aabbccddeeff"

    /// The RA's certificate: `ra.der`.
    let recipient: EncodedCertificate
    /// A challenge that would be good: `good`.
    let good: String
    /// Challenges that are not good, each for the reason that its file is named after.
    let used: String
    let revoked: String
    let expired: String
    /// A challenge that would be good for `transactionID`, and that opens envelopes: `bound`.
    let bound: String
    /// A certificate that was issued and revoked, with its key: `revoked-certificate.der`, `revoked-key.der`.
    let revokedCertificate: EncodedCertificate
    let revokedKey: SoftwareKey

    init(folder: String) throws {
        let folder = URL(fileURLWithPath: folder)
        func text(_ name: String) throws -> String {
            try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        func bytes(_ name: String) throws -> [UInt8] {
            Array(try Data(contentsOf: folder.appendingPathComponent(name)))
        }
        recipient = try EncodedCertificate(derEncoded: try bytes("ra.der"))
        (good, used, revoked) = (try text("good"), try text("used"), try text("revoked"))
        (expired, bound) = (try text("expired"), try text("bound"))
        revokedCertificate = try EncodedCertificate(derEncoded: try bytes("revoked-certificate.der"))
        revokedKey = try SoftwareKey(derEncoded: try bytes("revoked-key.der"))
    }
}
