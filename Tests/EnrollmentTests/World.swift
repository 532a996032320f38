// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing
internal import X509

@testable internal import Storage

/// A whole server without its sockets: a real store in a folder of its own, a CA, an RA, and a clock that tests move.
struct World: Sendable {
    let folder: TemporaryFolder
    let store: any EnrollmentStore
    let clock: FakeClock
    let observer: RecordingObserver
    let traces: TraceRecorder
    let masterKey: MasterKey
    let issuer: BuiltInIssuer
    let credential: RACredential

    static let databaseName = "sceptic.sqlite"
    /// Seconds after which a dead node's work is anybody's: its lease has 30.
    static let beyondTheLease = 31.0

    /// Makes a world with an empty store.
    init() async throws {
        let clock = FakeClock()
        let (folder, masterKey) = (try TemporaryFolder(), try MasterKey(bytes: Array(repeating: 7, count: 32)))
        let store = try SQLiteStore(path: folder.file(Self.databaseName), mode: .create)
        var generator = SystemRandomNumberGenerator()
        let root = try KeyCeremony.selfSigned(
            .singleCA,
            subject: try Name("CN=Example CA"),
            key: try TestKeys.authority,
            now: clock.now,
            years: 20,
            using: &generator
        )
        let publication = PublicationPoints(issuerName: "issuing", keyGeneration: 1, baseURL: "http://ca.example")
        let registration = try KeyCeremony.certified(
            .registration,
            subject: try Name("CN=Example RA"),
            publicKey: try TestKeys.registration.publicKey,
            by: root,
            issuerKey: try TestKeys.authority,
            publication: publication,
            now: clock.now,
            years: 20,
            using: &generator
        )
        let id = UUID()
        try await store.apply([
            .addIssuer(
                IssuerRecord(
                    id: id,
                    name: "issuing",
                    keyGeneration: 1,
                    certificate: root.der,
                    chain: [],
                    publicURL: "http://ca.example",
                    wrappedKey: [0],
                    createdAt: clock.now
                )
            )
        ])
        let authority = try IssuingAuthority(certificate: root, key: try TestKeys.authority, publication: publication)
        self.init(
            folder: folder,
            store: store,
            clock: clock,
            masterKey: masterKey,
            issuer: BuiltInIssuer(id: id, authority: authority),
            credential: RACredential(
                certificate: registration,
                key: try TestKeys.registration,
                alongside: [root.der]
            )
        )
    }

    private init(
        folder: TemporaryFolder,
        store: any EnrollmentStore,
        clock: FakeClock,
        masterKey: MasterKey,
        issuer: BuiltInIssuer,
        credential: RACredential
    ) {
        self.folder = folder
        self.store = store
        self.clock = clock
        self.observer = RecordingObserver()
        self.traces = TraceRecorder(store: store)
        self.masterKey = masterKey
        self.issuer = issuer
        self.credential = credential
    }

    /// The same world over another store: what a node finds that starts there.
    func restarted(in folder: TemporaryFolder) throws -> World {
        World(
            folder: folder,
            store: try SQLiteStore(path: folder.file(Self.databaseName), mode: .existing),
            clock: clock,
            masterKey: masterKey,
            issuer: issuer,
            credential: credential
        )
    }

    /// Another node on the same database.
    func anotherNode() throws -> World { try restarted(in: folder) }

    /// What the disk holds at this moment, as a power cut would leave it.
    func diskImage() throws -> TemporaryFolder {
        let image = try TemporaryFolder()
        for name in [Self.databaseName, Self.databaseName + "-wal"] {
            try image.write(name, (try? folder.read(name)) ?? [])
        }
        return image
    }

    // MARK: - What is served

    /// A profile that is served.
    func profile(
        _ name: String = "default",
        settings: SCEPProfileSettings = SCEPProfileSettings(raProfile: "default"),
        compatibility: String = "default",
        issuer: (any Issuer)? = nil,
        template: CertificateTemplate = CertificateTemplate(),
        duplicates: DuplicatePolicy = DuplicatePolicy(),
        sources: [any ChallengeSource]? = nil,
        alternate: [AlternateAuthority] = [],
        generations: [ServedGeneration]? = nil,
        own: [OwnAuthority] = [],
        chain: [[UInt8]] = []
    ) throws -> ServedProfile {
        let stored = [StoredChallengeSource(store: store, masterKey: masterKey)]
        let served = try resolve(
            name,
            settings: settings,
            compatibility: compatibility,
            issuer: issuer,
            template: template,
            duplicates: duplicates,
            sources: sources ?? stored,
            alternate: alternate,
            generations: generations,
            own: own,
            chain: chain
        )
        return try #require(served)
    }

    /// A profile, if it may be served.
    func resolve(
        _ name: String = "default",
        settings: SCEPProfileSettings = SCEPProfileSettings(raProfile: "default"),
        compatibility: String = "default",
        issuer: (any Issuer)? = nil,
        template: CertificateTemplate = CertificateTemplate(),
        duplicates: DuplicatePolicy = DuplicatePolicy(),
        sources: [any ChallengeSource],
        alternate: [AlternateAuthority] = [],
        generations: [ServedGeneration]? = nil,
        own others: [OwnAuthority] = [],
        chain: [[UInt8]] = []
    ) throws -> ServedProfile? {
        let own = self.issuer.authority.certificate
        let only = ServedGeneration(issuer: issuer ?? self.issuer, credentials: [credential])
        return ServedProfile(
            name: name,
            raProfile: settings.raProfile ?? "default",
            settings: settings,
            compatibility: try #require(ClientCompatibility.named(compatibility)),
            authorities: ServedProfile.Authorities(
                generations: generations ?? [only],
                own: [OwnAuthority(issuerID: self.issuer.id, certificate: own, chain: [own.der] + chain)] + others,
                alternate: alternate,
                caCertificates: ([], "")
            ),
            template: template,
            duplicates: duplicates,
            challengeSources: sources
        )
    }

    func service(
        transactions: (any TransactionStore)? = nil,
        approvals: (any ApprovalStore)? = nil,
        time: (any TimeSource)? = nil,
        fault: @escaping @Sendable (FaultPoint) -> Void = { _ in }
    ) -> EnrollmentService {
        EnrollmentService(
            stores: EnrollmentService.Stores(
                transactions: transactions ?? store,
                approvals: approvals ?? store,
                certificates: store,
                health: store
            ),
            lists: lists,
            traces: traces,
            observer: observer,
            time: time ?? clock,
            masterKey: masterKey,
            node: UUID(),
            fault: fault
        )
    }

    // MARK: - Challenges

    var challenges: ChallengeAdministration { ChallengeAdministration(store: store, masterKey: masterKey, time: clock) }

    /// A fresh one-time code.
    func code(profile: String = "default", lifetime: Double = 86_400) async throws -> String {
        try #require(try await challenges.makeOneTime(count: 1, profile: profile, lifetime: lifetime).first)
    }

    /// A fresh one-time code for whoever asks for what is named.
    func code(
        boundTo subject: String?,
        names: [GeneralName]? = nil,
        key: KeyAlgorithm? = nil
    ) async throws -> String {
        let identity = try BoundIdentity(subject: try subject.map { try Name($0) }, names: names, key: key)
        let codes = try await challenges.makeOneTime(
            count: 1,
            profile: "default",
            lifetime: 86_400,
            boundTo: identity
        )
        return try #require(codes.first)
    }

    /// A code that another key has used.
    func usedCode() async throws -> String {
        var generator = SystemRandomNumberGenerator()
        let code = ChallengeCode.make(using: &generator)
        try await store.add([
            ChallengeRecord(
                id: UUID(),
                profile: "default",
                kind: .oneTime,
                lookup: masterKey.challengeLookup(code),
                name: nil,
                createdAt: clock.now,
                expiresAt: clock.now.addingTimeInterval(86_400),
                usedAt: clock.now,
                usedByKey: Array(repeating: 1, count: 32)
            )
        ])
        return code
    }

    /// The row of a code.
    func row(_ code: String, profile: String = "default") async throws -> ChallengeRecord {
        try #require(try await store.challenge(profile: profile, lookup: masterKey.challengeLookup(code)))
    }

    // MARK: - Asking

    /// Sends a message and reads the answer.
    func ask(
        _ message: Message,
        profile: ServedProfile? = nil,
        service: EnrollmentService? = nil
    ) async throws -> Answer {
        try Answer(try await reply(message, profile: profile, service: service), message)
    }

    /// Sends a message and gives the answer as it is.
    func reply(
        _ message: Message,
        profile: ServedProfile? = nil,
        service: EnrollmentService? = nil
    ) async throws -> EnrollmentReply {
        await (service ?? self.service()).respond(
            to: message.bytes,
            profile: try profile ?? self.profile(),
            remoteAddress: "192.0.2.1"
        )
    }

    /// Sends a message and reads the CertRep that comes back.
    func certRep(_ message: Message, profile: ServedProfile? = nil) async throws -> ReplyReader {
        guard case .certRep(let bytes) = try await reply(message, profile: profile) else {
            throw DERElement.Defect.missing
        }
        return try ReplyReader(bytes)
    }

    /// A device with a certificate that it was issued for a code.
    func enrolled(
        _ name: String = "device-1",
        key: SoftwareKey? = nil,
        profile: ServedProfile? = nil,
        extensions: [[UInt8]] = [],
        request: (inout HandMadeRequest) throws -> Void = { _ in }
    ) async throws -> Device {
        let device = try Device(name, key: key, in: self)
        let code = try await code(profile: profile?.name ?? "default")
        let message = try device.message(
            code,
            transactionID: "enrolment",
            extensions: extensions,
            request: request
        )
        return device.holding(try #require(try await ask(message, profile: profile).certificate))
    }

    // MARK: - Deciding

    /// The requests that wait.
    func waiting() async throws -> [ApprovalRecord] { try await store.approvals(.pending, after: nil, limit: 1000) }

    /// Decides on requests of a profile.
    func decisions(_ profile: ServedProfile) -> ApprovalAdministration {
        ApprovalAdministration(service: service()) { $0 == profile.name ? profile : nil }
    }

    var certificates: CertificateAdministration {
        CertificateAdministration(certificates: store, revocations: store, time: clock)
    }

    /// Revokes an issued certificate.
    func revoke(_ certificate: EncodedCertificate, _ reason: RevocationReason = .keyCompromise) async throws {
        #expect(try await certificates.revoke(try await record(certificate), reason: reason) == .done)
    }

    /// The row of an issued certificate.
    func record(_ certificate: EncodedCertificate) async throws -> CertificateRecord {
        let found = try await store.certificates(serialNumber: certificate.serialNumber)
        return try #require(found.first { $0.der == certificate.der })
    }

    /// The CRLs of the world's CA.
    var lists: CertificateLists {
        let issuer = issuer
        return CertificateLists(store: store, time: clock) { id in id == issuer.id ? issuer.authority : nil }
    }

    func certificateCount() async throws -> Int { try await store.certificateCount() }

    /// The newest trace, as an operator finds it.
    func latestTrace() async throws -> TraceRecord {
        _ = try await traces.flush()
        return try #require(try await store.traces(before: nil, limit: 1).first)
    }
}

extension SCEPProfileSettings {
    /// Settings of the default RA profile.
    static func with(
        approval: ApprovalPolicy = .automatic,
        renewal: RenewalPolicy = RenewalPolicy()
    ) -> SCEPProfileSettings {
        var settings = SCEPProfileSettings(raProfile: "default")
        settings.approval = approval
        settings.renewal = renewal
        return settings
    }
}

extension TemporaryFolder {
    /// The names of the files in it.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path) }
    }
}
