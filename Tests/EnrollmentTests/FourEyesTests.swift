// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import TestSupport
internal import Testing

internal import struct Foundation.UUID

/// Nobody approves what they themselves asked for, where a profile says so.
@Suite struct FourEyesTests {
    private func profile(_ world: World, _ fourEyes: FourEyes, needed: Int = 1) throws -> ServedProfile {
        var settings = SCEPProfileSettings.with(approval: .enrollments)
        settings.fourEyes = fourEyes
        settings.approvers.needed = needed
        return try world.profile(settings: settings)
    }

    /// Lets a device ask with a code that somebody made.
    private func ask(_ world: World, _ profile: ServedProfile, madeBy maker: String?) async throws -> UUID {
        let act = maker.map { AuditAct(id: UUID(), action: "challenge.new", actor: $0, origin: "-", input: "{}") }
        let code = try await AuditAct.$current.withValue(act) { try await world.code() }
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message(code), profile: profile) == .pending)
        return try #require(try await world.waiting().last?.id)
    }

    @Test(arguments: [
        ("operator:anna", "anna"), ("token:laptop (operator:anna)", "anna"), ("local:anna", "anna"),
        ("operator:anna", "Anna"), ("token:mdm", "token:mdm"),
    ])
    func whoeverAskedDoesNotApprove(maker: String, decider: String) async throws {
        let world = try await World()
        let profile = try profile(world, .required)
        let id = try await ask(world, profile, madeBy: maker)
        let decisions = world.decisions(profile)
        guard case .refused(.approvalOwnRequest, let detail) = try await decisions.approve(id, by: decider) else {
            Issue.record("\(decider) approved what \(maker) asked for")
            return
        }
        #expect(detail.contains(maker))
        #expect(try await world.certificateCount() == 0)
        guard case .issued = try await decisions.approve(id, by: "bert") else {
            Issue.record("somebody else could not")
            return
        }
    }

    @Test func whoeverAskedMayDeny() async throws {
        let world = try await World()
        let profile = try profile(world, .required)
        let id = try await ask(world, profile, madeBy: "operator:anna")
        guard case .denied = try await world.decisions(profile).deny(id, by: "anna") else {
            Issue.record("not denied")
            return
        }
    }

    @Test func theyMayWhereNobodyAsksForFourEyes() async throws {
        let world = try await World()
        let profile = try profile(world, .optional)
        let id = try await ask(world, profile, madeBy: "operator:anna")
        guard case .issued = try await world.decisions(profile).approve(id, by: "anna") else {
            Issue.record("not issued")
            return
        }
    }

    @Test func aWordForTheirOwnCountsNoMoreWhenFourEyesAreAskedFor() async throws {
        let world = try await World()
        let before = try profile(world, .optional, needed: 2)
        let after = try profile(world, .required, needed: 2)
        let id = try await ask(world, before, madeBy: "operator:anna")
        _ = try await world.decisions(before).approve(id, by: "anna")
        guard case .counted(1, of: 2) = try await world.decisions(after).approve(id, by: "bert") else {
            Issue.record("the maker's own word counted")
            return
        }
        guard case .issued = try await world.decisions(after).approve(id, by: "carl") else {
            Issue.record("not issued by two others")
            return
        }
    }
}
