// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import TestSupport
internal import Testing

internal import struct Foundation.Data
internal import class Foundation.JSONDecoder

/// Requests that several people have to approve, and people who may not.
@Suite struct ApproverTests {
    private func profile(_ world: World, needed: Int, names: [String] = []) throws -> ServedProfile {
        var settings = SCEPProfileSettings.with(approval: .enrollments)
        settings.approvers = ApproverPolicy(needed: needed, names: names)
        return try world.profile(settings: settings)
    }

    @Test func certificateIsIssuedWhenEnoughDifferentPeopleAreForIt() async throws {
        let world = try await World()
        let profile = try profile(world, needed: 3)
        let device = try Device(in: world)
        let message = try device.message(try await world.code())
        #expect(try await world.ask(message, profile: profile) == .pending)
        let id = try #require(try await world.waiting().first?.id)
        let decisions = world.decisions(profile)
        for (name, votes) in [("anna", 1), ("anna", 1), ("bert", 2), ("anna", 2)] {
            guard case .counted(votes, of: 3) = try await decisions.approve(id, by: name) else {
                Issue.record("not \(votes) votes after \(name)")
                return
            }
            #expect(try await world.ask(try device.poll(), profile: profile) == .pending)
            #expect(try await world.ask(message, profile: profile) == .pending)
        }
        guard case .issued(let record) = try await decisions.approve(id, by: "carl", note: "seen") else {
            Issue.record("not issued")
            return
        }
        #expect(try await world.ask(try device.poll(), profile: profile) == .certificate(record.der))
        #expect(try await world.store.votes(on: id).map(\.by) == ["anna", "bert", "carl"])
    }

    @Test func oneDenialIsEnoughHoweverManyAreForIt() async throws {
        let world = try await World()
        let profile = try profile(world, needed: 2)
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message(try await world.code()), profile: profile) == .pending)
        let id = try #require(try await world.waiting().first?.id)
        let decisions = world.decisions(profile)
        _ = try await decisions.approve(id, by: "anna")
        guard case .denied = try await decisions.deny(id, by: "bert") else {
            Issue.record("not denied")
            return
        }
        guard case .decided(.denied) = try await decisions.approve(id, by: "carl") else {
            Issue.record("approved after its denial")
            return
        }
        #expect(try await world.certificateCount() == 0)
    }

    @Test func whoIsNotNamedDecidesNothing() async throws {
        let world = try await World()
        let profile = try profile(world, needed: 1, names: ["anna", "bert"])
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message(try await world.code()), profile: profile) == .pending)
        let id = try #require(try await world.waiting().first?.id)
        let decisions = world.decisions(profile)
        let outcomes = [
            try await decisions.approve(id, by: "mallory"), try await decisions.deny(id, by: "mallory"),
            try await decisions.approve(id, by: "Anna"),
        ]
        for outcome in outcomes {
            guard case .refused(.approvalNotEntitled, let detail) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(detail.hasSuffix("may not decide on requests of this profile; anna, bert may"))
        }
        #expect(try await world.waiting().count == 1)
        guard case .issued = try await decisions.approve(id, by: "anna") else {
            Issue.record("not issued")
            return
        }
    }

    @Test func whatARequestNeedsIsWhatItsProfileSaidWhenItCame() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let message = try device.message(try await world.code())
        #expect(try await world.ask(message, profile: try profile(world, needed: 2)) == .pending)
        let id = try #require(try await world.waiting().first?.id)
        guard case .counted(1, of: 2) = try await world.decisions(try profile(world, needed: 1)).approve(id, by: "anna")
        else {
            Issue.record("fewer people were enough")
            return
        }
    }

    @Test func whoMayDecideNoMoreCountsNoMore() async throws {
        let world = try await World()
        let before = try profile(world, needed: 2, names: ["anna", "bert"])
        let after = try profile(world, needed: 2, names: ["bert", "carl"])
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message(try await world.code()), profile: before) == .pending)
        let id = try #require(try await world.waiting().first?.id)
        _ = try await world.decisions(before).approve(id, by: "anna")
        guard case .counted(1, of: 2) = try await world.decisions(after).approve(id, by: "bert") else {
            Issue.record("a former approver counted")
            return
        }
        guard case .issued = try await world.decisions(after).approve(id, by: "carl") else {
            Issue.record("not issued")
            return
        }
    }

    @Test func codeThatIsBoundToAnRAProfileIsNotSpentForAnother() async throws {
        let world = try await World()
        let settings = SCEPProfileSettings.with(approval: .all)
        let (bound, other) = (
            try world.profile(settings: settings, sources: [BoundTo(raProfile: "default")]),
            try world.profile(settings: settings, sources: [BoundTo(raProfile: "another")])
        )
        for (profile, id) in [(bound, "bound"), (other, "other")] {
            let message = try Device(in: world).message("x", transactionID: id)
            #expect(try await world.ask(message, profile: profile) == .pending)
        }
        let decisions = world.decisions(bound)
        let waiting = try await world.waiting()
        let first = try #require(waiting.first { $0.key.transactionID == "bound" })
        let second = try #require(waiting.first { $0.key.transactionID == "other" })
        guard case .refused(.policyProfile, let detail) = try await decisions.approve(second.id, by: "anna") else {
            Issue.record("issued by another RA profile")
            return
        }
        #expect(detail.contains("bound to the RA profile 'another'"))
        guard case .issued = try await decisions.approve(first.id, by: "anna") else {
            Issue.record("not issued")
            return
        }
    }

    @Test(arguments: [
        (#"{"needed":0}"#, "1 to 16 people can be needed to approve a request"),
        (#"{"needed":17}"#, "1 to 16 people can be needed to approve a request"),
        (
            #"{"needed":2,"names":["anna","anna"]}"#,
            "2 people are needed to approve a request, and only 1 may"
        ),
    ])
    func policiesThatNobodyCouldMeetAreRefused(_ json: String, _ sentence: String) throws {
        let error = #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(ApproverPolicy.self, from: Data(json.utf8))
        }
        guard case .dataCorrupted(let context) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(context.debugDescription == sentence)
    }
}

private struct BoundTo: ChallengeSource {
    let name = "whoever binds"
    let raProfile: String

    func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        var attributes = ChallengeAttributes()
        attributes.bind(raProfile: raProfile)
        return .accept(claims: [], attributes: attributes, strength: .unknown)
    }
}
