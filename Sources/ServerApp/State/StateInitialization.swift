// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import CertificateAuthority
public import Cryptography
internal import Enrollment
public import PKIX
internal import Storage
internal import StrictJSON

internal import struct Foundation.Date
internal import class Foundation.JSONEncoder
internal import struct Foundation.UUID

/// Makes a state folder with a CA, an RA and the default profiles: what `sceptic init` does.
public struct StateInitialization: Sendable {
    /// How many CAs there are.
    public enum Hierarchy: Sendable, Hashable {
        /// A root, an issuing CA under it, and an RA that speaks SCEP.
        case rootAndIssuing
        /// One RSA CA that does everything.
        case singleCA
    }

    /// The CA's name, for its certificates' subjects.
    public var name: String
    /// The type of the CA's keys.
    ///
    /// The RA's key is always RSA, since clients encrypt to it.
    public var keyType: KeyAlgorithm
    /// How many CAs there are.
    public var hierarchy: Hierarchy
    /// The address that stands in certificates for CRL and CA certificate.
    public var publicURL: String

    /// Puts the choices together.
    ///
    /// - Throws: `AppError` when they don't go together.
    public init(name: String, keyType: KeyAlgorithm, hierarchy: Hierarchy, publicURL: String) throws {
        guard !name.isEmpty, name.utf8.count <= 64 else {
            throw AppError(.usage, "The CA's name has to have 1 to 64 bytes.")
        }
        if hierarchy == .singleCA, case .ec = keyType {
            throw AppError(
                .usage,
                "A single CA needs an RSA key, since clients encrypt to it.",
                hint: "Leave --key-type out."
            )
        }
        guard publicURL.hasPrefix("http://") || publicURL.hasPrefix("https://") else {
            throw AppError(.usage, "The public URL has to begin with http:// or https://.")
        }
        self.name = name
        self.keyType = keyType
        self.hierarchy = hierarchy
        self.publicURL = String(publicURL.reversed().drop { $0 == "/" }.reversed())
    }

    /// What was made, to be shown.
    public struct Outcome: Sendable {
        /// The root's certificate.
        public let root: EncodedCertificate
        /// The issuing CA's certificate; the root itself for a single CA.
        public let issuing: EncodedCertificate
        /// The first administrator's token, if one was wanted.
        public var token: String?

        /// The certificates that everything hangs on, as the audit log tells them.
        fileprivate var audited: JSONValue {
            func told(_ certificate: EncodedCertificate) -> JSONValue {
                .object([
                    "subject": .string("\(certificate.subject)"),
                    "sha256": .string(certificate.fingerprint().hexadecimal),
                ])
            }
            return .object(["root": told(root), "issuing": told(issuing)])
        }
    }

    /// Whether a token of the admin API is made.
    public enum FirstToken: Sendable, Hashable {
        /// An administrator's.
        case administrator
        /// None.
        case none
    }

    /// Makes everything in a folder.
    public func run(in folder: StateFolder, token: FirstToken = .none) async throws -> Outcome {
        let (store, masterKey) = try await folder.create()
        let ceremony = Ceremony(self, masterKey)
        var (changes, outcome) = try ceremony.run()
        let act = act(at: ceremony.now)
        act.describe(target: "state", after: outcome.audited.written)
        do {
            try await AuditAct.$current.withValue(act) { try await store.apply(changes) }
        } catch StoreError.conflict {
            throw AppError(
                .conflict,
                "Another 'sceptic init' was faster: there is a state in the database already.",
                hint: "Remove the folder \(folder.path), and serve that state with its own master key."
            )
        } catch let error as StoreError {
            throw AppError(error)
        }
        if token == .administrator {
            outcome.token = try await AuditAct.$current.withValue(act) { try await Self.makeToken(store, masterKey) }
        }
        // What is missing is told by the next one.
        _ = try? await store.writeAuditCheckpoint(at: Date())
        return outcome
    }

    /// The first thing that the audit log knows.
    private func act(at now: Date) -> AuditAct {
        var generator = SecureRandom()
        let input: [String: JSONValue] = [
            "name": .string(name), "keyType": .string("\(keyType)"), "singleCA": .boolean(hierarchy == .singleCA),
            "publicURL": .string(publicURL),
        ]
        return AuditAct(
            id: .version7(at: now, using: &generator),
            action: "init",
            actor: "local:\(StateFolder.user)",
            origin: "local",
            input: JSONValue.object(input).written
        )
    }

    private static func makeToken(_ store: any OperatorStore, _ masterKey: MasterKey) async throws -> String {
        let now = Date()
        let (secret, record) = APITokenRecord.make(
            "init",
            roles: [.administrator],
            days: APITokenRecord.usualDays,
            masterKey: masterKey,
            at: now
        )
        AuditAct.current?.describe(
            target: "token \(record.name)",
            after: try AuditedDocument.text(TokenDocument(record, owner: nil, at: now))
        )
        do {
            _ = try await store.change(.addToken(record), keepingAdministratorAt: nil)
        } catch {
            throw AppError(error)
        }
        return secret
    }
}

/// The keys and certificates of one initialisation.
private struct Ceremony {
    let choices: StateInitialization
    let now: Date
    let records: RecordMaker

    init(_ choices: StateInitialization, _ masterKey: MasterKey) {
        self.choices = choices
        self.now = Date()
        self.records = RecordMaker(masterKey: masterKey, now: now)
    }

    func run() throws -> ([ConfigurationChange], StateInitialization.Outcome) {
        switch choices.hierarchy {
        case .rootAndIssuing: try rootAndIssuing()
        case .singleCA: try singleCA()
        }
    }

    private func rootAndIssuing() throws -> ([ConfigurationChange], StateInitialization.Outcome) {
        var generator = SecureRandom()
        let rootKey = try SoftwareKey.generate(choices.keyType)
        let root = try KeyCeremony.selfSigned(
            .root,
            subject: try subject("Root"),
            key: rootKey,
            now: now,
            using: &generator
        )
        let issuingKey = try SoftwareKey.generate(choices.keyType)
        let issuing = try KeyCeremony.certified(
            .issuing,
            subject: try subject("Issuing CA"),
            publicKey: issuingKey.publicKey,
            by: root,
            issuerKey: rootKey,
            publication: publication("root"),
            now: now,
            using: &generator
        )
        let registrationKey = try SoftwareKey.generate(.rsa(bits: 2048))
        let registration = try KeyCeremony.registration(
            subject: try subject("RA"),
            encryptionSubject: try subject("RA Encryption"),
            publicKey: registrationKey.publicKey,
            by: issuing,
            issuerKey: issuingKey,
            publication: publication("issuing"),
            now: now,
            using: &generator
        )
        let issuer = try issuer("issuing", issuing, chain: [root.der], key: issuingKey)
        let credential = try credential(
            issuer.id,
            registration.certificate,
            encryption: registration.encryptionOnly,
            key: registrationKey
        )
        let changes: [ConfigurationChange] = [
            .addIssuer(try self.issuer("root", root, chain: [], key: rootKey)), .addIssuer(issuer),
            .addRACredential(credential),
        ]
        return (changes + (try profiles()), .init(root: root, issuing: issuing))
    }

    private func singleCA() throws -> ([ConfigurationChange], StateInitialization.Outcome) {
        var generator = SecureRandom()
        let key = try SoftwareKey.generate(choices.keyType)
        let certificate = try KeyCeremony.selfSigned(
            .singleCA,
            subject: try subject("CA"),
            key: key,
            now: now,
            using: &generator
        )
        let issuer = try issuer("issuing", certificate, chain: [], key: key)
        let credential = try credential(issuer.id, certificate, encryption: nil, key: key)
        let changes = [.addIssuer(issuer), .addRACredential(credential)] + (try profiles())
        return (changes, .init(root: certificate, issuing: certificate))
    }

    private func subject(_ role: String) throws -> Name {
        let escaped = choices.name.map { ",+\"\\<>;=#".contains($0) ? "\\\($0)" : String($0) }.joined()
        return try Name("CN=\(escaped) \(role)")
    }

    private func publication(_ issuer: String) -> PublicationPoints {
        PublicationPoints(issuerName: issuer, keyGeneration: 1, baseURL: choices.publicURL)
    }

    private func issuer(
        _ name: String,
        _ certificate: EncodedCertificate,
        chain: [[UInt8]],
        key: SoftwareKey
    ) throws -> IssuerRecord {
        try records.issuer(
            name,
            generation: 1,
            state: .active,
            certificate: certificate,
            chain: chain,
            publicURL: choices.publicURL,
            key: key
        )
    }

    private func credential(
        _ issuerID: UUID,
        _ certificate: EncodedCertificate,
        encryption: EncodedCertificate?,
        key: SoftwareKey
    ) throws -> RACredentialRecord {
        try records.credential(
            of: issuerID,
            generation: 1,
            state: .active,
            certificate: certificate,
            encryption: encryption,
            key: key
        )
    }

    private func profiles() throws -> [ConfigurationChange] {
        let registration = RAProfileSettings(issuer: "issuing", template: CertificateTemplate())
        let scep = SCEPProfileSettings(raProfile: ProfileName.default)
        return [
            .putRAProfile(try ProfileRecord.make(ProfileName.default, registration, id: records.identifier())),
            .putSCEPProfile(try ProfileRecord.make(ProfileName.default, scep, id: records.identifier())),
        ]
    }
}

extension ProfileRecord {
    /// A new profile with settings.
    static func make(_ name: String, _ settings: some Encodable, id: UUID) throws -> ProfileRecord {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(settings), as: UTF8.self)
        return ProfileRecord(id: id, name: name, isEnabled: true, settings: text, version: 1)
    }
}
