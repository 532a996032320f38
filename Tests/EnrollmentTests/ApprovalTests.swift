// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
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

/// Requests that wait for somebody's decision (RFC 8894 §3.3.2.3, design §6.2).
@Suite struct ApprovalTests {
    private static let denied = Answer.failure("2", "the request was denied")
    private static let expired = Answer.failure("2", "nobody decided on the request in time")

    private func manual(_ world: World, _ policy: ApprovalPolicy = .enrollments) throws -> ServedProfile {
        try world.profile(settings: .with(approval: policy))
    }

    @Test func requirement122AuthenticatedRequestWaits() async throws {
        let world = try await World()
        let profile = try manual(world)
        let code = try await world.code()
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message(code), profile: profile) == .pending)
        #expect(world.observer.reasons == [.approvalPending])
        #expect(try await world.certificateCount() == 0)
        let waiting = try #require(try await world.waiting().first)
        #expect(waiting.subject == "CN=device-1")
        #expect(waiting.remoteAddress == "192.0.2.1")
        #expect(waiting.sealedChallenge == nil)
        #expect(!waiting.request.contains(run: Array(code.utf8)))
    }

    @Test func requestThatIsNotAuthenticatedOrNotAllowedDoesNotWait() async throws {
        let world = try await World()
        let profile = try manual(world, .all)
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message("wrong"), profile: profile) == .uniform)
        let bad = try device.message(try await world.code(), extensions: [Wish.names(Wish.dns("a..b"))])
        #expect(
            try await world.ask(bad, profile: profile) == .failure("2", "the requested names are not accepted")
        )
        #expect(try await world.waiting().isEmpty)
    }

    @Test(arguments: [ApprovalPolicy.automatic, .enrollments, .all], ["17", "19"])
    func renewalWaitsOnlyWhereAllRequestsDo(policy: ApprovalPolicy, type: String) async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let profile = try manual(world, policy)
        let message = try device.renewal(try TestKeys.other, type: type)
        let answer = try await world.ask(message, profile: profile)
        #expect((answer == .pending) == (policy == .all))
        guard policy == .all else { return }
        let waiting = try #require(try await world.waiting().first)
        #expect(waiting.renewedCertificate == device.issued?.der)
        guard case .issued(let record) = try await world.decisions(profile).approve(waiting.id, by: "anna") else {
            Issue.record("not issued")
            return
        }
        #expect(try await world.ask(message, profile: profile) == .certificate(record.der))
        #expect(
            try await world.ask(try device.poll(transactionID: "renewal"), profile: profile) == .certificate(record.der)
        )
    }

    @Test func resentRequestGoesOnWaitingAndIsAnsweredAfterTheDecision() async throws {
        let world = try await World()
        let profile = try manual(world)
        let device = try Device(in: world)
        let code = try await world.code(lifetime: 3600)
        let message = try device.message(code)
        for _ in 0..<3 { #expect(try await world.ask(message, profile: profile) == .pending) }
        #expect(try await world.waiting().count == 1)
        let id = try #require(try await world.waiting().first?.id)
        // The decision may take longer than the code lives.
        world.clock.advance(2 * 86_400)
        #expect(try await world.ask(try device.poll(), profile: profile) == .pending)
        guard case .issued(let record) = try await world.decisions(profile).approve(id, by: "anna", note: "seen") else {
            Issue.record("not issued")
            return
        }
        #expect(try await world.ask(message, profile: profile) == .certificate(record.der))
        let approval = try #require(try await world.store.approval(id))
        #expect(approval.state == .approved && approval.decidedBy == "anna" && approval.note == "seen")
        #expect(approval.issuedTransaction == record.transactionID)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func requestGoesOnWaitingThoughItsProfileAsksNobodyAnyMore() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let message = try device.message(try await world.code())
        #expect(try await world.ask(message, profile: try manual(world)) == .pending)
        let automatic = try world.profile()
        #expect(try await world.ask(message, profile: automatic) == .pending)
        #expect(try await world.ask(try device.poll(), profile: automatic) == .pending)
        let id = try #require(try await world.waiting().first?.id)
        guard case .issued(let record) = try await world.decisions(automatic).approve(id, by: "anna") else {
            Issue.record("not issued")
            return
        }
        #expect(try await world.ask(message, profile: automatic) == .certificate(record.der))
        #expect(try await world.certificateCount() == 1)
    }

    @Test func otherRequestUnderTheSameIDIsRefusedWhileOneWaits() async throws {
        let world = try await World()
        let profile = try manual(world)
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message(try await world.code()), profile: profile) == .pending)
        let code = try await world.code()
        let other = try device.message(code)
        #expect(
            try await world.ask(other, profile: profile)
                == .failure("2", "another request of this transaction is open")
        )
        #expect(world.observer.reasons.last == .transactionOtherOpen)
        #expect(try await world.row(code).usedAt == nil)
        // Nor may it be issued at once, where the profile has stopped asking people.
        #expect(
            try await world.ask(other) == .failure("2", "another request of this transaction is open")
        )
        let id = try #require(try await world.waiting().first?.id)
        guard case .denied = try await world.decisions(profile).deny(id, by: "anna") else {
            Issue.record("not denied")
            return
        }
        #expect(try await world.ask(other, profile: profile) == .pending)
    }

    @Test func codeOfAWaitingRequestIsOfNoUseToAnotherKey() async throws {
        let world = try await World()
        let profile = try manual(world)
        let code = try await world.code()
        #expect(try await world.ask(try Device(in: world).message(code), profile: profile) == .pending)
        let thief = try Device("device-1", key: try TestKeys.other, in: world)
        #expect(try await world.ask(try thief.message(code), profile: profile) == .uniform)
        #expect(try await world.ask(try thief.message(code, transactionID: "other"), profile: profile) == .uniform)
        #expect(world.observer.reasons.suffix(2) == [.challengeUsed, .challengeUsed])
        #expect(try await world.waiting().count == 1)
    }

    @Test func requirement130NewRequestWithANewIDWhileOneWaitsIsHandled() async throws {
        let world = try await World()
        let profile = try manual(world)
        let device = try Device(in: world)
        let code = try await world.code()
        #expect(
            try await world.ask(try device.message(code, transactionID: "first"), profile: profile) == .pending
        )
        let second = try device.message(code, transactionID: "second")
        #expect(try await world.ask(second, profile: profile) == .pending)
        let id = try #require(try await world.waiting().first?.id)
        #expect(try await world.waiting().count == 1)
        guard case .issued(let record) = try await world.decisions(profile).approve(id, by: "anna") else {
            Issue.record("not issued")
            return
        }
        #expect(try await world.ask(second, profile: profile) == .certificate(record.der))
        #expect(try await world.certificateCount() == 1)
    }

    @Test func requirement131SameSubjectMayHaveSeveralCertificates() async throws {
        let world = try await World()
        let first = try await world.enrolled()
        let second = try await world.enrolled(key: try TestKeys.other)
        #expect(first.issued?.subject == second.issued?.subject)
        try await world.revoke(try #require(first.issued))
        #expect(try await world.enrolled(key: try TestKeys.registration).issued != nil)
    }

    // MARK: - Decisions

    @Test func deniedRequestEndsAndItsCodeStaysUsed() async throws {
        let world = try await World()
        let profile = try manual(world)
        let device = try Device(in: world)
        let code = try await world.code()
        let message = try device.message(code)
        _ = try await world.ask(message, profile: profile)
        let id = try #require(try await world.waiting().first?.id)
        guard case .denied = try await world.decisions(profile).deny(id, by: "anna", note: "stolen") else {
            Issue.record("not denied")
            return
        }
        #expect(try await world.ask(try device.poll(), profile: profile) == Self.denied)
        #expect(try await world.ask(message, profile: profile) == Self.denied)
        let other = try device.message(code, extensions: [Wish.names(Wish.dns("device-1.example"))])
        #expect(try await world.ask(other, profile: profile) == .uniform)
        #expect(world.observer.reasons.last == .challengeUsed)
        for again in [
            try await world.decisions(profile).approve(id, by: "b"),
            try await world.decisions(profile).deny(id, by: "b"),
        ] {
            guard case .decided(.denied) = again else {
                Issue.record("\(again)")
                continue
            }
        }
        #expect(try await world.certificateCount() == 0)
    }

    @Test(arguments: ["17", "19"])
    func clientThatRepeatsARenewalInsteadOfPollingHearsOfTheDenial(type: String) async throws {
        let world = try await World()
        let device = try await world.enrolled()
        var settings = SCEPProfileSettings.with(approval: .all)
        settings.approvalDays = 3
        let profile = try world.profile(settings: settings)
        let message = try device.renewal(try TestKeys.other, type: type)
        #expect(try await world.ask(message, profile: profile) == .pending)
        let id = try #require(try await world.waiting().first?.id)
        _ = try await world.decisions(profile).deny(id, by: "anna")
        for _ in 0..<2 {
            #expect(try await world.ask(message, profile: profile) == Self.denied)
            #expect(world.observer.reasons.last == .approvalDenied)
            #expect(try await world.waiting().isEmpty)
        }
        // Another request is another matter, and so is the same one when it would have expired.
        let other = try device.renewal(try TestKeys.registration, type: type)
        #expect(try await world.ask(other, profile: profile) == .pending)
        world.clock.advance(3 * 86_400)
        #expect(try await world.ask(message, profile: profile) == .pending)
    }

    @Test func requestThatNobodyDecidedOnExpires() async throws {
        let world = try await World()
        var settings = SCEPProfileSettings.with(approval: .enrollments)
        settings.approvalDays = 3
        let profile = try world.profile(settings: settings)
        let device = try Device(in: world)
        let code = try await world.code(lifetime: 30 * 86_400)
        let message = try device.message(code)
        _ = try await world.ask(message, profile: profile)
        let id = try #require(try await world.waiting().first?.id)
        world.clock.advance(3 * 86_400 - 0.01)
        #expect(try await world.ask(try device.poll(), profile: profile) == .pending)
        world.clock.advance(0.01)
        // Both before and after somebody sweeps.
        for _ in 0..<2 {
            #expect(try await world.ask(try device.poll(), profile: profile) == Self.expired)
            for outcome in [
                try await world.decisions(profile).approve(id, by: "a"),
                try await world.decisions(profile).deny(id, by: "a"),
            ] {
                guard case .decided(.expired) = outcome else {
                    Issue.record("\(outcome)")
                    continue
                }
            }
            _ = try await world.store.expireApprovals(at: world.clock.now)
        }
        #expect(try await world.ask(message, profile: profile) == .uniform)
        #expect(try await world.ask(try device.message(try await world.code()), profile: profile) == .pending)
        #expect(try await world.certificateCount() == 0)
    }

    @Test func requestOfAProfileThatIsGoneIsNotApproved() async throws {
        let world = try await World()
        let profile = try manual(world)
        _ = try await world.ask(try Device(in: world).message(try await world.code()), profile: profile)
        let id = try #require(try await world.waiting().first?.id)
        let nothing = ApprovalAdministration(service: world.service()) { _ in nil }
        guard case .refused(.policyProfile, _) = try await nothing.approve(id, by: "anna") else {
            Issue.record("not refused")
            return
        }
        guard case .unknown = try await nothing.approve(UUID(), by: "anna") else {
            Issue.record("not unknown")
            return
        }
        // It still waits, for the profile may come back.
        guard case .issued = try await world.decisions(profile).approve(id, by: "anna") else {
            Issue.record("not issued")
            return
        }
    }

    @Test func approvalGoesByTheRulesAsTheyAreNow() async throws {
        let world = try await World()
        let profile = try manual(world)
        _ = try await world.ask(
            try Device("device-1", key: try TestKeys.client, in: world).message(try await world.code()),
            profile: profile
        )
        let id = try #require(try await world.waiting().first?.id)
        let stricter = try world.profile(
            settings: .with(approval: .enrollments),
            template: CertificateTemplate(minimumRSABits: 3072)
        )
        guard case .refused(.policyKey, _) = try await world.decisions(stricter).approve(id, by: "anna") else {
            Issue.record("not refused")
            return
        }
        #expect(try await world.waiting().map(\.id) == [id])
        #expect(try await world.certificateCount() == 0)
    }

    @Test func renewalIsNotApprovedOnceTheOldCertificateIsRevoked() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let profile = try manual(world, .all)
        _ = try await world.ask(try device.renewal(try TestKeys.other), profile: profile)
        let id = try #require(try await world.waiting().first?.id)
        try await world.revoke(try #require(device.issued))
        guard case .refused(.renewalRevoked, _) = try await world.decisions(profile).approve(id, by: "anna") else {
            Issue.record("not refused")
            return
        }
        #expect(try await world.certificateCount() == 1)
    }

    @Test func renewalIsApprovedThoughTheOldCertificateHasExpiredMeanwhile() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let profile = try manual(world, .all)
        world.clock.advance(364.5 * 86_400)
        _ = try await world.ask(try device.renewal(try TestKeys.other), profile: profile)
        world.clock.advance(86_400)
        let id = try #require(try await world.waiting().first?.id)
        guard case .issued(let record) = try await world.decisions(profile).approve(id, by: "anna") else {
            Issue.record("not issued")
            return
        }
        #expect(
            try await world.ask(try device.poll(transactionID: "renewal"), profile: profile) == .certificate(record.der)
        )
    }

    // MARK: - Issuers that take longer

    @Test func approvedRequestOfASlowIssuerGoesOnBeingPending() async throws {
        let world = try await World()
        let issuer = DeferredIssuer(world.issuer, .doesNotKnow)
        let profile = try world.profile(settings: .with(approval: .enrollments), issuer: issuer)
        let device = try Device(in: world)
        _ = try await world.ask(try device.message(try await world.code()), profile: profile)
        let id = try #require(try await world.waiting().first?.id)
        guard case .ordered = try await world.decisions(profile).approve(id, by: "anna") else {
            Issue.record("not ordered")
            return
        }
        #expect(try await world.ask(try device.poll(), profile: profile) == .pending)
        issuer.behave(.signs)
        world.clock.advance(World.beyondTheLease)
        #expect(try await world.ask(try device.poll(), profile: profile).certificate != nil)
        #expect(try await world.certificateCount() == 1)
    }
}
