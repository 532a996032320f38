// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import CertificateAuthority
internal import Cryptography
public import PKIX
public import SCEP

public import struct Foundation.Date
public import struct Foundation.UUID

/// One generation of a profile's CA: who signs certificates, and the credentials whose holders it serves (design §6.7).
public struct ServedGeneration: Sendable {
    /// Who signs certificates.
    public let issuer: any Issuer
    /// The credentials that decrypt for it.
    public let credentials: [RACredential]

    /// Puts a generation together.
    public init(issuer: any Issuer, credentials: [RACredential]) {
        self.issuer = issuer
        self.credentials = credentials
    }
}

/// A CA of this server, whose certificates its holders may renew and ask for.
public struct OwnAuthority: Sendable {
    /// The issuer's id.
    public let issuerID: UUID
    /// Its certificate.
    public let certificate: EncodedCertificate
    /// The CA certificates that a reply may hold after one that it issued: its own first, without the root.
    public let chain: [[UInt8]]

    /// Puts an authority together.
    public init(issuerID: UUID, certificate: EncodedCertificate, chain: [[UInt8]]) {
        self.issuerID = issuerID
        self.certificate = certificate
        self.chain = chain
    }
}

/// A CA of somebody else, whose certificates may sign renewals, or name proxies, as long as its CRL is fresh (RFC 8894 §2.3).
public final class AlternateAuthority: Sendable {
    /// Its name.
    public let name: String
    /// Its certificate.
    public let certificate: EncodedCertificate
    let key: PublicKey
    let certificateList: EncodedCertificateList?

    /// Puts an authority together.
    ///
    /// - Returns: nil when its key can't be used. A CRL that can't be read or is not signed with it counts as none.
    public init?(name: String, certificate: EncodedCertificate, certificateList: [UInt8]?) {
        guard let key = try? certificate.subjectPublicKeyInfo.publicKey() else { return nil }
        self.name = name
        self.certificate = certificate
        self.key = key
        let list = certificateList.flatMap { try? EncodedCertificateList(derEncoded: $0) }
        self.certificateList = list.flatMap { $0.isSigned(by: key) ? $0 : nil }
    }
}

/// A SCEP profile with an RA profile, as one URL serves them, resolved to everything that serving needs: an immutable snapshot.
public final class ServedProfile: Sendable {
    /// What the profile's CAs are made of.
    public struct Authorities: Sendable {
        /// The generations, the present one first.
        public var generations: [ServedGeneration]
        /// The CAs of this server, of all generations.
        public var own: [OwnAuthority]
        /// The CAs of others whose certificates may sign renewals, or are those of proxies.
        public var alternate: [AlternateAuthority]
        /// The answer to GetCACert.
        public var caCertificates: (body: [UInt8], contentType: String)
        /// The answer to GetNextCACert; nil while there is no next CA.
        public var nextCACertificates: [UInt8]?

        /// Puts authorities together.
        public init(
            generations: [ServedGeneration],
            own: [OwnAuthority],
            alternate: [AlternateAuthority] = [],
            caCertificates: (body: [UInt8], contentType: String),
            nextCACertificates: [UInt8]? = nil
        ) {
            self.generations = generations
            self.own = own
            self.alternate = alternate
            self.caCertificates = caCertificates
            self.nextCACertificates = nextCACertificates
        }
    }

    /// The name under which transactions and certificates are kept: the SCEP profile's at its own URL, whichever RA profile is its
    /// default; `raProfile/` and the RA profile's name at that one's URL, whichever SCEP profile serves it.
    public let name: String
    /// The SCEP profile's name, to which challenges belong.
    public let scepProfile: String
    /// The RA profile's name.
    public let raProfile: String
    /// The SCEP profile's settings.
    public let settings: SCEPProfileSettings
    /// The algorithms accepted.
    public let algorithms: AlgorithmPolicy
    /// What it does for its clients.
    public let compatibility: ClientCompatibility
    /// Its CAs.
    public let authorities: Authorities
    /// The credentials that decrypt, the active one first.
    public let credentials: [RACredential]
    /// What certificates may and do contain.
    public let template: CertificateTemplate
    /// What becomes of requests for what is certified already.
    public let duplicates: DuplicatePolicy
    /// Who judges challenges, in the order in which they are asked.
    public let challengeSources: [any ChallengeSource]
    /// Who knows the challenges that requests may be encrypted under.
    public let passwordSource: (any RequestPasswordSource)?
    /// The answer to GetCACaps.
    public let capabilities: [UInt8]
    /// The credential that signs replies which no recipient chose.
    public let activeCredential: RACredential
    private let present: ServedGeneration

    /// Puts a profile together.
    ///
    /// The SCEP profile's name is given if it is another one.
    ///
    /// - Returns: nil when nothing could authenticate a request or answer it: such a profile must not be served (design §9).
    public init?(
        name: String,
        scepProfile: String? = nil,
        raProfile: String,
        settings: SCEPProfileSettings,
        compatibility: ClientCompatibility,
        authorities: Authorities,
        template: CertificateTemplate,
        duplicates: DuplicatePolicy = DuplicatePolicy(),
        challengeSources: [any ChallengeSource],
        passwordSource: (any RequestPasswordSource)? = nil
    ) {
        guard let present = authorities.generations.first, let active = present.credentials.first,
            !challengeSources.isEmpty || !settings.authorizedSigners.isEmpty || settings.everyRequestWaits
        else { return nil }
        self.name = name
        self.scepProfile = scepProfile ?? name
        self.raProfile = raProfile
        self.settings = settings
        self.algorithms = settings.algorithms
        self.compatibility = compatibility
        self.authorities = authorities
        self.present = present
        self.credentials = authorities.generations.flatMap(\.credentials)
        self.activeCredential = active
        self.template = template
        self.duplicates = duplicates
        self.challengeSources = challengeSources
        self.passwordSource = passwordSource
        self.capabilities =
            Capabilities(
                policy: settings.algorithms,
                renewal: settings.renewal.requests,
                nextCACert: authorities.nextCACertificates == nil ? .refused : .accepted,
                extra: compatibility.extraCapabilities
            ).body
    }

    /// The generation that serves what was enveloped to a credential (RFC 8894 §4.7).
    func generation(of credential: RACredential) -> ServedGeneration {
        authorities.generations.first { $0.credentials.contains { $0 === credential } } ?? present
    }

    /// The generation with an issuer, or the present one.
    func generation(issuerID: UUID) -> ServedGeneration {
        authorities.generations.first { $0.issuer.id == issuerID } ?? present
    }
}
