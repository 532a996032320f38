// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

extension StorageCheck {
    static let voteChecks: [StorageCheck] = [
        StorageCheck("countsEachPersonOnce", with: countsOnce),
        StorageCheck("approvesOnlyWithEnoughVotes", with: approvesWithEnough),
        StorageCheck("countsNothingOnceItWaitsNoMore", with: countsOnlyWhatWaits),
        StorageCheck("countsAllWhoVoteAtOnceAndApprovesOnce", with: countsAtOnce),
    ]

    private static func asking(
        _ scenario: Scenario,
        _ needed: Int,
        _ id: String = "transaction"
    ) async throws
        -> ApprovalRecord
    {
        var approval = scenario.approval(transactionID: id, lasts: 60)
        approval.neededVotes = needed
        let waiting = try await scenario.waiting(approval)
        try expect(waiting.neededVotes, is: needed)
        return waiting
    }

    private static func countsOnce(_ scenario: Scenario) async throws {
        let approval = try await asking(scenario, 3)
        let anna = Scenario.decision("anna", at: Scenario.moment(1))
        try expect(try await scenario.store.vote(approval.id, anna), is: .counted(1, of: 3))
        let again = ApprovalDecision(by: "anna", at: Scenario.moment(2), note: "once more")
        try expect(try await scenario.store.vote(approval.id, again), is: .counted(1, of: 3))
        let bert = ApprovalDecision(by: "bert", at: Scenario.moment(3))
        try expect(try await scenario.store.vote(approval.id, bert), is: .counted(2, of: 3))
        let reopened = try await scenario.reopened()
        try expect(try await reopened.store.votes(on: approval.id), is: [anna, bert])
        try expect(try await reopened.store.votes(on: Scenario.id()), is: [])
        try expect(try await reopened.stored(approval).state, is: .pending)
        try await reopened.store.close()
    }

    private static func approvesWithEnough(_ scenario: Scenario) async throws {
        let approval = try await asking(scenario, 2)
        let anna = Scenario.decision("anna")
        try expect(try await scenario.issue(scenario.reservation(approving: approval, anna)), "claimRefused(decided)")
        // What was refused is undone as a whole, the vote in it, too.
        try expect(try await scenario.store.votes(on: approval.id), is: [])
        try expect(try await scenario.store.vote(approval.id, anna), is: .counted(1, of: 2))
        try expect(try await scenario.issue(scenario.reservation(approving: approval, anna)), "claimRefused(decided)")
        let bert = Scenario.decision("bert")
        try expect(try await scenario.issue(scenario.reservation(approving: approval, bert)), "issued")
        try expect(try await scenario.store.votes(on: approval.id).map(\.by), is: ["anna", "bert"])
        try expect(try await scenario.stored(approval).decidedBy, is: "bert")
    }

    private static func countsOnlyWhatWaits(_ scenario: Scenario) async throws {
        let approval = try await asking(scenario, 2)
        let late = Scenario.decision("anna", at: Scenario.moment(60))
        try expect(try await scenario.store.vote(approval.id, late), is: .notWaiting)
        try expect(try await scenario.store.vote(Scenario.id(), Scenario.decision()), is: .notWaiting)
        try expect(try await scenario.store.deny(approval.id, Scenario.decision("carl")), is: true)
        try expect(try await scenario.store.vote(approval.id, Scenario.decision("anna")), is: .notWaiting)
        try expect(try await scenario.store.votes(on: approval.id), is: [])
    }

    private static func countsAtOnce(_ scenario: Scenario) async throws {
        for round in 0..<4 {
            let approval = try await asking(scenario, sessions, "\(round)")
            let words = try await atOnce(scenario) { session, number in
                let decision = Scenario.decision("\(number)")
                guard case .counted(let votes, let needed) = try await session.store.vote(approval.id, decision) else {
                    return "not waiting"
                }
                guard votes == needed else { return "counted" }
                return try await session.issue(session.reservation(approving: approval, decision)).word
            }
            // Whoever comes last finds all the others' votes; on the way nobody is lost and nothing is approved early.
            try expect(words.count { $0 == "issued" }, is: 1)
            try expect(try await scenario.store.votes(on: approval.id).count, is: sessions)
            try expect(try await scenario.stored(approval).state, is: .approved)
            try expect(try await scenario.store.certificateCount(), is: round + 1)
        }
    }
}
