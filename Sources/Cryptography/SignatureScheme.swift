// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// How a signature value is made from a digest.
public enum SignatureScheme: Sendable, Hashable {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
    case rsaPKCS1(DigestAlgorithm)
    /// RSASSA-PSS with MGF1 over the same digest (RFC 8017 §8.1); the salt's length is in bytes.
    case rsaPSS(DigestAlgorithm, saltByteCount: Int)
    /// ECDSA with a DER-encoded value (RFC 3279 §2.2.3).
    case ecdsa(DigestAlgorithm)

    /// The digest that is signed.
    public var digest: DigestAlgorithm {
        switch self {
        case .rsaPKCS1(let digest), .rsaPSS(let digest, _), .ecdsa(let digest): digest
        }
    }
}
