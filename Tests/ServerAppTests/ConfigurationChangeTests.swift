// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import Logging
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import SCEPEndpoint
internal import Storage
internal import Synchronization
internal import TestSupport
internal import Testing

internal import struct Foundation.Date
internal import struct Foundation.UUID

@testable internal import ServerApp

/// Challenges whose look-up waits until the test lets it go on.
private final class SlowChallenges: ChallengeStore {
    private let store: any ChallengeStore
    private let isHeld = Mutex(false)
    private let waiting = Mutex(false)

    init(_ store: any ChallengeStore) { self.store = store }

    func hold(_ hold: Bool) { isHeld.withLock { $0 = hold } }
    var isAsked: Bool { waiting.withLock { $0 } }

    func challenge(profile: String, lookup: [UInt8]) async throws(StoreError) -> ChallengeRecord? {
        waiting.withLock { $0 = true }
        while isHeld.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(5)) }
        return try await store.challenge(profile: profile, lookup: lookup)
    }

    func add(_ challenges: [ChallengeRecord], limit: OutstandingLimit?) async throws(StoreError) {
        try await store.add(challenges, limit: limit)
    }

    func sealedChallenges(
        profile: String,
        transactionID: String,
        limit: Int
    ) async throws(StoreError) -> [ChallengeRecord] {
        try await store.sealedChallenges(profile: profile, transactionID: transactionID, limit: limit)
    }

    func challenges(profile: String?, after id: UUID?, limit: Int) async throws(StoreError) -> [ChallengeRecord] {
        try await store.challenges(profile: profile, after: id, limit: limit)
    }

    func revokeChallenge(_ id: UUID, at moment: Date) async throws(StoreError) -> Bool {
        try await store.revokeChallenge(id, at: moment)
    }
}

private struct Unheard: EnrollmentObserver {
    func decided(_ summary: EnrollmentSummary) {}
}

/// A configuration that changes while it is served.
@Suite struct ConfigurationChangeTests {
    private struct Served {
        let state: State
        let challenges: SlowChallenges
        let snapshot: ConfigurationSnapshot
        let metrics = ServerMetrics()
        let service: ProtocolService

        init() async throws {
            state = try await State()
            let opened = state.opened
            challenges = SlowChallenges(opened.store)
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let snapshot = try await ConfigurationSnapshot(
                opened,
                sources: ChallengeSourceMaker(
                    challenges: challenges,
                    others: opened.store,
                    masterKey: opened.masterKey
                ),
                logger: logger
            )
            self.snapshot = snapshot
            let store = opened.store
            service = ProtocolService(
                configuration: snapshot,
                enrollment: EnrollmentService(
                    stores: EnrollmentService.Stores(
                        transactions: store,
                        approvals: store,
                        certificates: store,
                        health: store
                    ),
                    lists: CertificateLists(store: store, time: SystemTimeSource()) {
                        snapshot.current.authorities[$0]
                    },
                    traces: TraceRecorder(store: store),
                    observer: Unheard(),
                    time: SystemTimeSource(),
                    masterKey: opened.masterKey,
                    node: UUID()
                ),
                unserved: UnservedRequests(logger: logger, metrics: metrics)
            )
        }

        func ask(
            _ operation: SCEPHTTPRequest.Operation,
            _ profile: ProfileSelector = .default
        ) async -> SCEPHTTPResponse {
            await service.respond(to: SCEPHTTPRequest(profile: profile, operation: operation))
        }

        /// A request with a code.
        func message(_ name: String, _ transactionID: String) async throws -> [UInt8] {
            guard case .success(let body, _) = await ask(.getCACert) else { throw DERElement.Defect.missing }
            let recipient = try #require(try CACertificates(body: body).recipient)
            let administration = ChallengeAdministration(
                store: state.opened.store,
                masterKey: state.opened.masterKey,
                time: SystemTimeSource()
            )
            let codes = try await administration.makeOneTime(count: 1, profile: "default", lifetime: 3600)
            let key = try TestKeys.client
            let request = HandMadeRequest(name, key: key, challenge: codes.first)
            return try PKIMessageBuilder(
                content: try EnvelopeBuilder(try request.der(), to: recipient).build(),
                signer: try HandMadeCertificate(name, key: key).read(),
                key: key,
                transactionID: transactionID
            ).build()
        }

        /// For how many days the newest certificate is valid, roughly.
        func newestValidity() async throws -> Double {
            let all = try await state.opened.certificates.certificates(after: nil, limit: 100)
            let newest = try #require(all.last)
            return newest.notAfter.timeIntervalSinceNow / 86_400
        }
    }

    private static func status(_ response: SCEPHTTPResponse) -> Int {
        switch response {
        case .success: 200
        case .refusal(let status, _, _): status
        }
    }

    @Test func aRequestIsServedToItsEndByTheConfigurationThatItCameIn() async throws {
        let served = try await Served()
        let opened = served.state.opened
        let message = try await served.message("first", "first")
        served.challenges.hold(true)
        let answer = Task { await served.ask(.pkiOperation(message)) }
        while !served.challenges.isAsked { try await Task.sleep(for: .milliseconds(5)) }

        // While it is being judged, both profiles change: what is issued now differs in everything that can.
        _ = try await opened.changeProfile("default") { (settings: inout RAProfileSettings) in
            settings.template.validityDays = 7
        }
        _ = try await opened.changeProfile("default") { (settings: inout SCEPProfileSettings) in
            settings.approval = .all
        }
        await served.snapshot.refresh()
        served.challenges.hold(false)
        #expect(Self.status(await answer.value) == 200)
        #expect(try await served.newestValidity() > 300)
        #expect(try await opened.approvals.approvals(.pending, after: nil, limit: 10).isEmpty)

        // The next one is served by what is configured now.
        _ = await served.ask(.pkiOperation(try await served.message("second", "second")))
        let waiting = try await opened.approvals.approvals(.pending, after: nil, limit: 10)
        #expect(waiting.map(\.subject) == ["CN=second"])
        _ = try await opened.decide { administration throws(StoreError) in
            try await administration.approve(waiting.first?.id ?? UUID(), by: "ada")
        }
        #expect(try await served.newestValidity() < 8)
    }

    @Test func everyProfileIsServedAtItsURLsAndNowhereElse() async throws {
        let served = try await Served()
        let opened = served.state.opened
        var settings = SCEPProfileSettings(raProfile: nil)
        settings.aliases = ["tel"]
        _ = try await opened.addProfile("phones", settings)
        _ = try await opened.addProfile("vpn", RAProfileSettings(scepProfile: "phones"))
        await served.snapshot.refresh()
        func status(_ profile: ProfileSelector) async -> Int { Self.status(await served.ask(.getCACaps, profile)) }
        #expect(await status(.raProfile("vpn")) == 200)
        #expect(await status(.raProfile("default")) == 404)
        #expect(await status(.named("phones")) == 404)
        #expect(await status(.named("tel")) == 404)
        #expect(await status(.named("vpn")) == 404)
        #expect(await status(.named("unheard-of")) == 404)
        _ = try await opened.changeProfile("phones") { (settings: inout SCEPProfileSettings) in
            settings.raProfile = "vpn"
        }
        await served.snapshot.refresh()
        #expect(await status(.named("phones")) == 200)
        #expect(await status(.named("tel")) == 200)
        _ = try await opened.enableProfile(.scep, "phones", false)
        await served.snapshot.refresh()
        for selector in [ProfileSelector.raProfile("vpn"), .named("phones"), .named("tel")] {
            #expect(await status(selector) == 404)
        }
        #expect(await status(.default) == 200)
        // What is configured is counted, by its name; what anybody may make up is not.
        var text = MetricsText()
        served.metrics.write(to: &text)
        let metrics = text.text
        #expect(metrics.contains("sceptic_unserved_requests_total{profile=\"phones\"} 4\n"))
        #expect(metrics.contains("sceptic_unserved_requests_total{profile=\"raProfile/vpn\"} 1\n"))
        #expect(!metrics.contains("unheard-of"))
    }

    @Test func refusalTellsAClientNothingOfTheConfiguration() async throws {
        let served = try await Served()
        _ = try await served.state.opened.enableProfile(.registration, "default", false)
        await served.snapshot.refresh()
        guard case .refusal(let status, let sentence, _) = await served.ask(.getCACert),
            case .refusal(_, let other, _) = await served.ask(.getCACert, .named("unheard-of"))
        else {
            Issue.record("it is served")
            return
        }
        #expect(status == 404)
        #expect(sentence == other)
        #expect(!sentence.contains("RA"))
    }
}
