// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import X509

/// Keys and certificates that the tests make once.
enum TestCertificates {
    static let keys = Result { try (0..<4).map { _ in try SoftwareKey.generate(.rsa(bits: 2048)) } }

    static func rootKey() throws -> SoftwareKey { try keys.get()[0] }
    static func raKey() throws -> SoftwareKey { try keys.get()[1] }
    static func deviceKey() throws -> SoftwareKey { try keys.get()[2] }
    static func otherKey() throws -> SoftwareKey { try keys.get()[3] }

    enum Kind {
        case authority(pathLength: Int? = nil)
        case leaf
    }

    /// A certificate; what is not said is as it should be.
    static func make(
        _ subject: String,
        key: any PrivateKey,
        publicKey: SubjectPublicKeyInfo? = nil,
        issuer: String = "CN=Test Root",
        issuerKey: (any PrivateKey)? = nil,
        kind: Kind = .leaf,
        usage: KeyUsage? = nil,
        scheme: SignatureScheme = .rsaPKCS1(.sha256),
        notBefore: Date = Date(timeIntervalSinceNow: -3600),
        notAfter: Date = Date(timeIntervalSinceNow: 86_400),
        extensions: [Certificate.Extension] = []
    ) throws -> EncodedCertificate {
        var generator = SystemRandomNumberGenerator()
        let constraints: BasicConstraints
        let defaultUsage: KeyUsage
        switch kind {
        case .authority(let pathLength):
            constraints = .isCertificateAuthority(maxPathLength: pathLength)
            defaultUsage = KeyUsage(keyCertSign: true, cRLSign: true)
        case .leaf:
            constraints = .notCertificateAuthority
            defaultUsage = KeyUsage(digitalSignature: true, keyEncipherment: true)
        }
        let body = TBSCertificate(
            serialNumber: [0x01] + generator.bytes(15),
            signatureAlgorithm: AlgorithmIdentifier.signature(scheme) ?? .rsaEncryption,
            issuer: try Name(issuer),
            notBefore: notBefore,
            notAfter: notAfter,
            subject: try Name(subject),
            subjectPublicKeyInfo: try publicKey ?? SubjectPublicKeyInfo(key.publicKey),
            extensions: [
                try Certificate.Extension(constraints, critical: true),
                try Certificate.Extension(usage ?? defaultUsage, critical: true),
            ] + extensions
        )
        let signingKey: any PrivateKey = try issuerKey ?? rootKey()
        let signed = try SignedStructure.sign(try body.derEncoded(), key: signingKey, scheme: scheme)
        return try EncodedCertificate(derEncoded: signed)
    }

    static let root = Result { try make("CN=Test Root", key: rootKey(), kind: .authority()) }
    static let ra = Result { try make("CN=Test RA", key: raKey()) }

    /// A certificate of the root's, of a device that has been enrolled, and its key.
    static func identity(
        _ key: (any PrivateKey)? = nil,
        extensions: [Certificate.Extension] = [],
        notAfter: Date = Date(timeIntervalSinceNow: 86_400)
    ) throws -> ClientIdentity {
        let key: any PrivateKey = try key ?? deviceKey()
        let certificate = try make("CN=device-1,O=Example", key: key, notAfter: notAfter, extensions: extensions)
        return try ClientIdentity(certificate: certificate, key: key)
    }

    /// A CRL; what is not said is as it should be.
    static func list(
        issuer: String = "CN=Test Root",
        issuerKey: (any PrivateKey)? = nil,
        revoked: [RevokedCertificate] = [],
        thisUpdate: Date = Date(timeIntervalSinceNow: -60),
        nextUpdate: Date = Date(timeIntervalSinceNow: 3600),
        extensions: [Certificate.Extension] = []
    ) throws -> [UInt8] {
        let scheme = SignatureScheme.rsaPKCS1(.sha256)
        let body = TBSCertificateList(
            signatureAlgorithm: AlgorithmIdentifier.signature(scheme) ?? .rsaEncryption,
            issuer: try Name(issuer),
            thisUpdate: thisUpdate,
            nextUpdate: nextUpdate,
            revoked: revoked,
            extensions: try [CertificateExtensions.crlNumber(7)] + extensions
        )
        let key: any PrivateKey = try issuerKey ?? rootKey()
        return try SignedStructure.sign(try body.derEncoded(), key: key, scheme: scheme)
    }

    /// The certificate with one bit of its signature flipped.
    static func withFlippedSignature(_ certificate: EncodedCertificate) throws -> EncodedCertificate {
        var der = certificate.der
        der[der.count - 1] ^= 1
        return try EncodedCertificate(derEncoded: der)
    }
}
