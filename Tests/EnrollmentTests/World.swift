// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import Foundation
internal import PKIX
internal import SCEP
internal import Storage
internal import TestSupport
internal import Testing

/// A whole server without its sockets: a real store in a folder of its own, a CA, an RA, and a clock that tests move.
struct World: Sendable {
    let folder: TemporaryFolder
    let store: SQLiteStore
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
        store: SQLiteStore,
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
        sources: [any ChallengeSource]? = nil,
        alternate: [AlternateAuthority] = []
    ) throws -> ServedProfile {
        let own = [StoredChallengeSource(store: store, masterKey: masterKey)]
        let served = try resolve(
            name,
            settings: settings,
            compatibility: compatibility,
            issuer: issuer,
            template: template,
            sources: sources ?? own,
            alternate: alternate
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
        sources: [any ChallengeSource],
        alternate: [AlternateAuthority] = []
    ) throws -> ServedProfile? {
        let own = self.issuer.authority.certificate
        return ServedProfile(
            name: name,
            settings: settings,
            compatibility: try #require(ClientCompatibility.named(compatibility)),
            authorities: ServedProfile.Authorities(
                generations: [
                    ServedGeneration(issuer: issuer ?? self.issuer, credentials: [credential], chain: [own.der])
                ],
                own: [OwnAuthority(issuerID: self.issuer.id, certificate: own)],
                alternate: alternate,
                caCertificates: ([], "")
            ),
            template: template,
            challengeSources: sources
        )
    }

    func service(
        transactions: (any TransactionStore)? = nil,
        fault: @escaping @Sendable (FaultPoint) -> Void = { _ in }
    ) -> EnrollmentService {
        EnrollmentService(
            stores: EnrollmentService.Stores(
                transactions: transactions ?? store,
                approvals: store,
                certificates: store
            ),
            lists: lists,
            traces: traces,
            observer: observer,
            time: clock,
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
        let served = try profile ?? self.profile()
        let reply = await (service ?? self.service()).respond(
            to: message.bytes,
            profile: served,
            remoteAddress: "192.0.2.1"
        )
        return try Answer(reply, key: message.key)
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

extension TemporaryFolder {
    /// The names of the files in it.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path) }
    }
}
