// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date
public import struct Foundation.UUID

/// Where a CA of this server stands in its life (RFC 8894 §4.7).
public enum IssuerState: String, Sendable, Hashable, CaseIterable {
    /// GetNextCACert names it; whoever envelopes to its RA is served by it already.
    case next
    /// It issues.
    case active
    /// Another generation issues; its CRL goes on.
    case former
}

/// A certification authority of this server as it is kept.
public struct IssuerRecord: Sendable, Hashable {
    /// The row's id (UUIDv7).
    public var id: UUID
    /// Its name in URLs: `[a-z0-9-]+`.
    public var name: String
    /// Which of its keys this is, counted from 1; in CRL URLs (design §6.8).
    public var keyGeneration: Int
    /// Where it stands in its life.
    public var state: IssuerState
    /// Its certificate, DER.
    public var certificate: [UInt8]
    /// The certificates above it, from its issuer to the root, DER; empty for a root.
    public var chain: [[UInt8]]
    /// The public address that stands in certificates, such as `http://ca.example:8080`, without a slash at its end.
    public var publicURL: String
    /// Its private key, wrapped under the master key with the row's id as context.
    public var wrappedKey: [UInt8]
    /// When it was made.
    public var createdAt: Date

    /// Puts a record together.
    public init(
        id: UUID,
        name: String,
        keyGeneration: Int,
        state: IssuerState = .active,
        certificate: [UInt8],
        chain: [[UInt8]],
        publicURL: String,
        wrappedKey: [UInt8],
        createdAt: Date
    ) {
        self.id = id
        self.name = name
        self.keyGeneration = keyGeneration
        self.state = state
        self.certificate = certificate
        self.chain = chain
        self.publicURL = publicURL
        self.wrappedKey = wrappedKey
        self.createdAt = createdAt
    }
}

/// Where an RA credential stands in its life (design §6.7).
public enum RACredentialState: String, Sendable, Hashable, CaseIterable {
    /// All nodes can decrypt with it; nobody is told of it yet.
    case prepared
    /// GetCACert names it.
    case active
    /// Requests enveloped to it are still answered.
    case decryptOnly = "decrypt-only"
    /// It is kept for the record alone.
    case retired
}

/// A key and certificate that speak SCEP, as they are kept.
public struct RACredentialRecord: Sendable, Hashable {
    /// The row's id (UUIDv7).
    public var id: UUID
    /// The issuer that certified it, and for which it speaks.
    public var issuerID: UUID
    /// Counted from 1 for each issuer.
    public var generation: Int
    /// Where it stands in its life.
    public var state: RACredentialState
    /// Its certificate, DER.
    public var certificate: [UInt8]
    /// A second certificate of the same key that enciphers only, DER, for clients that look for one (client-quirks H6).
    public var encryptionCertificate: [UInt8]?
    /// Its private key, wrapped under the master key with the row's id as context.
    public var wrappedKey: [UInt8]
    /// When it was made.
    public var createdAt: Date

    /// Puts a record together.
    public init(
        id: UUID,
        issuerID: UUID,
        generation: Int,
        state: RACredentialState,
        certificate: [UInt8],
        encryptionCertificate: [UInt8]?,
        wrappedKey: [UInt8],
        createdAt: Date
    ) {
        self.id = id
        self.issuerID = issuerID
        self.generation = generation
        self.state = state
        self.certificate = certificate
        self.encryptionCertificate = encryptionCertificate
        self.wrappedKey = wrappedKey
        self.createdAt = createdAt
    }
}

/// A SCEP or RA profile as it is kept: its name, whether it is enabled, and its settings as JSON.
public struct ProfileRecord: Sendable, Hashable {
    /// The row's id (UUIDv7).
    public var id: UUID
    /// Its name: `[a-z0-9-]+`.
    public var name: String
    /// Whether it serves requests.
    public var isEnabled: Bool
    /// The settings, JSON as `SCEPProfile` or `RAProfile` writes it.
    public var settings: String
    /// Counts the changes, from 1.
    public var version: Int

    /// Puts a record together.
    public init(id: UUID, name: String, isEnabled: Bool, settings: String, version: Int) {
        self.id = id
        self.name = name
        self.isEnabled = isEnabled
        self.settings = settings
        self.version = version
    }
}

/// A CA of somebody else whose certificates may sign renewals here (RFC 8894 §2.3), as it is kept.
public struct AlternateAuthorityRecord: Sendable, Hashable {
    /// The row's id (UUIDv7).
    public var id: UUID
    /// Its name, as profiles name it.
    public var name: String
    /// Its certificate, DER.
    public var certificate: [UInt8]
    /// The newest CRL of it that somebody brought, DER; without a fresh one none of its certificates is accepted.
    public var certificateList: [UInt8]?
    /// When it was made.
    public var createdAt: Date

    /// Puts a record together.
    public init(id: UUID, name: String, certificate: [UInt8], certificateList: [UInt8]?, createdAt: Date) {
        self.id = id
        self.name = name
        self.certificate = certificate
        self.certificateList = certificateList
        self.createdAt = createdAt
    }
}

/// Everything that is configured, as of one moment.
public struct StoredConfiguration: Sendable {
    /// Counts the changes to anything in here.
    public var version: Int
    /// The issuers, by key generation.
    public var issuers: [IssuerRecord]
    /// The RA credentials, by generation.
    public var raCredentials: [RACredentialRecord]
    /// The SCEP profiles, by name.
    public var scepProfiles: [ProfileRecord]
    /// The RA profiles, by name.
    public var raProfiles: [ProfileRecord]
    /// The CAs of others whose certificates may sign renewals, by name.
    public var alternateAuthorities: [AlternateAuthorityRecord]

    /// Puts a configuration together.
    public init(
        version: Int,
        issuers: [IssuerRecord],
        raCredentials: [RACredentialRecord],
        scepProfiles: [ProfileRecord],
        raProfiles: [ProfileRecord],
        alternateAuthorities: [AlternateAuthorityRecord] = []
    ) {
        self.version = version
        self.issuers = issuers
        self.raCredentials = raCredentials
        self.scepProfiles = scepProfiles
        self.raProfiles = raProfiles
        self.alternateAuthorities = alternateAuthorities
    }
}

/// One change to what is configured.
public enum ConfigurationChange: Sendable {
    /// Adds an issuer; its name and key generation are new together.
    case addIssuer(IssuerRecord)
    /// Adds an RA credential; its issuer and generation are new together.
    case addRACredential(RACredentialRecord)
    /// Adds a SCEP profile with a new name (version 1), or replaces the one whose version is one less.
    case putSCEPProfile(ProfileRecord)
    /// Adds an RA profile with a new name (version 1), or replaces the one whose version is one less.
    case putRAProfile(ProfileRecord)
    /// Removes a SCEP profile that is still of a version.
    case removeSCEPProfile(UUID, version: Int)
    /// Removes an RA profile that is still of a version.
    case removeRAProfile(UUID, version: Int)
    /// Changes nothing, and fails unless the configuration is still of a version, before these changes: what was checked of all of it
    /// holds then.
    case requireVersion(Int)
    /// Moves an issuer from one state to another; somebody else must not have moved it meanwhile.
    case moveIssuer(UUID, from: IssuerState, to: IssuerState)
    /// Moves an RA credential from one state to another; somebody else must not have moved it meanwhile.
    case moveRACredential(UUID, from: RACredentialState, to: RACredentialState)
    /// Adds the CA of somebody else, with a new name.
    case addAlternateAuthority(AlternateAuthorityRecord)
    /// Replaces the CRL of somebody else's CA.
    case putAlternateCertificateList(authority: UUID, der: [UInt8])
    /// Removes the CA of somebody else.
    case removeAlternateAuthority(UUID)
}

/// Keeps issuers, RA credentials and profiles.
///
/// Every method is atomic and durable when it returns.
public protocol ConfigurationStore: Sendable {
    /// Everything that is configured, read in one storage transaction.
    func configuration() async throws(StoreError) -> StoredConfiguration

    /// The count of changes: cheap enough to ask several times a second.
    func configurationVersion() async throws(StoreError) -> Int

    /// Ticks when the configuration may have changed, within a second of the change, and now and then without a reason.
    ///
    /// It ends when the task that listens is cancelled.
    func configurationChanges() -> AsyncStream<Void>

    /// Makes changes, all or none, and counts them as one.
    ///
    /// - Throws: `conflict` when something exists already or was changed meanwhile.
    func apply(_ changes: [ConfigurationChange]) async throws(StoreError)
}
