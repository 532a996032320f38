// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import PKIX
internal import Storage
internal import TestSupport
internal import Testing

@Suite struct IdempotencyTests {
    @Test func requirement171ResentRequestGetsTheSameCertificate() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let code = try await world.code()
        let first = try await world.ask(try device.message(code))
        // Another nonce, another envelope, the same PKCS#10 request.
        let second = try await world.ask(try device.message(code))
        #expect(first.certificate != nil)
        #expect(first == second)
        #expect(world.observer.reasons == [.issued, .issuedAgain])
        #expect(try await world.certificateCount() == 1)
    }

    @Test func sameKeyAndCodeUnderAnotherTransactionIDGetTheSameCertificate() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let code = try await world.code()
        let first = try await world.ask(try device.message(code, transactionID: "first"))
        let second = try await world.ask(try device.message(code, transactionID: "second"))
        #expect(first.certificate != nil)
        #expect(first == second)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func anotherRequestUnderTheSameKeyAfterSuccessNeedsItsOwnCode() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let first = try await world.ask(try device.message(try await world.code()))
        let wrong = try await world.ask(try device.message("no code at all"))
        let second = try await world.ask(try device.message(try await world.code()))
        #expect(first.certificate != nil)
        #expect(wrong == .uniform)
        #expect(second.certificate != nil)
        #expect(first != second)
        #expect(try await world.certificateCount() == 2)
    }

    @Test func refusalBindsNothing() async throws {
        let world = try await World()
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message("a typing mistake")) == .uniform)
        #expect(try await world.ask(try device.message(try await world.code())).certificate != nil)
    }

    @Test func requirement172SameIDWithAnotherSignerIsAnotherTransaction() async throws {
        let world = try await World()
        let code = try await world.code()
        let first = try await world.ask(try Device(in: world).message(code))
        let stranger = try Device("device-2", key: try TestKeys.other, in: world)
        // With the same code it is refused, with its own it gets its own certificate; the first transaction stays as it is.
        #expect(try await world.ask(try stranger.message(code)) == .uniform)
        let own = try await world.ask(try stranger.message(try await world.code()))
        #expect(own.certificate != nil)
        #expect(own != first)
        #expect(try await world.ask(try Device(in: world).message(code)) == first)
        #expect(try await world.certificateCount() == 2)
    }

    @Test func requirement173SameIDOnAnotherProfileIsAnotherTransaction() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let other = try world.profile("other")
        let first = try await world.ask(try device.message(try await world.code()))
        let second = try await world.ask(try device.message(try await world.code(profile: "other")), profile: other)
        #expect(first.certificate != nil)
        #expect(second.certificate != nil)
        #expect(first != second)
        #expect(try await world.certificateCount() == 2)
    }

    @Test(arguments: [10.0, 2_592_000.0])
    func requirement174ReplayLongAfterwardsIssuesNothingNew(later: Double) async throws {
        let world = try await World()
        let message = try Device(in: world).message(try await world.code(lifetime: 3600))
        let first = try await world.ask(message)
        world.clock.advance(later)
        #expect(try await world.ask(message) == first)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func replayAfterTheCodeWasTakenBackIssuesNothingNew() async throws {
        let world = try await World()
        let code = try await world.code()
        let message = try Device(in: world).message(code)
        let first = try await world.ask(message)
        _ = try await world.store.revokeChallenge(try await world.row(code).id, at: world.clock.now)
        #expect(try await world.ask(message) == first)
        #expect(try await world.ask(try Device(in: world).message(code, transactionID: "other")) == .uniform)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func expiredCodeAnswersItsKeyUnderAnotherIDNoMore() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let code = try await world.code(lifetime: 60)
        #expect(try await world.ask(try device.message(code, transactionID: "first")).certificate != nil)
        world.clock.advance(61)
        #expect(try await world.ask(try device.message(code, transactionID: "second")) == .uniform)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func restartedServerRemembersWhatWasAnswered() async throws {
        let world = try await World()
        let code = try await world.code()
        let first = try await world.ask(try Device(in: world).message(code))
        try await world.store.close()
        let after = try world.restarted(in: world.folder)
        #expect(try await after.ask(try Device(in: after).message(code)) == first)
        #expect(try await after.certificateCount() == 1)
    }
}
