// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
internal import SwiftASN1

/// A public key as certificates and requests carry it, kept as it came (RFC 5280 §4.1.2.7).
///
///     SubjectPublicKeyInfo  ::=  SEQUENCE  {
///          algorithm            AlgorithmIdentifier,
///          subjectPublicKey     BIT STRING  }
public struct SubjectPublicKeyInfo: Sendable, Hashable {
    /// The whole encoding.
    public let der: [UInt8]
    /// The key's type, and its curve as parameters.
    public let algorithm: AlgorithmIdentifier
    /// The content of the BIT STRING.
    public let keyBits: [UInt8]

    package init(_ node: EncodedValue) throws(PKIXError) {
        var reader = try NodeReader(node, .sequence, "SubjectPublicKeyInfo")
        self.algorithm = try AlgorithmIdentifier(try reader.next(.sequence, "algorithm"), "SubjectPublicKeyInfo")
        self.keyBits = Array(try reader.next(.bitString, "subjectPublicKey").bits("subjectPublicKey"))
        self.der = Array(node.encodedBytes)
    }

    /// Reads an encoded key.
    public init(derEncoded der: [UInt8]) throws(PKIXError) {
        try self.init(try ASN1Parsing.parse(der[...], "SubjectPublicKeyInfo"))
    }

    /// The encoding of a key of our own.
    public init(_ key: PublicKey) throws(PKIXError) {
        try self.init(derEncoded: key.subjectPublicKeyInfo)
    }

    /// The key itself, to verify and encrypt with.
    ///
    /// - Throws: `unsupported` when its type, curve or size is not accepted; `malformed` when it is no key.
    public func publicKey(limits: RSAKeyLimits = .verification) throws(PKIXError) -> PublicKey {
        do {
            switch algorithm.algorithm {
            case .PKIX.rsaEncryption:
                let (modulus, exponent) = try rsaNumbers()
                return try PublicKey(rsaModulus: modulus, exponent: exponent, limits: limits)
            case .PKIX.ecPublicKey:
                guard let curve else { throw PKIXError.unsupported("EC key on an unknown curve") }
                return try PublicKey(curve: curve, point: keyBits)
            default:
                throw PKIXError.unsupported("key type \(algorithm.algorithm)")
            }
        } catch let error as PKIXError {
            throw error
        } catch CryptographyError.unsupportedKey(let reason) {
            throw .unsupported(reason)
        } catch {
            throw .malformed("SubjectPublicKeyInfo: not a usable key")
        }
    }

    /// An RSA key's modulus and exponent, big-endian, perhaps with leading zeros.
    ///
    /// - Throws: `unsupported` when it is no RSA key; `malformed`.
    public func rsaNumbers() throws(PKIXError) -> (modulus: ArraySlice<UInt8>, exponent: ArraySlice<UInt8>) {
        guard algorithm.algorithm == .PKIX.rsaEncryption else {
            throw .unsupported("key type \(algorithm.algorithm)")
        }
        let node = try ASN1Parsing.parse(keyBits[...], "RSAPublicKey")
        var reader = try NodeReader(node, .sequence, "RSAPublicKey")
        let modulus = try reader.next(.integer, "modulus").primitive("modulus")
        let exponent = try reader.next(.integer, "publicExponent").primitive("publicExponent")
        return (modulus, exponent)
    }

    private var curve: NamedCurve? {
        guard let parameters = algorithm.parameters, let node = try? DER.parse(parameters),
            let oid = try? ASN1ObjectIdentifier(derEncoded: node)
        else { return nil }
        switch oid {
        case .PKIX.p256: return .p256
        case .PKIX.p384: return .p384
        case .PKIX.p521: return .p521
        default: return nil
        }
    }

    /// The key identifier of RFC 7093 §2 method 1: the leftmost 160 bits of the SHA-256 of the key bits.
    public var keyIdentifier: [UInt8] {
        Array(DigestAlgorithm.sha256.digest(keyBits).prefix(20))
    }

    /// SHA-256 of the key in the one encoding that all its spellings have in common: RSA parameters may be NULL or absent, points of
    /// curves compressed or not.
    ///
    /// Of a key that can't be read, it is that of the encoding as it came.
    public var canonicalDigest: [UInt8] {
        let encoded = (try? publicKey())?.subjectPublicKeyInfo ?? []
        return DigestAlgorithm.sha256.digest(encoded.isEmpty ? der : encoded)
    }
}
