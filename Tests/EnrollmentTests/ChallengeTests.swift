// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import SCEPCrafting
internal import Storage
internal import TestSupport
internal import Testing

internal import struct Foundation.Date

@Suite struct ChallengeTests {
    @Test func wrongMissingAndEmptyChallengesGetTheUniformFailure() async throws {
        let world = try await World()
        let device = try Device(in: world)
        _ = try await world.code()
        for challenge in ["wrong", nil, ""] {
            #expect(try await world.ask(try device.message(challenge)) == .uniform)
        }
        #expect(world.observer.reasons == [.challengeUnknown, .challengeMissing, .challengeMissing])
        #expect(try await world.certificateCount() == 0)
    }

    @Test func usedExpiredAndRevokedCodesGetTheUniformFailure() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let (used, revoked, short) = (
            try await world.code(), try await world.code(), try await world.code(lifetime: 10)
        )
        _ = try await world.ask(try Device("device-2", key: try TestKeys.other, in: world).message(used))
        _ = try await world.store.revokeChallenge(try await world.row(revoked).id, at: world.clock.now)
        world.clock.advance(10)
        for code in [used, revoked, short] {
            #expect(try await world.ask(try device.message(code)) == .uniform)
        }
        #expect(world.observer.reasons == [.issued, .challengeUsed, .challengeRevoked, .challengeExpired])
        #expect(try await world.certificateCount() == 1)
    }

    @Test func staticChallengesRotateWithoutOutage() async throws {
        let world = try await World()
        let challenges = world.challenges
        let old = try await challenges.makeStatic(code: nil, name: "2026", profile: "default", lifetime: nil)
        let new = try await challenges.makeStatic(code: nil, name: "2027", profile: "default", lifetime: nil)
        // While both live, both are good.
        for (index, code) in [old, new, old].enumerated() {
            let message = try Device("device-\(index)", in: world).message(code, transactionID: "\(index)")
            #expect(try await world.ask(message).certificate != nil)
        }
        _ = try await world.store.revokeChallenge(try await world.row(old).id, at: world.clock.now)
        #expect(try await world.ask(try Device("late", in: world).message(old)) == .uniform)
        #expect(try await world.ask(try Device("new", in: world).message(new)).certificate != nil)
        #expect(world.observer.reasons.suffix(2) == [.challengeRevoked, .issued])
    }

    @Test func codeIsBoundToItsRAProfile() async throws {
        let world = try await World()
        func code(_ raProfile: String) async throws -> String {
            let codes = try await world.challenges.makeOneTime(
                count: 1,
                profile: "default",
                lifetime: 100,
                raProfile: raProfile
            )
            return try #require(codes.first)
        }
        #expect(try await world.ask(try Device(in: world).message(try await code("other"))) == .uniform)
        #expect(world.observer.summaries.last?.detail.contains("made for the RA profile 'other'") == true)
        #expect(try await world.ask(try Device(in: world).message(try await code("default"))).certificate != nil)
        #expect(world.observer.reasons == [.challengeIdentity, .issued])
    }

    @Test func traceNamesTheDeviceThatACodeWasMadeFor() async throws {
        let world = try await World()
        let codes = try await world.challenges.makeOneTime(
            count: 1,
            profile: "default",
            lifetime: 100,
            device: "asset 4711"
        )
        #expect(try await world.ask(try Device(in: world).message(codes.first)).certificate != nil)
        let trace = try await world.latestTrace()
        #expect(trace.steps.contains { $0.detail.hasSuffix("made for the device 'asset 4711'") })
    }

    @Test func codeLivesUpToItsLastMomentAndNotBeyond() async throws {
        let world = try await World()
        let (first, second) = (try await world.code(lifetime: 10), try await world.code(lifetime: 10))
        world.clock.advance(9.999)
        #expect(try await world.ask(try Device(in: world).message(first)).certificate != nil)
        world.clock.advance(0.001)
        #expect(try await world.ask(try Device(in: world).message(second)) == .uniform)
    }

    @Test func staticChallengeWorksForManyDevicesUntilItEnds() async throws {
        let world = try await World()
        let code = try await world.challenges.makeStatic(code: nil, name: "lab", profile: "default", lifetime: 100)
        let keys = [try TestKeys.client, try TestKeys.other, try TestKeys.registration]
        for (index, key) in keys.enumerated() {
            let device = try Device("device-\(index)", key: key, in: world)
            #expect(try await world.ask(try device.message(code)).certificate != nil)
        }
        #expect(try await world.certificateCount() == keys.count)
        world.clock.advance(101)
        #expect(try await world.ask(try Device("late", in: world).message(code)) == .uniform)
        #expect(try await world.certificateCount() == keys.count)
    }

    @Test func staticChallengeOfOnesOwnIsTakenAsItIs() async throws {
        let world = try await World()
        let code = try await world.challenges.makeStatic(
            code: "Grüße, 123456",
            name: "lab",
            profile: "default",
            lifetime: nil
        )
        let message = try Device(in: world).message(nil) { request in
            request.attributes = [TLV.attribute(OID.challengePassword, TLV.utf8(code))]
        }
        #expect(try await world.ask(message).certificate != nil)
        #expect(try await world.ask(try Device(in: world).message(code.lowercased(), transactionID: "x")) == .uniform)
    }

    @Test func codeOfAnotherProfileIsRefused() async throws {
        let world = try await World()
        let code = try await world.code(profile: "other")
        #expect(try await world.ask(try Device(in: world).message(code)) == .uniform)
        #expect(try await world.row(code, profile: "other").usedAt == nil)
    }

    @Test func failureLeavesTheCodeUsable() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let code = try await world.code()
        let spoilt = try device.message(code) { request in request.signer = try TestKeys.other }
        #expect(try await world.ask(spoilt) == .uniform)
        #expect(try await world.row(code).usedAt == nil)
        #expect(try await world.ask(try device.message(code)).certificate != nil)
        #expect(try await world.row(code).usedAt != nil)
    }

    @Test func firstSourceThatAcceptsOrRejectsDecides() async throws {
        let world = try await World()
        let own = StoredChallengeSource(store: world.store, masterKey: world.masterKey)
        let code = try await world.code()
        func outcome(_ answers: ChallengeAnswer...) async throws -> Answer {
            let sources = answers.map { FixedSource(answer: $0) as any ChallengeSource } + [own]
            return try await world.ask(
                try Device(in: world).message(code),
                profile: try world.profile(sources: sources)
            )
        }
        #expect(try await outcome(.reject(.challengeUsed)) == .uniform)
        #expect(try await outcome(.unavailable("it is down")) == .uniform)
        #expect(try await outcome(.notMine, .reject(.challengeExpired)) == .uniform)
        #expect(try await world.certificateCount() == 0)
        #expect(try await outcome(.notMine, .notMine).certificate != nil)
        #expect(
            world.observer.reasons == [.challengeUsed, .challengeUnavailable, .challengeExpired, .issued]
        )
    }

    @Test func profileWithoutAnySourceIsNotServed() async throws {
        let world = try await World()
        #expect(try world.resolve(sources: []) == nil)
        #expect(try world.resolve(sources: [FixedSource(answer: .notMine)]) != nil)
    }
}

/// A source that always says the same.
private struct FixedSource: ChallengeSource {
    let name = "fixed"
    let answer: ChallengeAnswer

    func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer { answer }
}
