// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Enrollment
internal import SCEPCrafting
internal import TestSupport
internal import Testing

internal import struct Foundation.Data
internal import class Foundation.JSONDecoder

/// Which requests wait, by rules.
@Suite struct ApprovalRuleTests {
    private func profile(_ world: World, _ rules: String, sources: [any ChallengeSource]? = nil) throws -> ServedProfile
    {
        var settings = SCEPProfileSettings.with(approval: .rules)
        settings.approvalRules = try JSONDecoder().decode([ApprovalRule].self, from: Data(rules.utf8))
        return try world.profile(settings: settings, sources: sources)
    }

    private func needed(_ world: World) async throws -> Int? { try await world.waiting().last?.neededVotes }

    @Test func firstRuleThatFitsDecides() async throws {
        let rules = """
            [
                {"when": {"values": {"csr.subject.cn": ["device-*"], "csr.san.dns": ["*.lab.example"]}}, "then": "issue"},
                {"when": {"values": {"csr.subject.CN": ["device-*"]}}, "then": "wait", "needed": 2},
                {"then": "wait", "needed": 3}
            ]
            """
        let world = try await World()
        let profile = try profile(world, rules)
        let device = try Device(in: world)
        func ask(_ names: [[UInt8]], _ id: String) async throws -> Answer {
            let extensions = names.isEmpty ? [] : [Wish.names(names)]
            let message = try device.message(try await world.code(), transactionID: id, extensions: extensions)
            return try await world.ask(message, profile: profile)
        }
        #expect(try await ask([Wish.dns("a.lab.example")], "lab").certificate != nil)
        // Every name has to be one of the lab's, and there has to be one.
        #expect(try await ask([Wish.dns("a.lab.example"), Wish.dns("a.example")], "mixed") == .pending)
        #expect(try await needed(world) == 2)
        #expect(try await ask([], "none") == .pending)
        #expect(try await world.certificateCount() == 1)
        let other = try Device("printer-1", in: world)
        let message = try other.message(try await world.code(), transactionID: "printer")
        #expect(try await world.ask(message, profile: profile) == .pending)
        #expect(try await world.store.approvals(transactionID: "printer", limit: 1).first?.neededVotes == 3)
    }

    @Test func whatFitsNoRuleWaits() async throws {
        let world = try await World()
        let profile = try profile(world, #"[{"when": {"keys": ["RSA-4096"]}, "then": "issue"}]"#)
        let message = try Device(in: world).message(try await world.code())
        #expect(try await world.ask(message, profile: profile) == .pending)
        let trace = try await world.latestTrace()
        #expect(trace.steps.contains { $0.name == "approval" && $0.detail == "no rule is about it" })
    }

    @Test func rulesTellRenewalsRAProfilesAndKeysApart() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let rules = """
            [
                {"when": {"purpose": "renewal", "keys": ["RSA-2048"], "raProfiles": ["default"]}, "then": "issue"},
                {"then": "wait"}
            ]
            """
        let profile = try profile(world, rules)
        #expect(try await world.ask(try device.renewal(try TestKeys.other), profile: profile).certificate != nil)
        let first = try Device(in: world).message(try await world.code(), transactionID: "first")
        #expect(try await world.ask(first, profile: profile) == .pending)
    }

    @Test func renewalIsJudgedByWhatItKeepsAndNotByWhatItSays() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let names = [Wish.names(Wish.dns("vpn.corp.example"))]
        let first = try #require(
            try await world.ask(try device.message(try await world.code(), extensions: names)).certificate
        )
        let rules = #"[{"when": {"values": {"csr.san.dns": ["*.corp.example"]}}, "then": "wait"}, {"then": "issue"}]"#
        let renewal = try device.holding(first).renewal(try TestKeys.other)
        #expect(try await world.ask(renewal, profile: try profile(world, rules)) == .pending)
    }

    @Test func whatASourceKnowsCounts() async throws {
        let world = try await World()
        let rules = #"[{"when": {"values": {"webhook.group": ["phones"]}}, "then": "issue"}]"#
        let (trusted, other) = (Knowing(group: "phones"), Knowing(group: "guests"))
        let device = try Device(in: world)
        let message = try device.message("x", transactionID: "trusted")
        #expect(try await world.ask(message, profile: try profile(world, rules, sources: [trusted])).certificate != nil)
        let second = try device.message("x", transactionID: "guest")
        #expect(try await world.ask(second, profile: try profile(world, rules, sources: [other])) == .pending)
    }

    @Test(arguments: [
        #"[{"when": {}, "then": "maybe"}]"#, #"[{"then": "issue", "needed": 2}]"#, #"[{"then": "wait", "needed": 0}]"#,
        #"[{"when": {"values": {"csr.nothing": ["*"]}}, "then": "issue"}]"#,
        #"[{"when": {"values": {"webhook.x": []}}, "then": "issue"}]"#,
        #"[{"when": {"subject": "x"}, "then": "issue"}]"#,
    ])
    func rulesThatMeanNothingAreRefused(_ json: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([ApprovalRule].self, from: Data(json.utf8))
        }
    }

    @Test func rulesAndTheirPolicyGoTogether() {
        var settings = SCEPProfileSettings.with(approval: .rules)
        #expect(settings.problems().count == 1)
        settings.approvalRules = [ApprovalRule(then: .wait, needed: 3)]
        #expect(settings.problems().isEmpty)
        settings.approvers.names = ["anna", "bert"]
        #expect(settings.problems() == ["A rule needs 3 people to approve a request, and only 2 may."])
        settings.approval = .automatic
        #expect(settings.problems().count == 2)
    }
}

private struct Knowing: ChallengeSource {
    let name = "whoever knows"
    let group: String

    func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        var attributes = ChallengeAttributes()
        attributes.add("webhook.group", [group])
        return .accept(claims: [], attributes: attributes, strength: .unknown)
    }
}
