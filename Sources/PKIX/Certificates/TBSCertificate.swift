// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
internal import SwiftASN1
public import X509

public import struct Foundation.Date

/// A certificate that is to be signed (RFC 5280 §4.1.2), version 3, for a subject key of any type.
public struct TBSCertificate: Sendable {
    /// The serial number's content octets: positive, at most 20 bytes.
    public var serialNumber: [UInt8]
    /// How it will be signed.
    public var signatureAlgorithm: AlgorithmIdentifier
    /// The issuer.
    public var issuer: Name
    /// The start of its validity; whole seconds.
    public var notBefore: Date
    /// The end of its validity; whole seconds.
    public var notAfter: Date
    /// The subject.
    public var subject: Name
    /// The subject's key.
    public var subjectPublicKeyInfo: SubjectPublicKeyInfo
    /// The extensions, in the order in which they are written.
    public var extensions: [Certificate.Extension]

    /// Puts a certificate together.
    public init(
        serialNumber: [UInt8],
        signatureAlgorithm: AlgorithmIdentifier,
        issuer: Name,
        notBefore: Date,
        notAfter: Date,
        subject: Name,
        subjectPublicKeyInfo: SubjectPublicKeyInfo,
        extensions: [Certificate.Extension]
    ) {
        self.serialNumber = serialNumber
        self.signatureAlgorithm = signatureAlgorithm
        self.issuer = issuer
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.subject = subject
        self.subjectPublicKeyInfo = subjectPublicKeyInfo
        self.extensions = extensions
    }

    /// The DER encoding.
    public func derEncoded() throws(PKIXError) -> [UInt8] {
        try encode("TBSCertificate") { serializer in
            try serializer.sequence { body in
                body.constructed(.context(0)) { $0.integer(2) }
                body.integer(serialNumber)
                try signatureAlgorithm.append(to: &body)
                body.serializeRawBytes(issuer.der)
                body.sequence { validity in
                    EncodedTime.append(notBefore, to: &validity)
                    EncodedTime.append(notAfter, to: &validity)
                }
                // These two come from the requester, perhaps in BER, which a certificate must not hold (RFC 5280 §4.1).
                try body.serializeAsDER(subject.der)
                try body.serializeAsDER(subjectPublicKeyInfo.der)
                if !extensions.isEmpty {
                    try body.constructed(.context(3)) { wrapper in
                        try CertificateExtensions.append(extensions, to: &wrapper)
                    }
                }
            }
        }
    }
}

/// Puts a signature to a signed structure: certificates, requests and CRLs have one shape (RFC 5280 §4.1.1).
public enum SignedStructure: Sendable {
    /// `SEQUENCE { toBeSigned, signatureAlgorithm, BIT STRING signature }`.
    ///
    /// - Throws: `unencodable` when the key can't sign by the scheme.
    public static func sign(
        _ toBeSigned: [UInt8],
        key: some PrivateKey,
        scheme: SignatureScheme
    ) throws(PKIXError) -> [UInt8] {
        guard let algorithm = AlgorithmIdentifier.signature(scheme) else {
            throw .unencodable("signature algorithm")
        }
        let signature: [UInt8]
        do {
            signature = try key.sign(toBeSigned, scheme: scheme)
        } catch {
            throw .unencodable("signature")
        }
        return try encode("signed structure") { serializer in
            try serializer.sequence { outer in
                outer.serializeRawBytes(toBeSigned)
                try algorithm.append(to: &outer)
                outer.bitString(signature)
            }
        }
    }

    /// Whether a signed structure's first member is what was to be signed, byte for byte.
    public static func covers(_ signed: [UInt8], _ toBeSigned: [UInt8]) -> Bool {
        guard let length = signed.dropFirst().first, signed.first == 0x30 else { return false }
        let headerByteCount = length < 0x80 ? 2 : 2 + Int(length & 0x7F)
        return signed.dropFirst(headerByteCount).starts(with: toBeSigned)
    }
}
