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
