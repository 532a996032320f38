// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import PKIX
internal import SCEPCrafting
internal import Storage
internal import TestSupport
internal import Testing

/// What a stranger, or a device with a right code, can make the server write.
@Suite struct BoundsTests {
    @Test func hugeSubjectLeavesASmallTrace() async throws {
        let world = try await World()
        let name = String(repeating: "a\n", count: 100_000)
        let message = try Device(name, in: world).message("wrong")
        #expect(try await world.ask(message) == .uniform)
        let trace = try await world.latestTrace()
        #expect(trace.reasonCode == ReasonCode.challengeUnknown.rawValue)
        #expect(trace.steps.allSatisfy { $0.detail.utf8.count < 500 })
        #expect(trace.steps.contains { $0.detail.contains("(a name of ") })
    }

    @Test func subjectBeyondItsUpperBoundIsRefused() async throws {
        let world = try await World()
        let code = try await world.code()
        let message = try Device(String(repeating: "a", count: 129), in: world).message(code)
        #expect(try await world.ask(message) == .failure("2", "the requested names are not accepted"))
        #expect(world.observer.reasons == [.policySubject])
        #expect(try await world.row(code).usedAt == nil)
        let longest = try Device(String(repeating: "a", count: 128), in: world).message(code, transactionID: "128")
        #expect(try await world.ask(longest).certificate != nil)
    }

    @Test(arguments: ["*.*.bad_host..x", "a..b", "-a.example", "a-.example", "a_b.example", "*", "", "ä.example"])
    func malformedDNSNameIsRefused(name: String) async throws {
        let world = try await World()
        let message = try Device(in: world).message(
            try await world.code(),
            extensions: [Wish.names(Wish.dns(name))]
        )
        #expect(try await world.ask(message) == .failure("2", "the requested names are not accepted"))
        #expect(world.observer.reasons == [.policyNames])
    }

    @Test func whatSteersATerminalIsNotInTheTrace() async throws {
        let world = try await World()
        let wish = Wish.names(Wish.dns("a\u{1B}[2J\r\nb"))
        _ = try await world.ask(try Device(in: world).message(try await world.code(), extensions: [wish]))
        let shown = "'a\u{FFFD}[2J\u{FFFD}\u{FFFD}b' is no DNS name"
        #expect(try await world.latestTrace().steps.last?.detail == shown)
        #expect(world.observer.summaries.last?.detail == shown)
    }

    @Test(arguments: ["a", "device-1.example", "*.devices.example", "A.B.C.D"])
    func ordinaryDNSNameIsCertified(name: String) async throws {
        let world = try await World()
        let message = try Device(in: world).message(
            try await world.code(),
            extensions: [Wish.names(Wish.dns(name))]
        )
        #expect(try await world.ask(message).certificate != nil)
    }

    @Test func moreThan64NamesAreRefused() async throws {
        let world = try await World()
        let names = (0..<65).flatMap { Wish.dns("d\($0).example") }
        let message = try Device(in: world).message(try await world.code(), extensions: [Wish.names(names)])
        #expect(try await world.ask(message) == .failure("2", "the requested names are not accepted"))
    }

    @Test func sameRequestIsIssuedAnewWhenItsCertificateHasExpired() async throws {
        let world = try await World()
        let code = try await world.challenges.makeStatic(code: nil, name: "lab", profile: "default", lifetime: nil)
        let message = try Device(in: world).message(code)
        let first = try #require(try await world.ask(message).certificate)
        #expect(try await world.ask(message).certificate == first)
        world.clock.advance(366 * 86_400)
        let second = try #require(try await world.ask(message).certificate)
        #expect(second != first)
        #expect(world.observer.reasons == [.issued, .issuedAgain, .issued])
    }

    @Test func replaysStayInTheRing() async throws {
        let world = try await World()
        let message = try Device(in: world).message(try await world.code())
        for _ in 0..<3 {
            _ = try await world.ask(message)
            // Traces of the same moment have no order.
            world.clock.advance(1)
        }
        _ = try await world.traces.flush()
        let traces = try await world.store.traces(transactionID: "0123456789ABCDEF", limit: 10)
        #expect(traces.map(\.isAuthenticated) == [false, false, true])
    }

    @Test func replaysOfWaitingRequestsAndPollsAndQueriesStayInTheRing() async throws {
        let world = try await World()
        let profile = try world.profile(settings: .with(approval: .enrollments))
        let device = try Device(in: world)
        let holder = try await world.enrolled("holder", key: try TestKeys.other)
        let message = try device.message(try await world.code())
        let query = try holder.query(HandMadeCertificate.name("Example CA"), [0x11])
        for message in [message, message, try device.poll(), query, query] {
            world.clock.advance(0.01)
            _ = try await world.ask(message, profile: profile)
        }
        let id = try #require(try await world.waiting().first?.id)
        _ = try await world.decisions(profile).deny(id, by: "anna")
        world.clock.advance(0.01)
        _ = try await world.ask(try device.poll(), profile: profile)
        _ = try await world.traces.flush()
        let traces = try await world.store.traces(before: nil, limit: 6).map { ($0.reasonCode, $0.isAuthenticated) }
        #expect(
            traces.map(\.0) == [
                "approval.denied", "query.not-found", "query.not-found", "approval.pending", "approval.pending",
                "approval.pending",
            ]
        )
        #expect(traces.map(\.1) == [false, false, false, false, false, true])
    }
}
