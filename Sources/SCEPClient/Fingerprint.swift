// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX

/// The fingerprint of a certificate: a digest over its whole encoding, which people compare (RFC 8894 §2.2).
public struct Fingerprint: Sendable, Hashable, CustomStringConvertible {
    /// The digest: SHA-256, or SHA-1 for fingerprints of old.
    public let digest: DigestAlgorithm
    /// The digest's value.
    public let bytes: [UInt8]

    /// Computes the fingerprint of a certificate.
    public init(of certificate: EncodedCertificate, digest: DigestAlgorithm = .sha256) {
        self.digest = digest
        self.bytes = certificate.fingerprint(digest)
    }

    /// Reads 64 hexadecimal digits (SHA-256) or 40 (SHA-1), with or without colons or spaces between them.
    ///
    /// What `openssl x509 -fingerprint` prints can be pasted whole.
    ///
    /// - Throws: `invalidInput`.
    public init(_ text: String) throws(SCEPClientError) {
        let value = text.split(separator: "=").last ?? ""
        let digits = value.filter { $0 != ":" && !$0.isWhitespace }
        let nibbles = digits.compactMap(\.hexDigitValue)
        guard nibbles.count == digits.count, nibbles.count == 64 || nibbles.count == 40 else {
            throw .invalidInput("a fingerprint has 64 hexadecimal digits (SHA-256) or 40 (SHA-1)")
        }
        self.digest = nibbles.count == 64 ? .sha256 : .sha1
        var bytes: [UInt8] = []
        var high: Int?
        for nibble in nibbles {
            if let first = high {
                bytes.append(UInt8(truncatingIfNeeded: first << 4 | nibble))
                high = nil
            } else {
                high = nibble
            }
        }
        self.bytes = bytes
    }

    /// Whether this is a certificate's fingerprint.
    public func matches(_ certificate: EncodedCertificate) -> Bool {
        certificate.fingerprint(digest) == bytes
    }

    /// Upper-case hexadecimal digits with colons.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined(separator: ":")
    }
}
