// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A named elliptic curve (RFC 5480 §2.1.1.1).
public enum NamedCurve: String, Sendable, Hashable, CaseIterable {
    /// NIST P-256.
    case p256 = "P-256"
    /// NIST P-384.
    case p384 = "P-384"
    /// NIST P-521.
    case p521 = "P-521"

    /// The length in bytes of an uncompressed point: a tag byte and two coordinates.
    public var pointByteCount: Int {
        switch self {
        case .p256: 65
        case .p384: 97
        case .p521: 133
        }
    }

    /// The digest that is as strong as the curve.
    public var matchingDigest: DigestAlgorithm {
        switch self {
        case .p256: .sha256
        case .p384: .sha384
        case .p521: .sha512
        }
    }
}

/// What kind of key a key is.
public enum KeyAlgorithm: Sendable, Hashable, CustomStringConvertible {
    /// RSA, with the length of its modulus.
    case rsa(bits: Int)
    /// An elliptic-curve key.
    case ec(NamedCurve)

    /// The name people know, such as `RSA-2048`.
    public var description: String {
        switch self {
        case .rsa(let bits): "RSA-\(bits)"
        case .ec(let curve): "EC \(curve.rawValue)"
        }
    }

    /// Whether keys of this kind sign by a scheme.
    func fits(_ scheme: SignatureScheme) -> Bool {
        switch (self, scheme) {
        case (.rsa, .rsaPKCS1), (.rsa, .rsaPSS), (.ec, .ecdsa): true
        case (.rsa, .ecdsa), (.ec, .rsaPKCS1), (.ec, .rsaPSS): false
        }
    }

    /// The signature scheme that a key of this kind uses when nothing else is asked for.
    public var preferredScheme: SignatureScheme {
        switch self {
        case .rsa: .rsaPKCS1(.sha256)
        case .ec(let curve): .ecdsa(curve.matchingDigest)
        }
    }
}

/// The sizes of RSA key that are accepted, in bits.
public struct RSAKeyLimits: Sendable, Hashable {
    /// The shortest modulus.
    public var minimumBits: Int
    /// The longest modulus: the work of a public operation grows with its square, and a peer chooses it.
    public var maximumBits: Int

    /// Makes limits from two lengths in bits.
    public init(minimumBits: Int, maximumBits: Int) {
        self.minimumBits = minimumBits
        self.maximumBits = maximumBits
    }

    /// Keys whose signatures may be verified: 1024 bits (old printers and phones) to 8192.
    public static let verification = RSAKeyLimits(minimumBits: 1024, maximumBits: 8192)

    /// Whether a modulus of so many bits is accepted; some generators leave the top bit clear, so one bit less will do.
    public func accepts(bits: Int) -> Bool {
        bits + 1 >= minimumBits && bits <= maximumBits
    }
}
