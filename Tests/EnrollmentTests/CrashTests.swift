// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Storage
internal import Synchronization
internal import TestSupport
internal import Testing

internal import struct Foundation.Date

/// A node dies at each step of reserve → sign → finish; another one starts on what the disk held at that moment.
@Suite struct CrashTests {
    /// Keeps the disk's image at a fault point, when it is reached for the first time.
    private final class Witness: Sendable {
        private let image = Mutex<TemporaryFolder?>(nil)

        var disk: TemporaryFolder? { image.withLock { $0 } }

        func look(_ world: World) {
            image.withLock { image in
                if image == nil { image = try? world.diskImage() }
            }
        }
    }

    @Test(arguments: FaultPoint.allCases)
    func deathAtAnyPointLeavesOneCertificateForTheSameRequest(point: FaultPoint) async throws {
        let world = try await World()
        let deferred = DeferredIssuer(world.issuer)
        let profile = try world.profile(issuer: point == .afterReserve ? deferred : nil)
        let code = try await world.code()
        let witness = Witness()
        let service = world.service { if $0 == point { witness.look(world) } }
        #expect(
            try await world.ask(try Device(in: world).message(code), profile: profile, service: service).certificate
                != nil
        )

        let after = try world.restarted(in: try #require(witness.disk))
        if point == .afterReserve { after.clock.advance(World.beyondTheLease) }
        let device = try Device(in: after)
        let found = try await after.certificateCount()
        #expect(found == (point == .afterFinish || point == .beforeReply ? 1 : 0))
        let served = try after.profile(issuer: point == .afterReserve ? DeferredIssuer(after.issuer) : nil)
        let first = try await after.ask(try device.message(code), profile: served)
        #expect(first.certificate != nil)
        #expect(try await after.ask(try device.message(code), profile: served) == first)
        #expect(try await after.certificateCount() == 1)
        #expect(try await after.row(code).usedAt != nil)
        let thief = try Device("device-2", key: try TestKeys.other, in: after)
        #expect(try await after.ask(try thief.message(code), profile: served) == .uniform)
    }

    @Test func deathOfADeferredIssuersNodeKeepsTheOrderedSerialNumber() async throws {
        let world = try await World()
        let deferred = DeferredIssuer(world.issuer)
        let profile = try world.profile(issuer: deferred)
        let code = try await world.code()
        let witness = Witness()
        deferred.beforeAnswer { witness.look(world) }
        let lost = try await world.ask(try Device(in: world).message(code), profile: profile)

        let after = try world.restarted(in: try #require(witness.disk))
        after.clock.advance(World.beyondTheLease)
        let found = try await after.ask(
            try Device(in: after).message(code),
            profile: try after.profile(issuer: deferred)
        )
        // The issuer may have signed before the node died: what comes out afterwards is what was ordered before.
        #expect(found == lost)
        #expect(deferred.orders.count == 1)
    }

    @Test func resumeAtStartFinishesWhatWasReserved() async throws {
        let world = try await World()
        let deferred = DeferredIssuer(world.issuer)
        let code = try await world.code()
        let witness = Witness()
        let service = world.service { if $0 == .afterReserve { witness.look(world) } }
        _ = try await world.ask(
            try Device(in: world).message(code),
            profile: try world.profile(issuer: deferred),
            service: service
        )
        let after = try world.restarted(in: try #require(witness.disk))
        #expect(try await after.service().resume(before: .distantFuture, issuers: [deferred.id: deferred]) == 1)
        #expect(try await after.certificateCount() == 1)
        // No need to wait for the lease: the answer is there.
        #expect(try await after.ask(try Device(in: after).message(code)).certificate != nil)
        #expect(try await after.certificateCount() == 1)
        #expect(try await after.service().resume(before: .distantFuture, issuers: [deferred.id: deferred]) == 0)
    }
}
