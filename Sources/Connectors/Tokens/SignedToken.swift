// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import StrictJSON

/// A JSON Web Token in its compact form (RFC 7515 §7.1), read and not verified.
struct SignedToken: Sendable {
    /// The longest token that is read, in bytes: those of the field have 1 to 2 KiB.
    static let maximumByteCount = 8192

    /// The algorithm that it says it is signed by.
    var algorithm: String
    /// The id of the key that it says it is signed by.
    var keyID: String?
    /// Whether it asks for something that a reader has to understand (RFC 7515 §4.1.11).
    var hasCriticalParts: Bool
    var claims: [String: JSONValue]
    /// What the signature covers.
    var signedBytes: [UInt8]
    var signature: [UInt8]

    /// Reads a token.
    ///
    /// - Returns: nil for what is none: a challenge of some other source.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumByteCount else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let first = parts.first, let second = parts.dropFirst().first, let last = parts.last,
            let header = Self.decoded(first).flatMap({ try? JSONValue(strictly: $0) }),
            let payload = Self.decoded(second).flatMap({ try? JSONValue(strictly: $0) }),
            let signature = Self.decoded(last),
            let algorithm = header["alg"]?.text, case .object(let claims) = payload
        else { return nil }
        // A key id that is no text names no key of ours.
        if let id = header["kid"], id.text == nil { return nil }
        self.algorithm = algorithm
        self.keyID = header["kid"]?.text
        self.hasCriticalParts = header["crit"] != nil
        self.claims = claims
        self.signedBytes = Array("\(first).\(second)".utf8)
        self.signature = signature
    }

    /// The bytes of base64url without padding (RFC 7515 §2), in its one spelling.
    private static func decoded(_ text: Substring) -> [UInt8]? {
        guard !text.utf8.contains(where: { "+/=".utf8.contains($0) }) else { return nil }
        let plain = String(text).replacing("-", with: "+").replacing("_", with: "/")
        let padded = plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        guard let bytes = Data(base64Encoded: padded), bytes.base64EncodedString() == padded else { return nil }
        return Array(bytes)
    }
}
