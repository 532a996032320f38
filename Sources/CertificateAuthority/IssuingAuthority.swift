// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX
public import X509

public import struct Foundation.Date

/// What a certificate is to say, as a request and a template decided it.
public struct CertificateContents: Sendable {
    /// The subject.
    public var subject: Name
    /// The subject's key, of any type.
    public var subjectPublicKeyInfo: SubjectPublicKeyInfo
    /// The subject's key, for its type.
    public var keyAlgorithm: KeyAlgorithm
    /// The alternative names.
    public var names: SubjectAlternativeNames?
    /// What the key may be used for; nil for clientAuth and what is usual for the key's type.
    public var usages: GrantedUsages?

    /// Puts contents together.
    public init(
        subject: Name,
        subjectPublicKeyInfo: SubjectPublicKeyInfo,
        keyAlgorithm: KeyAlgorithm,
        names: SubjectAlternativeNames?,
        usages: GrantedUsages? = nil
    ) {
        self.subject = subject
        self.subjectPublicKeyInfo = subjectPublicKeyInfo
        self.keyAlgorithm = keyAlgorithm
        self.names = names
        self.usages = usages
    }
}

/// A certificate that passed the checks and is to be signed as it is.
public struct PreparedCertificate: Sendable, Hashable {
    /// The serial number's content octets.
    public let serialNumber: [UInt8]
    /// The DER encoding of the TBSCertificate.
    public let toBeSigned: [UInt8]
    /// The start of its validity.
    public let notBefore: Date
    /// The end of its validity.
    public let notAfter: Date
    /// Whether it ends earlier than its template says, since its issuer does.
    public let endsWithIssuer: Bool
    /// The shard of the CRL that its distribution point names.
    public let crlShard: Int
}

/// A CA with its key: prepares certificates and signs what was prepared.
public struct IssuingAuthority: Sendable {
    /// The CA's certificate.
    public let certificate: EncodedCertificate
    /// Where its CRL and certificate are published.
    public let publication: PublicationPoints
    /// The shard to which new certificates belong.
    public let crlShard: Int
    private let key: any PrivateKey
    private let scheme: SignatureScheme
    private let signatureAlgorithm: AlgorithmIdentifier
    private let authorityKeyIdentifier: Certificate.Extension
    private let publicationExtensions: [Certificate.Extension]
    private let endEntity: Certificate.Extension
    private let clientAuthentication: Certificate.Extension
    private let rsaKeyUsage: Certificate.Extension
    private let ecKeyUsage: Certificate.Extension

    /// Puts an authority together.
    ///
    /// - Parameters:
    ///   - certificate: the CA's certificate.
    ///   - key: its key.
    ///   - publication: where its CRL and certificate are published.
    ///   - crlShard: the shard to which new certificates belong.
    /// - Throws: `signingFailed` when key and certificate don't belong together.
    public init(
        certificate: EncodedCertificate,
        key: any PrivateKey,
        publication: PublicationPoints,
        crlShard: Int = 0
    ) throws(IssuanceError) {
        let scheme = key.publicKey.algorithm.preferredScheme
        guard key.publicKey.subjectPublicKeyInfo == certificate.subjectPublicKeyInfo.der,
            let signatureAlgorithm = AlgorithmIdentifier.signature(scheme)
        else { throw .signingFailed("the issuer's key is not that of its certificate") }
        let identifier = certificate.subjectKeyIdentifier ?? certificate.subjectPublicKeyInfo.keyIdentifier
        do {
            self.authorityKeyIdentifier = try Certificate.Extension(
                AuthorityKeyIdentifier(keyIdentifier: identifier[...]),
                critical: false
            )
            self.publicationExtensions = try publication.extensions(shard: crlShard)
            self.endEntity = try Certificate.Extension(BasicConstraints.notCertificateAuthority, critical: true)
            self.rsaKeyUsage = try Certificate.Extension(
                KeyUsage(digitalSignature: true, keyEncipherment: true),
                critical: true
            )
            self.ecKeyUsage = try Certificate.Extension(KeyUsage(digitalSignature: true), critical: true)
            self.clientAuthentication = try Certificate.Extension(ExtendedKeyUsage([.clientAuth]), critical: false)
        } catch {
            throw .unencodable("issuer extensions")
        }
        self.certificate = certificate
        self.key = key
        self.publication = publication
        self.crlShard = crlShard
        self.scheme = scheme
        self.signatureAlgorithm = signatureAlgorithm
    }

    /// Prepares an end entity's certificate: fills it in, clamps its validity to the CA's own, and checks it.
    ///
    /// - Parameters:
    ///   - contents: what it is to say.
    ///   - template: how long it is valid.
    ///   - now: the time of issuance.
    ///   - generator: where the serial number's random part comes from.
    /// - Returns: a certificate that may be signed as it is.
    /// - Throws: `lint`, `issuerExpired`, `unencodable`.
    public func prepare(
        _ contents: CertificateContents,
        template: CertificateTemplate,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(IssuanceError) -> PreparedCertificate {
        let start = Self.wholeSeconds(now.addingTimeInterval(-Double(template.backdateSeconds)))
        let end = Self.wholeSeconds(now.addingTimeInterval(template.validitySeconds - 1))
        let notBefore = max(start, certificate.notBefore ?? start)
        let notAfter = min(end, certificate.notAfter ?? end)
        guard now < notAfter else { throw .issuerExpired }
        let body = TBSCertificate(
            serialNumber: SerialNumber.make(at: now, using: &generator),
            signatureAlgorithm: signatureAlgorithm,
            issuer: certificate.subject,
            notBefore: notBefore,
            notAfter: notAfter,
            subject: contents.subject,
            subjectPublicKeyInfo: contents.subjectPublicKeyInfo,
            extensions: try extensions(contents)
        )
        let violations = CertificateLint.violations(body)
        guard violations.isEmpty else { throw .lint(violations) }
        do {
            return PreparedCertificate(
                serialNumber: body.serialNumber,
                toBeSigned: try body.derEncoded(),
                notBefore: notBefore,
                notAfter: notAfter,
                endsWithIssuer: notAfter < end,
                crlShard: crlShard
            )
        } catch {
            throw .unencodable("TBSCertificate")
        }
    }

    /// Signs what was prepared, and compares what was signed with it.
    ///
    /// - Returns: the DER encoding of the certificate.
    public func sign(_ toBeSigned: [UInt8]) throws(IssuanceError) -> [UInt8] {
        do {
            let der = try SignedStructure.sign(toBeSigned, key: key, scheme: scheme)
            guard SignedStructure.covers(der, toBeSigned) else {
                throw IssuanceError.signingFailed("what was signed is not what was checked")
            }
            return der
        } catch let error as IssuanceError {
            throw error
        } catch {
            throw .signingFailed("the issuer's key did not sign")
        }
    }

    /// Makes a CRL of this issuer (RFC 5280 §5).
    ///
    /// - Parameters:
    ///   - revoked: what is revoked in the shard, with the reasons.
    ///   - shard: the shard; its URL stands in the issuingDistributionPoint.
    ///   - number: the CRL's number, growing from list to list.
    ///   - thisUpdate: the time it is made.
    ///   - nextUpdate: when the next one is there at the latest.
    /// - Returns: the DER encoding.
    /// - Throws: `signingFailed`.
    public func certificateList(
        revoked: [RevokedCertificate],
        shard: Int,
        number: UInt64,
        thisUpdate: Date,
        nextUpdate: Date
    ) throws(IssuanceError) -> [UInt8] {
        do {
            let list = TBSCertificateList(
                signatureAlgorithm: signatureAlgorithm,
                issuer: certificate.subject,
                thisUpdate: thisUpdate,
                nextUpdate: nextUpdate,
                revoked: revoked,
                extensions: [
                    authorityKeyIdentifier,
                    try CertificateExtensions.crlNumber(number),
                    try CertificateExtensions.issuingDistributionPoint(url: publication.crlURL(shard: shard)),
                ]
            )
            return try SignedStructure.sign(try list.derEncoded(), key: key, scheme: scheme)
        } catch {
            throw .signingFailed("the CRL was not signed")
        }
    }

    private func extensions(_ contents: CertificateContents) throws(IssuanceError) -> [Certificate.Extension] {
        do {
            let usualKeyUsage =
                switch contents.keyAlgorithm {
                case .rsa: rsaKeyUsage
                case .ec: ecKeyUsage
                }
            let usages = try contents.usages?.extensions() ?? [usualKeyUsage, clientAuthentication]
            var list = [endEntity] + usages
            list += [
                try CertificateExtensions.subjectKeyIdentifier(contents.subjectPublicKeyInfo.keyIdentifier),
                authorityKeyIdentifier,
            ]
            if let names = contents.names {
                list.append(try Certificate.Extension(names, critical: contents.subject.isEmpty))
            }
            return list + publicationExtensions
        } catch {
            throw .unencodable("certificate extensions")
        }
    }

    private static func wholeSeconds(_ date: Date) -> Date {
        Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
    }
}
