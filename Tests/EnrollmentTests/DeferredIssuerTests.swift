// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import PKIX
internal import Storage
internal import TestSupport
internal import Testing

internal import struct Foundation.Date

@Suite struct DeferredIssuerTests {
    @Test func certificateOfADeferredIssuerIsStoredBeforeItIsSent() async throws {
        let world = try await World()
        let profile = try world.profile(issuer: DeferredIssuer(world.issuer))
        let code = try await world.code()
        let answer = try await world.ask(try Device(in: world).message(code), profile: profile)
        let stored = try await world.store.certificates(after: nil, limit: 10)
        #expect(answer == .certificate(try #require(stored.first).der))
        #expect(stored.count == 1)
        #expect(world.observer.reasons == [.issued])
    }

    @Test func refusedOrderFreesTheCode() async throws {
        let world = try await World()
        let issuer = DeferredIssuer(world.issuer, .refuses)
        let profile = try world.profile(issuer: issuer)
        let code = try await world.code()
        let message = try Device(in: world).message(code)
        #expect(try await world.ask(message, profile: profile) == .failure("2", "the certificate can't be issued"))
        #expect(try await world.row(code).usedAt == nil)
        issuer.behave(.signs)
        let other = try Device("device-2", key: try TestKeys.other, in: world)
        #expect(try await world.ask(try other.message(code), profile: profile).certificate != nil)
        #expect(try await world.ask(message, profile: profile) == .uniform)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func sameRequestCanBeMadeAgainAfterARefusal() async throws {
        let world = try await World()
        let issuer = DeferredIssuer(world.issuer, .refuses)
        let profile = try world.profile(issuer: issuer)
        let message = try Device(in: world).message(try await world.code())
        _ = try await world.ask(message, profile: profile)
        issuer.behave(.signs)
        #expect(try await world.ask(message, profile: profile).certificate != nil)
        #expect(issuer.orders.count == 2)
    }

    @Test(arguments: [DeferredIssuer.Behaviour.doesNotKnow, .decidesLater])
    func undecidedOrderStaysAndIsFinishedLater(behaviour: DeferredIssuer.Behaviour) async throws {
        let world = try await World()
        let issuer = DeferredIssuer(world.issuer, behaviour)
        let profile = try world.profile(issuer: issuer)
        let code = try await world.code()
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message(code), profile: profile) == .unavailable)
        #expect(try await world.ask(try device.message(code), profile: profile) == .unavailable)
        let thief = try Device("device-2", key: try TestKeys.other, in: world)
        #expect(try await world.ask(try thief.message(code), profile: profile) == .uniform)
        #expect(Array(issuer.orders.values) == [1])

        issuer.behave(.signs)
        #expect(try await world.service().resume(before: .distantFuture, issuers: [issuer.id: issuer]) == 1)
        #expect(try await world.ask(try device.message(code), profile: profile).certificate != nil)
        #expect(Array(issuer.orders.values) == [2])
        #expect(try await world.certificateCount() == 1)
    }

    @Test func otherRequestOfAnOpenTransactionIsRefused() async throws {
        let world = try await World()
        let issuer = DeferredIssuer(world.issuer, .doesNotKnow)
        let profile = try world.profile(issuer: issuer)
        let device = try Device(in: world)
        _ = try await world.ask(try device.message(try await world.code()), profile: profile)
        let code = try await world.code()
        let other = try device.message(code)
        #expect(
            try await world.ask(other, profile: profile) == .failure("2", "another request of this transaction is open")
        )
        #expect(try await world.row(code).usedAt == nil)
        issuer.behave(.signs)
        _ = try await world.service().resume(before: .distantFuture, issuers: [issuer.id: issuer])
        #expect(try await world.ask(other, profile: profile).certificate != nil)
        #expect(try await world.certificateCount() == 2)
    }

    @Test func openTransactionIsFinishedThoughItsCodeHasExpiredMeanwhile() async throws {
        let world = try await World()
        let issuer = DeferredIssuer(world.issuer, .doesNotKnow)
        let profile = try world.profile(issuer: issuer)
        let message = try Device(in: world).message(try await world.code(lifetime: 10))
        #expect(try await world.ask(message, profile: profile) == .unavailable)
        issuer.behave(.signs)
        world.clock.advance(World.beyondTheLease)
        #expect(try await world.ask(message, profile: profile).certificate != nil)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func certificateThatWasNotOrderedIsNeitherStoredNorSent() async throws {
        let world = try await World()
        let first = try await world.ask(
            try Device("other", key: try TestKeys.other, in: world).message(try await world.code())
        )
        let foreign = try #require(first.certificate)
        let issuer = DeferredIssuer(world.issuer, .mixesUp(foreign.der))
        let message = try Device(in: world).message(try await world.code())
        #expect(try await world.ask(message, profile: try world.profile(issuer: issuer)) == .unavailable)
        #expect(try await world.certificateCount() == 1)
        #expect(world.observer.reasons.last == .issuerFailed)
    }

    @Test func noTraceClaimsACertificateThatWasRefused() async throws {
        let world = try await World()
        let profile = try world.profile(issuer: DeferredIssuer(world.issuer, .refuses))
        _ = try await world.ask(try Device(in: world).message(try await world.code()), profile: profile)
        _ = try await world.traces.flush()
        let traces = try await world.store.traces(transactionID: "0123456789ABCDEF", limit: 10)
        #expect(traces.map(\.reasonCode) == [ReasonCode.issuerRefused.rawValue])
    }

    @Test func manyUndecidedTransactionsDoNotHideTheLaterOnes() async throws {
        let world = try await World()
        let issuer = DeferredIssuer(world.issuer, .doesNotKnow)
        let profile = try world.profile(issuer: issuer)
        let code = try await world.challenges.makeStatic(code: nil, name: "lab", profile: "default", lifetime: nil)
        let device = try Device(in: world)
        for index in 0..<101 {
            world.clock.advance(0.01)
            _ = try await world.ask(try device.message(code, transactionID: "open-\(index)"), profile: profile)
        }
        _ = try await world.service().resume(before: .distantFuture, issuers: [issuer.id: issuer])
        #expect(issuer.orders.values.filter { $0 > 1 }.count == 101)
    }
}
