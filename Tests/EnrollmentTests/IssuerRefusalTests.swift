// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Storage
internal import TestSupport
internal import Testing

/// Requests that somebody approved, and whose order the issuer then refused.
@Suite struct IssuerRefusalTests {
    private static let refused = Answer.failure("2", "the certificate can't be issued")

    /// The approval of the request that waits, which the issuer has refused.
    private func refusedApproval(_ world: World, _ profile: ServedProfile) async throws -> ApprovalRecord {
        let waiting = try #require(try await world.waiting().first)
        let outcome = try await world.decisions(profile).approve(waiting.id, by: "anna")
        guard case .refused(.issuerRefused, "the other CA says no") = outcome else {
            Issue.record("\(outcome)")
            return waiting
        }
        return try #require(try await world.store.approval(waiting.id))
    }

    @Test func pollHearsOfTheIssuersRefusalAndNotOfADenial() async throws {
        let world = try await World()
        let issuer = DeferredIssuer(world.issuer, .refuses)
        let profile = try world.profile(settings: .with(approval: .enrollments), issuer: issuer)
        let device = try Device(in: world)
        _ = try await world.ask(try device.message(try await world.code()), profile: profile)
        let approval = try await refusedApproval(world, profile)
        #expect(approval.isRefusedByIssuer)
        #expect(approval.decidedBy == "anna")
        world.clock.advance(1)
        #expect(try await world.ask(try device.poll(), profile: profile) == Self.refused)
        #expect(world.observer.reasons.last == .issuerRefused)
        _ = try await world.traces.flush()
        let trace = try #require(
            try await world.store.traces(transactionID: approval.key.transactionID, limit: 1).first
        )
        #expect(trace.reasonCode == "issuer.refused")
        let (step, last) = (try #require(trace.steps.dropLast().last), try #require(trace.steps.last))
        #expect(step.name == "approval" && step.outcome == .passed && step.detail == "approved by anna")
        #expect(last.name == "issuer" && last.outcome == .failed)
    }

    @Test(arguments: ["17", "19"])
    func clientThatRepeatsItsRequestInsteadOfPollingHearsOfItToo(type: String) async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let issuer = DeferredIssuer(world.issuer, .refuses)
        let profile = try world.profile(settings: .with(approval: .all), issuer: issuer)
        let message = try device.renewal(try TestKeys.other, type: type)
        #expect(try await world.ask(message, profile: profile) == .pending)
        _ = try await refusedApproval(world, profile)
        #expect(try await world.ask(message, profile: profile) == Self.refused)
        #expect(world.observer.reasons.last == .issuerRefused)
    }

    @Test func denialInTheWordsOfAnIssuerIsADenial() async throws {
        let world = try await World()
        let profile = try world.profile(settings: .with(approval: .enrollments))
        let device = try Device(in: world)
        _ = try await world.ask(try device.message(try await world.code()), profile: profile)
        let waiting = try #require(try await world.waiting().first)
        _ = try await world.decisions(profile).deny(waiting.id, by: "anna", note: ApprovalRecord.issuersRefusal)
        let denied = try #require(try await world.store.approval(waiting.id))
        #expect(denied.state == .denied && !denied.isRefusedByIssuer)
        #expect(denied.note == "the issuer refused.")
        _ = try await world.ask(try device.poll(), profile: profile)
        #expect(world.observer.reasons.last == .approvalDenied)
    }
}
