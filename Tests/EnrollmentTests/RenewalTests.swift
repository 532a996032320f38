// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import Storage
internal import SwiftASN1
internal import TestSupport
internal import Testing

internal import struct Foundation.Date

/// Renewal by the certificate that signs, in both styles (RFC 8894 §2.5, client-quirks L).
@Suite struct RenewalTests {
    private static let day = 86_400.0

    @Test(arguments: ["17", "19"])
    func requirement137And139And144IssuedCertificateRenewsItselfWithANewKeyAndWithoutAChallenge(
        type: String
    ) async throws {
        let world = try await World()
        let device = try await world.enrolled()
        world.clock.advance(300 * Self.day)
        let newKey = try TestKeys.other
        // The reply opens with the old key, under which the device signed (requirement 141).
        let renewed = try #require(try await world.ask(try device.renewal(newKey, type: type)).certificate)
        #expect(renewed.subjectPublicKeyInfo.der == newKey.publicKey.subjectPublicKeyInfo)
        #expect(renewed.subject == device.issued?.subject)
        #expect(try #require(renewed.notAfter) > world.clock.now.addingTimeInterval(364 * Self.day))
        #expect(world.observer.reasons.last == .issued)
        #expect(try await world.certificateCount() == 2)
    }

    @Test func requirement141ReplyIsEncryptedToTheOldCertificate() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let message = try device.renewal(try TestKeys.other)
        let reader = try await world.certRep(message)
        let recipient = try DERElement(try #require(try reader.content)).at(1, 0, 1, 0)
        #expect(try recipient.at(1).encoded == EnvelopeBuilder.identifier(of: try #require(device.issued)))
    }

    @Test(arguments: ["17", "19"], [Acceptance.accepted, .refused])
    func requirement138OldKeyIsRenewedWhereThePolicyAllowsIt(type: String, keyReuse: Acceptance) async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let profile = try world.profile(settings: .with(renewal: RenewalPolicy(keyReuse: keyReuse)))
        let answer = try await world.ask(try device.renewal(device.key, type: type), profile: profile)
        if keyReuse == .accepted {
            #expect(answer.certificate?.subjectPublicKeyInfo == device.issued?.subjectPublicKeyInfo)
            #expect(answer.certificate != device.issued)
        } else {
            #expect(answer == .failure("2", "a renewal needs a new key"))
            #expect(world.observer.reasons.last == .renewalKeyReuse)
            #expect(try await world.certificateCount() == 1)
        }
        #expect(try await world.ask(try device.renewal(try TestKeys.other), profile: profile).certificate != nil)
    }

    @Test(arguments: ["17", "19"])
    func requirement140RenewalWithTheOriginalChallengeIsAccepted(type: String) async throws {
        let world = try await World()
        let code = try await world.code()
        let device = try Device(in: world)
        let first = try #require(try await world.ask(try device.message(code)).certificate)
        let renewal = try device.holding(first).renewal(try TestKeys.other, type: type, challenge: code)
        #expect(try await world.ask(renewal).certificate != nil)
        // So is one that nobody made: the certificate entitles, not the challenge.
        let odd = try device.holding(first).renewal(
            try TestKeys.other,
            transactionID: "odd",
            type: type,
            challenge: "x"
        )
        #expect(try await world.ask(odd).certificate != nil)
        #expect(try await world.certificateCount() == 3)
    }

    @Test func renewalDoesNotUseUpAFreshCode() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let code = try await world.code()
        #expect(try await world.ask(try device.renewal(try TestKeys.other, challenge: code)).certificate != nil)
        #expect(try await world.row(code).usedAt == nil)
    }

    @Test func requirement142SelfSignedAndForeignAndExpiredAndRevokedSignersRenewNothing() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let own = try #require(device.issued)
        var forged = HandMadeCertificate("device-1", key: device.key)
        forged.issuer = HandMadeCertificate.name("Example CA")
        forged.serialNumber = own.serialNumber
        var foreign = HandMadeCertificate("device-1", key: device.key)
        foreign.issuer = HandMadeCertificate.name("Foreign CA")
        let signers: [(EncodedCertificate?, ReasonCode)] = [
            (nil, .renewalSigner), (try foreign.read(), .renewalSigner), (try forged.read(), .renewalSigner),
        ]
        for (signer, reason) in signers {
            var stranger = device
            stranger.issued = signer
            #expect(try await world.ask(try stranger.renewal(device.key)) == .uniform)
            #expect(world.observer.reasons.last == reason)
        }
        try await world.revoke(own)
        #expect(try await world.ask(try device.renewal(try TestKeys.other)) == .uniform)
        #expect(world.observer.reasons.last == .renewalRevoked)
        let expiring = try await world.enrolled("device-2")
        world.clock.advance(365 * Self.day)
        #expect(try await world.ask(try expiring.renewal(try TestKeys.other)) == .uniform)
        #expect(world.observer.reasons.last == .renewalExpired)
        #expect(try await world.certificateCount() == 2)
    }

    @Test func requirement142HeldCertificateRenewsAgainOnceReleased() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let own = try #require(device.issued)
        try await world.revoke(own, .certificateHold)
        #expect(try await world.ask(try device.renewal(try TestKeys.other)) == .uniform)
        #expect(try await world.certificates.release(try await world.record(own)) == .done)
        #expect(try await world.ask(try device.renewal(try TestKeys.other)).certificate != nil)
    }

    @Test func certificateOfAnotherProfileRenewsNothing() async throws {
        let world = try await World()
        let printers = try world.profile("printers")
        let device = try await world.enrolled(profile: printers)
        for type in ["17", "19"] {
            #expect(try await world.ask(try device.renewal(try TestKeys.other, type: type)) == .uniform)
            #expect(world.observer.reasons.last == .renewalSigner)
        }
        #expect(
            try await world.ask(try device.renewal(try TestKeys.other), profile: printers).certificate != nil
        )
    }

    @Test func certificateOfAnotherProfileWithAFreshCodeEnrolsAnew() async throws {
        let world = try await World()
        let device = try await world.enrolled(profile: try world.profile("printers"))
        let message = try device.renewal(try TestKeys.other, type: "19", challenge: try await world.code())
        let moved = try #require(try await world.ask(message).certificate)
        #expect(try await world.record(moved).profile == "default")
        #expect(try await world.record(try #require(device.issued)).revocation == nil)
    }

    @Test func requirement146RenewalIsServedExactlyWhereItIsAnnounced() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        for requests in [Acceptance.accepted, .refused] {
            let profile = try world.profile(settings: .with(renewal: RenewalPolicy(requests: requests)))
            let isAnnounced = Capabilities(body: profile.capabilities).supportsRenewal
            #expect(isAnnounced == (requests == .accepted))
            for type in ["17", "19"] {
                let message = try device.renewal(try TestKeys.other, transactionID: "\(requests) \(type)", type: type)
                let answer = try await world.ask(message, profile: profile)
                #expect((answer.certificate != nil) == isAnnounced)
                if !isAnnounced {
                    #expect(answer == .uniform)
                    #expect(world.observer.reasons.last == .renewalNotServed)
                }
            }
        }
        #expect(try await world.certificateCount() == 3)
    }

    // MARK: - Transactions

    @Test(arguments: ["17", "19"])
    func lostReplyIsSentAgainThoughTheOldCertificateHasExpired(type: String) async throws {
        let world = try await World()
        let device = try await world.enrolled()
        world.clock.advance(364.9 * Self.day)
        let message = try device.renewal(try TestKeys.other, type: type)
        let first = try await world.ask(message)
        #expect(first.certificate != nil)
        world.clock.advance(Self.day)
        #expect(try await world.ask(message) == first)
        // Another request is a renewal, and comes too late.
        #expect(try await world.ask(try device.renewal(device.key, type: type)) == .uniform)
        #expect(try await world.certificateCount() == 2)
    }

    @Test func lostReplyIsNotSentAgainOnceTheOldCertificateIsRevoked() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let message = try device.renewal(try TestKeys.other)
        #expect(try await world.ask(message).certificate != nil)
        try await world.revoke(try #require(device.issued))
        #expect(try await world.ask(message) == .uniform)
    }

    @Test(arguments: ["17", "19"])
    func sameTransactionIDAtTheNextRenewalGivesANewCertificate(type: String) async throws {
        let world = try await World()
        var device = try Device(in: world)
        let id = "a hash of a key that stays"
        let code = try await world.code()
        let first = try await world.ask(try device.message(code, transactionID: id)).certificate
        device = device.holding(try #require(first))
        var seen: Set<[UInt8]> = [try #require(first).der]
        for _ in 0..<3 {
            world.clock.advance(200 * Self.day)
            let message = try device.renewal(device.key, transactionID: id, type: type)
            let renewed = try #require(try await world.ask(message).certificate)
            #expect(try await world.ask(message).certificate == renewed)
            #expect(seen.insert(renewed.der).inserted)
            device = device.holding(renewed)
        }
        #expect(try await world.certificateCount() == 4)
    }

    @Test func sameRenewalAtOnceOnTwoNodesGetsOneCertificate() async throws {
        let world = try await World()
        let nodes = [world, try world.anotherNode()]
        let device = try await world.enrolled()
        let message = try device.renewal(try TestKeys.other)
        let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
            for index in 0..<24 { group.addTask { try await nodes[index % 2].ask(message) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers.compactMap(\.certificate?.der)).count == 1)
        #expect(answers.allSatisfy { $0.certificate != nil })
        #expect(try await world.certificateCount() == 2)
    }

    // MARK: - Re-enrolment by a challenge, whatever certificate signs (client-quirks L2)

    @Test func expiredSignerWithAFreshCodeEnrolsAnew() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        world.clock.advance(400 * Self.day)
        let message = try device.renewal(try TestKeys.other, type: "19", challenge: try await world.code())
        #expect(try await world.ask(message).certificate != nil)
        #expect(try await world.ask(try device.renewal(try TestKeys.other, transactionID: "x", type: "19")) == .uniform)
        #expect(world.observer.reasons.last == .renewalExpired)
        let wrong = try device.renewal(try TestKeys.other, transactionID: "y", type: "19", challenge: "wrong")
        #expect(try await world.ask(wrong) == .uniform)
        #expect(world.observer.reasons.last == .challengeUnknown)
        #expect(try await world.certificateCount() == 2)
    }

    @Test func revokedSignerNeedsAFreshCode() async throws {
        let world = try await World()
        let code = try await world.code()
        let device = try Device(in: world)
        let first = try #require(try await world.ask(try device.message(code)).certificate)
        try await world.revoke(first)
        let old = try device.holding(first).renewal(try TestKeys.other, type: "19", challenge: code)
        #expect(try await world.ask(old) == .uniform)
        #expect(world.observer.reasons.last == .challengeUsed)
        let fresh = try device.holding(first)
            .renewal(try TestKeys.other, type: "19", challenge: try await world.code())
        #expect(try await world.ask(fresh).certificate != nil)
    }

    @Test func unknownSignerWithAFreshCodeEnrolsItsOwnKeyAndNoOther() async throws {
        let world = try await World()
        var unknown = HandMadeCertificate("device-1", key: try TestKeys.client)
        unknown.issuer = HandMadeCertificate.name("Some CA")
        unknown.signer = try TestKeys.other
        let device = try Device(in: world).holding(try unknown.read())
        let code = try await world.code()
        #expect(try await world.ask(try device.message(code, for: try TestKeys.registration)) == .uniform)
        #expect(world.observer.reasons.last == .requestKeyMismatch)
        #expect(try await world.row(code).usedAt == nil)
        #expect(try await world.ask(try device.message(code)).certificate != nil)
    }

    @Test(arguments: ["another subject", "too early", "the old key"])
    func validSignerWithAFreshCodeGetsWhatARenewalWouldNot(what: String) async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let policy =
            switch what {
            case "too early": RenewalPolicy(window: .lastDays(30))
            case "the old key": RenewalPolicy(keyReuse: .refused)
            default: RenewalPolicy()
            }
        let profile = try world.profile(settings: .with(renewal: policy))
        func message(_ challenge: String?, type: String) throws -> Message {
            try device.renewal(device.key, transactionID: "again", type: type, challenge: challenge) { request in
                if what == "another subject" { request.subject = HandMadeCertificate.name("device-1 renamed") }
            }
        }
        let refusals = [
            "another subject": "a renewal keeps subject and names", "the old key": "a renewal needs a new key",
        ]
        let refusal = Answer.failure("2", refusals[what] ?? "it is too early to renew the certificate")
        #expect(try await world.ask(try message(nil, type: "19"), profile: profile) == refusal)
        #expect(try await world.ask(try message(nil, type: "17"), profile: profile) == refusal)
        #expect(try await world.ask(try message("wrong", type: "19"), profile: profile) == .uniform)
        let code = try await world.code()
        // A RenewalReq is a renewal and nothing else.
        #expect(try await world.ask(try message(code, type: "17"), profile: profile) == refusal)
        #expect(try await world.row(code).usedAt == nil)
        #expect(try await world.ask(try message(code, type: "19"), profile: profile).certificate != nil)
        #expect(try await world.row(code).usedAt != nil)
    }
}
