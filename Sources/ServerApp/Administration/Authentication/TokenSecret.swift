// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography

internal import struct Foundation.Data

/// A token of the admin API: `sceptic_`, 256 random bits and 32 bits of checksum, in base64url.
///
/// The prefix lets secret scanners find one that strayed into a repository; the checksum tells one that was mistyped or cut from one that
/// is not known.
struct TokenSecret: Sendable, Hashable {
    private static let prefix = "sceptic_"
    private static let byteCount = 32
    private static let checksumByteCount = 4

    /// The token.
    let text: String

    /// Makes a new one.
    static func make(using generator: inout some RandomNumberGenerator) -> TokenSecret {
        let bytes = generator.bytes(byteCount)
        let text = Data(bytes + checksum(bytes)).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").filter { $0 != "=" }
        return TokenSecret(text: prefix + text)
    }

    private init(text: String) { self.text = text }

    /// Reads a token; nil if it is none.
    init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), text.utf8.count == Self.prefix.utf8.count + 48 else { return nil }
        let body = text.dropFirst(Self.prefix.count)
        guard !body.contains("+"), !body.contains("/"),
            let data = Data(base64Encoded: String(body.replacing("-", with: "+").replacing("_", with: "/"))),
            data.count == Self.byteCount + Self.checksumByteCount
        else { return nil }
        let bytes = Array(data)
        guard Self.checksum(Array(bytes.prefix(Self.byteCount))) == Array(bytes.dropFirst(Self.byteCount)) else {
            return nil
        }
        self.text = text
    }

    /// The authentication code under which it is kept.
    func lookup(_ masterKey: MasterKey) -> [UInt8] {
        masterKey.authenticationCode(Array(text.utf8), purpose: .tokenLookup)
    }

    private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
        Array(DigestAlgorithm.sha256.digest(Array(prefix.utf8) + bytes).prefix(checksumByteCount))
    }
}
