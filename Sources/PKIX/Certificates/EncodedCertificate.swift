// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import SwiftASN1
public import X509

public import struct Foundation.Date

/// An X.509 certificate kept as it came, with its parts located and none of them judged (RFC 5280 §4.1).
///
/// Old devices sign their requests with certificates that a strict reader refuses: odd serial numbers, 1024-bit keys, strange
/// extensions, dates a century away. What SCEP needs of them is the key, the issuer and the serial number.
public struct EncodedCertificate: Sendable, Hashable {
    /// The whole encoding.
    public let der: [UInt8]
    /// The encoded TBSCertificate: what the signature covers.
    public let toBeSigned: [UInt8]
    /// The serial number's content octets as they came: perhaps too long, negative or with leading zeros (client-quirks D7).
    public let serialNumber: [UInt8]
    /// The issuer.
    public let issuer: Name
    /// The subject.
    public let subject: Name
    /// The start of its validity; nil when it can't be read.
    public let notBefore: Date?
    /// The end of its validity; nil when it can't be read.
    public let notAfter: Date?
    /// The subject's key.
    public let subjectPublicKeyInfo: SubjectPublicKeyInfo
    private let encodedExtensions: [UInt8]
    /// How it is signed.
    public let signatureAlgorithm: AlgorithmIdentifier
    /// The signature value.
    public let signature: [UInt8]

    /// Reads an encoded certificate.
    public init(derEncoded der: [UInt8]) throws(PKIXError) {
        try self.init(try ASN1Parsing.parse(der[...], "Certificate"))
    }

    package init(_ node: EncodedValue) throws(PKIXError) {
        var certificate = try NodeReader(node, .sequence, "Certificate")
        let body = try certificate.next(.sequence, "tbsCertificate")
        self.signatureAlgorithm = try AlgorithmIdentifier(
            try certificate.next(.sequence, "signatureAlgorithm"),
            "signatureAlgorithm"
        )
        self.signature = Array(try certificate.next(.bitString, "signature").bits("signature"))
        self.der = Array(node.encodedBytes)
        self.toBeSigned = Array(body.encodedBytes)

        var reader = try NodeReader(body, .sequence, "TBSCertificate")
        _ = reader.nextIf(.context(0))
        self.serialNumber = Array(try reader.next(.integer, "serialNumber").primitive("serialNumber"))
        _ = try reader.next(.sequence, "signature")
        self.issuer = try Name(try reader.next(.sequence, "issuer"))
        var validity = try NodeReader(try reader.next(.sequence, "validity"), .sequence, "Validity")
        self.notBefore = validity.next().flatMap { try? EncodedTime.parse($0, "notBefore") }
        self.notAfter = validity.next().flatMap { try? EncodedTime.parse($0, "notAfter") }
        self.subject = try Name(try reader.next(.sequence, "subject"))
        self.subjectPublicKeyInfo = try SubjectPublicKeyInfo(try reader.next(.sequence, "subjectPublicKeyInfo"))
        _ = reader.nextIf(.context(1))
        _ = reader.nextIf(.context(2))
        self.encodedExtensions = Array(reader.nextIf(.context(3))?.encodedBytes ?? [])
    }

    /// The extensions, in order; empty when they can't be read.
    ///
    /// They are read each time they are asked for: of a client's certificate nobody asks.
    public var extensions: [Certificate.Extension] {
        guard !encodedExtensions.isEmpty,
            let node = try? ASN1Parsing.parse(encodedExtensions[...], "extensions"),
            var wrapper = try? NodeReader(node, .context(3), "extensions"),
            let list = try? wrapper.next(.sequence, "extensions")
        else { return [] }
        return (try? CertificateExtensions.parse(list)) ?? []
    }

    /// Whether issuer and subject are the same name.
    ///
    /// Says nothing about who signed it.
    public var isSelfIssued: Bool { issuer == subject }

    /// Whether the signature is that of a key.
    public func isSigned(by key: PublicKey) -> Bool {
        guard let scheme = signatureAlgorithm.signatureScheme() else { return false }
        return key.isValidSignature(signature, for: toBeSigned, scheme: scheme)
    }

    /// The extension with an identifier.
    public func `extension`(_ identifier: ASN1ObjectIdentifier) -> Certificate.Extension? {
        extensions.first { $0.oid == identifier }
    }

    /// The subject key identifier, if the certificate names one.
    public var subjectKeyIdentifier: [UInt8]? {
        guard let value = self.extension(.PKIX.subjectKeyIdentifier),
            let identifier = try? SubjectKeyIdentifier(value)
        else { return nil }
        return Array(identifier.keyIdentifier)
    }

    /// The key usage, if the certificate limits it and it can be read.
    public var keyUsage: KeyUsage? {
        self.extension(.PKIX.keyUsage).flatMap { try? KeyUsage($0) }
    }

    /// Whether the certificate says that it is a CA's.
    public var isCertificateAuthority: Bool {
        guard let value = self.extension(.PKIX.basicConstraints), let constraints = try? BasicConstraints(value) else {
            return false
        }
        if case .isCertificateAuthority = constraints { return true }
        return false
    }

    /// The digest of the whole encoding, which people compare.
    public func fingerprint(_ digest: DigestAlgorithm = .sha256) -> [UInt8] {
        digest.digest(der)
    }
}
