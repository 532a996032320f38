// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX
internal import X509

public import struct Foundation.Date

/// Makes the certificates of a CA's own: root, issuing CA, RA.
public enum KeyCeremony: Sendable {
    /// What an authority of the product is made for.
    public enum Role: Sendable, Hashable {
        /// A self-signed root that certifies issuing CAs.
        case root
        /// A self-signed CA that issues to devices and speaks SCEP with its own key.
        case singleCA
        /// A CA under a root that issues to devices.
        case issuing
        /// A registration authority that decrypts requests and signs replies.
        case registration
        /// The same key as an RA's, for clients that look for a certificate that enciphers only.
        case registrationEncryptionOnly

        /// How long its certificates are valid unless somebody says otherwise, in years.
        public var years: Int {
            switch self {
            case .root, .singleCA: 20
            case .issuing: 10
            case .registration, .registrationEncryptionOnly: 5
            }
        }
    }

    /// Makes a self-signed certificate.
    public static func selfSigned(
        _ role: Role,
        subject: Name,
        key: some PrivateKey,
        now: Date,
        years: Int? = nil,
        using generator: inout some RandomNumberGenerator
    ) throws(IssuanceError) -> EncodedCertificate {
        try certify(
            role,
            subject: subject,
            publicKey: key.publicKey,
            issuer: subject,
            issuerKey: key,
            issuerKeyIdentifier: nil,
            extensions: [],
            notBefore: now,
            notAfter: role.end(from: now, years: years),
            using: &generator
        )
    }

    /// Makes a certificate under a CA of the product.
    ///
    /// - Parameters:
    ///   - role: what it is for.
    ///   - subject: its subject.
    ///   - publicKey: its key.
    ///   - issuer: the CA's certificate.
    ///   - issuerKey: the CA's key.
    ///   - publication: where the CA's own CRL and certificate are published.
    ///   - now: the start of its validity.
    ///   - years: how long it is valid, the role's years if nil; never longer than the CA's certificate.
    ///   - generator: where the serial number comes from.
    /// - Returns: the certificate.
    /// - Throws: `signingFailed`, `unencodable`; `issuerExpired` when the CA's certificate has ended.
    public static func certified(
        _ role: Role,
        subject: Name,
        publicKey: PublicKey,
        by issuer: EncodedCertificate,
        issuerKey: some PrivateKey,
        publication: PublicationPoints,
        now: Date,
        years: Int? = nil,
        using generator: inout some RandomNumberGenerator
    ) throws(IssuanceError) -> EncodedCertificate {
        let end = role.end(from: now, years: years)
        guard issuer.notAfter.map({ now < $0 }) ?? true else { throw .issuerExpired }
        let extensions: [Certificate.Extension]
        do {
            extensions = try publication.extensions(shard: 0)
        } catch {
            throw .unencodable("publication extensions")
        }
        return try certify(
            role,
            subject: subject,
            publicKey: publicKey,
            issuer: issuer.subject,
            issuerKey: issuerKey,
            issuerKeyIdentifier: issuer.subjectKeyIdentifier,
            extensions: extensions,
            notBefore: now,
            notAfter: min(end, issuer.notAfter ?? end),
            using: &generator
        )
    }

    private static func certify(
        _ role: Role,
        subject: Name,
        publicKey: PublicKey,
        issuer: Name,
        issuerKey: some PrivateKey,
        issuerKeyIdentifier: [UInt8]?,
        extensions: [Certificate.Extension],
        notBefore: Date,
        notAfter: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(IssuanceError) -> EncodedCertificate {
        let scheme = issuerKey.publicKey.algorithm.preferredScheme
        do {
            guard let algorithm = AlgorithmIdentifier.signature(scheme) else {
                throw IssuanceError.signingFailed("scheme")
            }
            let keyInfo = try SubjectPublicKeyInfo(publicKey)
            let body = TBSCertificate(
                serialNumber: SerialNumber.make(at: notBefore, using: &generator),
                signatureAlgorithm: algorithm,
                issuer: issuer,
                notBefore: notBefore,
                notAfter: notAfter,
                subject: subject,
                subjectPublicKeyInfo: keyInfo,
                extensions: try role.extensions(
                    keyIdentifier: keyInfo.keyIdentifier,
                    issuerKeyIdentifier: issuerKeyIdentifier
                ) + extensions
            )
            let der = try SignedStructure.sign(try body.derEncoded(), key: issuerKey, scheme: scheme)
            return try EncodedCertificate(derEncoded: der)
        } catch {
            throw .signingFailed("the certificate of \(subject) could not be made")
        }
    }
}

extension KeyCeremony.Role {
    fileprivate func end(from now: Date, years: Int?) -> Date {
        now.addingTimeInterval(Double(years ?? self.years) * 365.25 * 86_400)
    }

    fileprivate func extensions(
        keyIdentifier: [UInt8],
        issuerKeyIdentifier: [UInt8]?
    ) throws -> [Certificate.Extension] {
        var list = [
            try Certificate.Extension(basicConstraints, critical: true),
            try Certificate.Extension(keyUsage, critical: true),
            try Certificate.Extension(SubjectKeyIdentifier(keyIdentifier: keyIdentifier[...]), critical: false),
        ]
        if let issuerKeyIdentifier {
            let identifier = AuthorityKeyIdentifier(keyIdentifier: issuerKeyIdentifier[...])
            list.append(try Certificate.Extension(identifier, critical: false))
        }
        return list
    }

    private var basicConstraints: BasicConstraints {
        switch self {
        case .root: .isCertificateAuthority(maxPathLength: nil)
        case .singleCA, .issuing: .isCertificateAuthority(maxPathLength: 0)
        case .registration, .registrationEncryptionOnly: .notCertificateAuthority
        }
    }

    /// Both bits for whoever speaks SCEP, since clients pick their recipient by them (RFC 8894 §2.1.2, client-quirks H3).
    private var keyUsage: KeyUsage {
        switch self {
        case .root, .issuing: KeyUsage(keyCertSign: true, cRLSign: true)
        case .singleCA: KeyUsage(digitalSignature: true, keyEncipherment: true, keyCertSign: true, cRLSign: true)
        case .registration: KeyUsage(digitalSignature: true, keyEncipherment: true)
        case .registrationEncryptionOnly: KeyUsage(keyEncipherment: true)
        }
    }
}
