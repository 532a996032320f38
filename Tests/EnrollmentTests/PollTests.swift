// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import Storage
internal import TestSupport
internal import Testing

internal import struct Foundation.Date
internal import struct Foundation.UUID

/// CertPoll (RFC 8894 §3.3.3, §4.4, client-quirks I5, I6).
@Suite struct PollTests {
    /// A device whose request waits, and the request's id.
    private func waiting(_ world: World, _ profile: ServedProfile) async throws -> (device: Device, id: UUID) {
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message(try await world.code()), profile: profile) == .pending)
        return (device, try #require(try await world.waiting().last?.id))
    }

    private func manual(_ world: World) throws -> ServedProfile {
        try world.profile(settings: .with(approval: .enrollments))
    }

    @Test func requirement125And129PollTellsWhatTheRecordSays() async throws {
        let world = try await World()
        let profile = try manual(world)
        let (device, id) = try await waiting(world, profile)
        #expect(try await world.ask(try device.poll(), profile: profile) == .pending)
        _ = try await world.decisions(profile).approve(id, by: "anna")
        let first = try await world.ask(try device.poll(), profile: profile)
        #expect(first.certificate?.subjectPublicKeyInfo.der == device.key.publicKey.subjectPublicKeyInfo)
        for _ in 0..<3 { #expect(try await world.ask(try device.poll(), profile: profile) == first) }
        #expect(try await world.certificateCount() == 1)
        #expect(world.observer.reasons.prefix(3) == [.approvalPending, .approvalPending, .issued])
    }

    @Test func requirement125PollAfterDenialFails() async throws {
        let world = try await World()
        let profile = try manual(world)
        let (device, id) = try await waiting(world, profile)
        _ = try await world.decisions(profile).deny(id, by: "anna")
        for _ in 0..<2 {
            #expect(try await world.ask(try device.poll(), profile: profile) == .failure("2", "the request was denied"))
        }
    }

    @Test func pollOfARequestThatWasIssuedAtOnceGetsTheCertificateAgain() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let issued = try await world.ask(try device.message(try await world.code()))
        #expect(try await world.ask(try device.poll()) == issued)
    }

    @Test func requirement124UnknownTransactionIsRefusedWhateverIsInTheEnvelope() async throws {
        let world = try await World()
        let profile = try manual(world)
        let (device, _) = try await waiting(world, profile)
        world.clock.advance(1)
        let polls = [
            try device.poll(transactionID: "unknown"),
            try device.poll(transactionID: "unknown", envelope: { $0.spoilKey = { key in key.map { $0 ^ 0x55 } } }),
            try device.poll(transactionID: "unknown", envelope: { $0.spoilContent = { $0.dropLast(16) } }),
            try device.poll(transactionID: "unknown", envelope: { $0.plaintext = [1, 2, 3] }),
            try device.poll(transactionID: "unknown", envelope: { $0.key = try TestKeys.other.publicKey }),
        ]
        for poll in polls {
            #expect(try await world.ask(poll, profile: profile) == .unknownTransaction)
            #expect(world.observer.reasons.last == .pollUnknown)
        }
        // Nothing was decrypted, so nothing has to be hidden by waiting.
        #expect(world.clock.waits.isEmpty)
        let trace = try await world.latestTrace()
        #expect(trace.steps.map(\.name) == ["message", "signature", "poll"])
        #expect(!trace.isAuthenticated)
    }

    /// Who splices another's ciphertext into a poll of their own must not learn whether it opens, or to what (decision 0011).
    @Test func answerToAPollDoesNotDependOnWhatIsInItsEnvelope() async throws {
        let world = try await World()
        let profile = try manual(world)
        let (device, id) = try await waiting(world, profile)
        let polls = [
            try device.poll(),
            try device.poll(envelope: { $0.spoilKey = { key in key.map { $0 ^ 0x55 } } }),
            try device.poll(envelope: { $0.spoilContent = { $0.dropLast(16) } }),
            try device.poll(envelope: { $0.plaintext = [1, 2, 3] }),
            try device.poll(envelope: { $0.plaintext = TLV.sequence(TLV.octetString([1]), TLV.octetString([2])) }),
            try device.poll(envelope: { $0.key = try TestKeys.other.publicKey }),
        ]
        for poll in polls {
            #expect(try await world.ask(poll, profile: profile) == .pending)
        }
        _ = try await world.decisions(profile).approve(id, by: "anna")
        for poll in polls {
            #expect(try await world.ask(poll, profile: profile).certificate != nil)
        }
        #expect(world.clock.waits.isEmpty)
    }

    @Test func requirement135PollByAnotherKeyIsRefusedAsAnUnknownOne() async throws {
        let world = try await World()
        let profile = try manual(world)
        let (_, id) = try await waiting(world, profile)
        let stranger = try Device("device-1", key: try TestKeys.other, in: world)
        #expect(try await world.ask(try stranger.poll(), profile: profile) == .unknownTransaction)
        _ = try await world.decisions(profile).approve(id, by: "anna")
        #expect(try await world.ask(try stranger.poll(), profile: profile) == .unknownTransaction)
        var forged = HandMadeCertificate("device-1", key: try TestKeys.other)
        forged.serialNumber = [0x99]
        #expect(
            try await world.ask(try stranger.holding(try forged.read()).poll(), profile: profile)
                == .unknownTransaction
        )
    }

    @Test func pollFromAnotherProfileIsRefusedAsAnUnknownOne() async throws {
        let world = try await World()
        let profile = try manual(world)
        let (device, id) = try await waiting(world, profile)
        let other = try world.profile("other", settings: .with(approval: .enrollments))
        #expect(try await world.ask(try device.poll(), profile: other) == .unknownTransaction)
        _ = try await world.decisions(profile).approve(id, by: "anna")
        #expect(try await world.ask(try device.poll(), profile: other) == .unknownTransaction)
        #expect(try await world.ask(try device.poll(), profile: profile).certificate != nil)
    }

    @Test func requirement126WrongIssuerAndSubjectAreServedAllTheSame() async throws {
        let world = try await World()
        let profile = try manual(world)
        let (device, id) = try await waiting(world, profile)
        let (authority, subject) = (HandMadeCertificate.name("Example CA"), HandMadeCertificate.name("device-1"))
        let polls = [
            try device.poll(issuer: subject, subject: authority),
            try device.poll(issuer: HandMadeCertificate.name("Root of Example CA")),
            try device.poll(subject: HandMadeCertificate.name(value: TLV.printable("DEVICE-1"))),
            try device.poll(subject: TLV.sequence()),
            try device.poll(issuer: TLV.utf8("CN=Example CA"), subject: TLV.utf8("CN=device-1")),
        ]
        for poll in polls { #expect(try await world.ask(poll, profile: profile) == .pending) }
        _ = try await world.decisions(profile).approve(id, by: "anna")
        for poll in polls { #expect(try await world.ask(poll, profile: profile).certificate != nil) }
    }

    @Test func requirement128PollsNonceIsItsOwn() async throws {
        let world = try await World()
        let profile = try manual(world)
        let (device, _) = try await waiting(world, profile)
        for nonce in [Array(repeating: 7, count: 16), Array(1...8)] as [[UInt8]] {
            let poll = try device.poll(outer: { outer in
                outer.replace(OID.senderNonce, with: TLV.attribute(OID.senderNonce, TLV.octetString(nonce)))
            })
            let reply = try await world.certRep(poll, profile: profile)
            #expect(try reply.value(OID.pkiStatus)?.text == "3")
            #expect(try reply.value(OID.recipientNonce)?.content == nonce)
            #expect(try reply.value(OID.transactionID)?.text == "0123456789ABCDEF")
            #expect(try reply.value(OID.failInfo) == nil)
        }
    }

    @Test func requirement136PollWithoutAnAttributeIsAnError() async throws {
        let world = try await World()
        let profile = try manual(world)
        let (device, _) = try await waiting(world, profile)
        for attribute in [OID.transactionID, OID.senderNonce] {
            let poll = try device.poll(outer: { $0.replace(attribute) })
            #expect(try await world.ask(poll, profile: profile) == .unanswerable)
        }
        let untyped = try device.poll(outer: { $0.replace(OID.messageType) })
        #expect(
            try await world.ask(untyped, profile: profile) == .failure("2", "the message type is not supported")
        )
    }

    @Test func requestInAPollIsNoRequestAndAPollInARequestIsNothing() async throws {
        let world = try await World()
        let profile = try manual(world)
        let (device, _) = try await waiting(world, profile)
        let code = try await world.code()
        let request = try HandMadeRequest("device-1", key: device.key, challenge: code).der()
        // A poll is not looked into: it is answered as any other.
        let poll = try device.message(holding: request, transactionID: "0123456789ABCDEF", type: "20")
        #expect(try await world.ask(poll, profile: profile) == .pending)
        let names = TLV.sequence(HandMadeCertificate.name("Example CA"), HandMadeCertificate.name("device-1"))
        for type in ["17", "19"] {
            let message = try device.message(holding: names, transactionID: "0123456789ABCDEF", type: type)
            #expect(try await world.ask(message, profile: profile) == .uniform)
        }
        #expect(try await world.row(code).usedAt == nil)
    }

    @Test func approvedCertificateIsHandedOutThoughTheApprovingNodesClockIsBehind() async throws {
        let world = try await World()
        let profile = try manual(world)
        let (device, id) = try await waiting(world, profile)
        let slow = FakeClock()
        slow.advance(-5)
        let decisions = ApprovalAdministration(service: world.service(time: slow)) { _ in profile }
        guard case .issued(let record) = try await decisions.approve(id, by: "anna") else {
            Issue.record("not issued")
            return
        }
        #expect(try await world.ask(try device.poll(), profile: profile) == .certificate(record.der))
    }

    @Test func newRequestAfterADenialIsWhatThePollIsAbout() async throws {
        let world = try await World()
        let profile = try manual(world)
        let (device, id) = try await waiting(world, profile)
        _ = try await world.decisions(profile).deny(id, by: "anna")
        world.clock.advance(1)
        #expect(try await world.ask(try device.message(try await world.code()), profile: profile) == .pending)
        #expect(try await world.ask(try device.poll(), profile: profile) == .pending)
        world.clock.advance(1)
        let second = try #require(try await world.waiting().last?.id)
        _ = try await world.decisions(profile).approve(second, by: "anna")
        #expect(try await world.ask(try device.poll(), profile: profile).certificate != nil)
    }
}
