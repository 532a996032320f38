// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import Storage
internal import TestSupport
internal import Testing
internal import X509

internal import struct Foundation.UUID

/// Devices whose key signs and does not decrypt: their replies are encrypted under the challenge (RFC 8894 §3.1, client-quirks F11).
@Suite struct ECClientTests {
    @Test func requirement163ReplyToAnECKeyOpensWithTheChallenge() async throws {
        let world = try await World()
        let code = try await world.code()
        let message = try Device(key: try TestKeys.ec, in: world).message(code)
        let reply = try await world.certRep(message)
        let content = try #require(try reply.content)
        let envelope = try EnvelopedData(contentInfo: content)
        #expect(envelope.keyTransportRecipients.isEmpty && envelope.passwordRecipients.count == 1)
        #expect(try DERElement(content).at(1, 0, 0).content == [3])
        var guess = message
        guess.password = String(code.reversed())
        #expect(throws: CMSError.self) { try Answer.contents(content, guess) }
        let issued = try #require(try Answer.contents(content, message).certificates.first)
        #expect(issued.subjectPublicKeyInfo.der == (try TestKeys.ec).publicKey.subjectPublicKeyInfo)
        #expect(!reply.signedData.encoded.contains(run: Array(code.utf8)))
    }

    @Test func certificateOfAnECKeySignsAndDoesNotEncipher() async throws {
        let world = try await World()
        let issued = try #require(try await world.enrolled(key: try TestKeys.ec).issued)
        #expect(issued.keyUsage == KeyUsage(digitalSignature: true))
        #expect(issued.extension(.PKIX.keyUsage)?.critical == true)
        #expect(try await world.record(issued).subject == "CN=device-1")
    }

    @Test func requirement162ReplyToAnRSAKeyOpensWithTheKeyThoughThereIsAChallenge() async throws {
        let world = try await World()
        let reply = try await world.certRep(try Device(in: world).message(try await world.code()))
        let envelope = try EnvelopedData(contentInfo: try #require(try reply.content))
        #expect(envelope.keyTransportRecipients.count == 1 && envelope.passwordRecipients.isEmpty)
    }

    @Test func requirement166ChallengeThatMayBeGuessedIsRefusedBeforeAnythingIsIssued() async throws {
        let world = try await World()
        let code = try await world.challenges.makeStatic(
            code: "Example-1234",
            name: "lab",
            profile: "default",
            lifetime: nil
        )
        let device = try Device(key: try TestKeys.ec, in: world)
        for profile in [try world.profile(), try world.profile(settings: .with(approval: .all))] {
            #expect(try await world.ask(try device.message(code), profile: profile) == .undeliverable)
            #expect(world.observer.reasons.last == .replyUndeliverable)
        }
        #expect(try await world.certificateCount() == 0)
        #expect(try await world.waiting().isEmpty)
        // The same challenge serves an RSA key.
        #expect(try await world.ask(try Device(in: world).message(code)).certificate != nil)
    }

    @Test func codeStaysGoodWhenTheReplyCouldNotBeDelivered() async throws {
        let world = try await World()
        let code = try await world.code()
        let weak = WeakSource(id: try await world.row(code).id)
        let device = try Device(key: try TestKeys.ec, in: world)
        let profile = try world.profile(sources: [weak])
        #expect(try await world.ask(try device.message(code), profile: profile) == .undeliverable)
        #expect(try await world.row(code).usedAt == nil)
        #expect(try await world.certificateCount() == 0)
    }

    @Test func wrongOrMissingChallengeOfAnECKeyIsTheUniformFailure() async throws {
        let world = try await World()
        let device = try Device(key: try TestKeys.ec, in: world)
        #expect(try await world.ask(try device.message("wrong")) == .uniform)
        #expect(try await world.ask(try device.message(nil)) == .uniform)
        #expect(world.observer.reasons == [.challengeUnknown, .challengeMissing])
    }

    @Test func resentRequestOfAnECKeyGetsTheSameCertificateThoughTheCodeHasExpired() async throws {
        let world = try await World()
        let message = try Device(key: try TestKeys.ec, in: world).message(try await world.code(lifetime: 60))
        let first = try await world.ask(message)
        #expect(first.certificate != nil)
        #expect(try await world.ask(message) == first)
        world.clock.advance(61)
        #expect(try await world.ask(message) == first)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func pollOfAnECKeyForWhatWasIssuedAtOnceIsToldThatItsChallengeIsNotKept() async throws {
        let world = try await World()
        let device = try Device(key: try TestKeys.ec, in: world)
        let code = try await world.code()
        #expect(try await world.ask(try device.message(code)).certificate != nil)
        #expect(try await world.ask(try device.poll(password: code)) == .undeliverable)
    }

    // MARK: - Renewal

    @Test(arguments: ["17", "19"])
    func requirement166RenewalWithoutAChallengeIsRefusedBeforeAnythingIsIssued(type: String) async throws {
        let world = try await World()
        let device = try await world.enrolled(key: try TestKeys.ec)
        #expect(
            try await world.ask(try device.renewal(try SoftwareKey.generate(.ec(.p256)), type: type)) == .undeliverable
        )
        #expect(try await world.certificateCount() == 1)
    }

    @Test(arguments: ["17", "19"]) func renewalWithAFreshCodeIsDeliveredUnderIt(type: String) async throws {
        let world = try await World()
        let device = try await world.enrolled(key: try TestKeys.ec)
        let code = try await world.code()
        let newKey = try SoftwareKey.generate(.ec(.p256))
        let message = try device.renewal(newKey, type: type, challenge: code)
        let renewed = try #require(try await world.ask(message).certificate)
        #expect(renewed.subjectPublicKeyInfo.der == newKey.publicKey.subjectPublicKeyInfo)
        #expect(try await world.row(code).usedAt != nil)
        #expect(try await world.ask(message).certificate == renewed)
        #expect(try await world.certificateCount() == 2)
    }

    @Test func renewalWithAWrongCodeIsTheUniformFailure() async throws {
        let world = try await World()
        let device = try await world.enrolled(key: try TestKeys.ec)
        let message = try device.renewal(try SoftwareKey.generate(.ec(.p256)), challenge: "wrong")
        #expect(try await world.ask(message) == .uniform)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func deviceChangesFromRSAToECWithoutAChallengeSinceItsOldKeyDecrypts() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let renewed = try #require(try await world.ask(try device.renewal(try TestKeys.ec)).certificate)
        #expect(renewed.subjectPublicKeyInfo.der == (try TestKeys.ec).publicKey.subjectPublicKeyInfo)
    }

    // MARK: - Waiting

    @Test func challengeOfAWaitingRequestIsSealedAndOpensTheReplyAfterTheDecision() async throws {
        let world = try await World()
        let profile = try world.profile(settings: .with(approval: .enrollments))
        let code = try await world.code(lifetime: 3600)
        let device = try Device(key: try TestKeys.ec, in: world)
        #expect(try await world.ask(try device.message(code), profile: profile) == .pending)
        let waiting = try #require(try await world.waiting().first)
        let sealed = try #require(waiting.sealedChallenge)
        #expect(!sealed.contains(run: Array(code.utf8)))
        try await Self.expectNowhere(code, world)
        world.clock.advance(3 * 86_400)
        #expect(try await world.ask(try device.poll(), profile: profile) == .pending)
        // Another node decides and answers; it has the master key too.
        let other = try world.anotherNode()
        guard case .issued(let record) = try await other.decisions(profile).approve(waiting.id, by: "anna") else {
            Issue.record("not issued")
            return
        }
        let poll = try device.poll(password: code)
        #expect(try await other.ask(poll, profile: profile) == .certificate(record.der))
        #expect(try await world.ask(poll, profile: profile) == .certificate(record.der))
        try await Self.expectNowhere(code, world)
    }

    @Test(arguments: ["denied", "expired"])
    func sealedChallengeIsForgottenWhenTheRequestEnds(how: String) async throws {
        let world = try await World()
        let profile = try world.profile(settings: .with(approval: .enrollments))
        let device = try Device(key: try TestKeys.ec, in: world)
        #expect(try await world.ask(try device.message(try await world.code()), profile: profile) == .pending)
        let id = try #require(try await world.waiting().first?.id)
        if how == "denied" {
            _ = try await world.decisions(profile).deny(id, by: "anna")
        } else {
            world.clock.advance(15 * 86_400)
            #expect(try await world.store.expireApprovals(at: world.clock.now) == 1)
        }
        #expect(try await world.store.approval(id)?.sealedChallenge == nil)
    }

    @Test func challengeOfAnRSAKeyIsNotKept() async throws {
        let world = try await World()
        let profile = try world.profile(settings: .with(approval: .enrollments))
        _ = try await world.ask(try Device(in: world).message(try await world.code()), profile: profile)
        #expect(try await world.waiting().map(\.sealedChallenge) == [nil])
    }

    /// Looks for a code in the database, its log and the traces.
    private static func expectNowhere(_ code: String, _ world: World) async throws {
        _ = try await world.traces.flush()
        for name in try world.folder.names {
            #expect(!(try world.folder.read(name)).contains(run: Array(code.utf8)), "\(name)")
        }
        for trace in try await world.store.traces(before: nil, limit: 100) {
            #expect(trace.steps.allSatisfy { !$0.detail.contains(code) })
        }
        #expect(world.observer.summaries.allSatisfy { !$0.detail.contains(code) })
    }
}

/// A source of one-time challenges that people choose.
private struct WeakSource: ChallengeSource {
    let name = "weak"
    let id: UUID

    func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        .accept(claims: [.oneTimeChallenge(id)], strength: .unknown)
    }
}
