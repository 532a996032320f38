// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP

/// What stands in the way of a run, as one sentence for the user.
struct Unusable: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Makes the messages of a run before its clock starts.
enum Preparation {
    /// The challenges of a file, one a line; a message needs one of its own, since they are good for one use.
    static func challenges(at path: String, count: Int) throws -> [String] {
        let lines = try challenges(at: path)
        guard lines.count >= count else {
            throw Unusable("The file of challenges has \(lines.count) lines, and \(count) are needed.")
        }
        return Array(lines.prefix(count))
    }

    /// All challenges of a file.
    static func challenges(at path: String) throws -> [String] {
        guard let contents = FileManager.default.contents(atPath: path) else {
            throw Unusable("The file of challenges cannot be read: \(path)")
        }
        return String(decoding: contents, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }

    /// Makes a PKCSReq for each challenge, with AES-128 and SHA-256; the device keys are used in turn.
    ///
    /// Each message has its own subject, temporary certificate, transactionID and nonce. A key for each would take minutes
    /// to make, and spare the server nothing.
    static func messages(
        challenges: [String],
        keyPool: Int,
        recipient: EncodedCertificate
    ) async throws -> [PreparedRequest] {
        let keys = try await (0..<min(keyPool, challenges.count)).concurrentMap { _ in
            try SoftwareKey.generate(.rsa(bits: 2048))
        }
        let run = String(UInt32.random(in: .min ... .max), radix: 16)
        return try await challenges.indices.concurrentMap { index in
            try message(
                subject: "CN=device-\(run)-\(index),O=Bench",
                challenges[index],
                keys[index % keys.count],
                recipient
            )
        }
    }

    private static func message(
        subject: String,
        _ challenge: String,
        _ key: SoftwareKey,
        _ recipient: EncodedCertificate
    ) throws -> PreparedRequest {
        var generator = SystemRandomNumberGenerator()
        let now = Date()
        let subject = try Name(subject)
        let wanted = try CertificationRequest.make(subject: subject, key: key, challengePassword: challenge)
        let message = try ClientRequest.pkcsReq(
            wanted,
            parties: ClientRequest.Parties(
                signer: try TemporaryCertificate.make(subject: subject, key: key, now: now, using: &generator),
                key: key,
                recipient: recipient
            ),
            options: ClientRequest.Options(digest: .sha256, cipher: .aes128CBC),
            now: now,
            using: &generator
        )
        return PreparedRequest(wanted: wanted, message: message)
    }
}

/// A request that is ready to be sent, and what its certificate is compared with.
struct PreparedRequest: Sendable {
    let wanted: CertificationRequest
    let message: ClientRequest
}
