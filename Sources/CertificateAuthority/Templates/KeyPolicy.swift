// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX

/// Which keys are certified.
public struct KeyPolicy: Sendable, Hashable {
    /// A type of key.
    public enum KeyType: String, Sendable, Hashable, Codable, CaseIterable {
        /// RSA.
        case rsa
        /// An elliptic-curve key on NIST P-256.
        case p256
        /// An elliptic-curve key on NIST P-384.
        case p384
        /// An elliptic-curve key on NIST P-521.
        case p521

        init(_ key: KeyAlgorithm) {
            switch key {
            case .rsa: self = .rsa
            case .ec(.p256): self = .p256
            case .ec(.p384): self = .p384
            case .ec(.p521): self = .p521
            }
        }
    }

    /// The types.
    public var types: Set<KeyType> = Set(KeyType.allCases)
    /// The shortest RSA key, in bits.
    public var minimumRSABits = 2048
    /// The longest RSA key, in bits.
    public var maximumRSABits = 8192
    /// The smallest public exponent of an RSA key: with 3, mistakes in paddings have been fatal.
    public var minimumRSAExponent: UInt64 = 5
    /// SHA-256 of the SubjectPublicKeyInfos that are never certified.
    public var denied: Set<[UInt8]> = []

    /// The usual keys.
    public init() {}

    /// Says which types are certified when a key's is not; nil when it is.
    public func typeViolation(_ key: KeyAlgorithm) -> String? {
        types.contains(KeyType(key)) ? nil : "\(key); only \(typeNames) are certified"
    }

    /// Says which sizes are certified when an RSA key's is not; nil when it is.
    public func sizeViolation(_ key: KeyAlgorithm) -> String? {
        guard case .rsa(let bits) = key else { return nil }
        let limits = RSAKeyLimits(minimumBits: minimumRSABits, maximumBits: maximumRSABits)
        if limits.accepts(bits: bits) { return nil }
        return bits > maximumRSABits
            ? "RSA of \(bits) bits; at most \(maximumRSABits) are certified"
            : "RSA of \(bits) bits; at least \(minimumRSABits) are needed"
    }

    /// The types for people.
    public var typeNames: String {
        KeyType.allCases.filter(types.contains).map(\.rawValue).joined(separator: ", ")
    }

    /// Says which entry of the list denies a key; nil when none does.
    public func denial(_ info: SubjectPublicKeyInfo) -> String? {
        guard !denied.isEmpty,
            denied.contains(DigestAlgorithm.sha256.digest(info.der)) || denied.contains(info.canonicalDigest)
        else { return nil }
        return "the key is denied by its digest \(info.digestText); any other key will do"
    }

    /// Says what is known against a key; nil when nothing is.
    public func weakness(_ info: SubjectPublicKeyInfo, _ key: KeyAlgorithm) -> String? {
        guard case .rsa = key, let (modulus, exponent) = try? info.rsaNumbers() else { return nil }
        switch RSAKeyWeakness(modulus: modulus, exponent: exponent, smallestExponent: minimumRSAExponent) {
        case .exponent: return "the RSA key's public exponent is even or below \(minimumRSAExponent)"
        case .smallFactor(let prime): return "\(prime) divides the RSA key's modulus"
        case .roca: return "the RSA key is of the kind that CVE-2017-15361 (ROCA) breaks"
        case .closePrimes: return "the RSA key's primes are so close to each other that anybody can find them"
        case nil: return nil
        }
    }
}
