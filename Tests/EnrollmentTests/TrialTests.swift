// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Enrollment
internal import PKIX
internal import SCEPCrafting
internal import Synchronization
internal import TestSupport
internal import Testing

/// The dry run: what would become of a request, with nothing used up or stored.
@Suite struct TrialTests {
    private func trial(
        _ world: World,
        _ challenge: String?,
        profile: ServedProfile? = nil,
        extensions: [[UInt8]] = []
    ) async throws -> Trial {
        let device = try Device(in: world)
        var built = HandMadeRequest(device.name, key: device.key, challenge: "own")
        if !extensions.isEmpty {
            built.attributes.append(TLV.attribute(OID.extensionRequest, TLV.encode(0x30, extensions.flatMap(\.self))))
        }
        let request = try CertificationRequest(derEncoded: try built.encoded())
        return await world.service().tryOut(request, challenge: challenge, profile: try profile ?? world.profile())
    }

    @Test func tellsTheCertificateAndUsesNothingUp() async throws {
        let world = try await World()
        let code = try await world.code()
        for _ in 0..<3 {
            let trial = try await trial(world, code, extensions: [Wish.names(Wish.dns("vpn.example"))])
            #expect(trial.trace.reasonCode == "issued")
            let preview = try #require(trial.certificate.flatMap(CertificatePreview.init))
            #expect(preview.subject == "CN=device-1")
            #expect(preview.names == ["dns:vpn.example"])
            #expect(preview.key == "RSA-2048")
            #expect(preview.usages == ["digitalSignature", "keyEncipherment", "clientAuth"])
            #expect(preview.notBefore <= world.clock.now && preview.notAfter > world.clock.now)
        }
        #expect(try await world.certificateCount() == 0)
        _ = try await world.traces.flush()
        #expect(try await world.store.traces(before: nil, limit: 9).isEmpty)
        #expect(world.observer.reasons.isEmpty)
        // The code is as good as before.
        let answer = try await world.ask(try Device(in: world).message(code))
        #expect(answer.certificate != nil)
    }

    @Test func namesTheRuleThatSaysNo() async throws {
        let world = try await World()
        let code = try await world.code()
        let wrong = try await trial(world, "wrong")
        #expect(wrong.trace.reasonCode == "challenge.unknown" && wrong.certificate == nil)
        let missing = try await trial(world, nil, profile: try world.profile(sources: [NoSource()]))
        #expect(missing.trace.reasonCode == "challenge.unknown")
        let names = try await trial(world, code, extensions: [Wish.names(Wish.dns("a..b"))])
        #expect(names.trace.reasonCode == "policy.names")
        #expect(names.trace.steps.last?.detail.contains("'a..b'") == true)
        #expect(names.trace.steps.last?.outcome == .failed)
    }

    @Test func findsWhatWouldBeInTheWayOfTheReservation() async throws {
        let world = try await World()
        let profile = try world.profile(duplicates: DuplicatePolicy(subject: .refuse))
        let other = try Device(key: try TestKeys.other, in: world)
        #expect(try await world.ask(try other.message(try await world.code()), profile: profile).certificate != nil)
        let trial = try await trial(world, try await world.code(), profile: profile)
        #expect(trial.trace.reasonCode == "policy.duplicate-subject" && trial.certificate == nil)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func tellsThatItWouldWait() async throws {
        let world = try await World()
        let code = try await world.code()
        var settings = SCEPProfileSettings.with(approval: .all)
        settings.approvers.needed = 2
        let waiting = try await trial(world, code, profile: try world.profile(settings: settings))
        #expect(waiting.trace.reasonCode == "approval.pending" && waiting.certificate != nil)
        #expect(waiting.trace.steps.last?.detail == "it would wait until 2 people approve it")
        #expect(try await world.waiting().isEmpty)
    }

    @Test func asksSourcesForADryRunWithTheGivenChallenge() async throws {
        let world = try await World()
        let seen = SeenQuestions()
        let trial = try await trial(world, "given", profile: try world.profile(sources: [seen]))
        #expect(trial.trace.reasonCode == "issued")
        #expect(seen.all.map(\.challenge) == ["given"] && seen.all.allSatisfy(\.isDryRun))
        _ = try await world.ask(try Device(in: world).message("own"), profile: try world.profile(sources: [seen]))
        #expect(seen.all.last?.isDryRun == false)
    }
}

private struct NoSource: ChallengeSource {
    let name = "nobody"
    func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer { .notMine }
}

private final class SeenQuestions: ChallengeSource {
    let name = "whoever asks"
    private let questions = Mutex<[ChallengeQuestion]>([])

    var all: [ChallengeQuestion] { questions.withLock { $0 } }

    func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        questions.withLock { $0.append(question) }
        return .accept(claims: [], strength: .unknown)
    }
}
