// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

extension StorageCheck {
    static let externalClaimChecks: [StorageCheck] = [
        StorageCheck("usesAChallengeOfOthersUpOnce", with: usesUpOnce),
        StorageCheck("answersTheSameKeyUntilAChallengeOfOthersEnds", with: answersSameKey),
        StorageCheck("keepsChallengesOfOthersApartByProfileAndMaker", with: keepsApart),
        StorageCheck("usesAChallengeOfOthersUpByWaiting", with: usesUpByWaiting),
        StorageCheck("freesTheChallengeOfOthersOfAnAbandonedTransaction", with: frees),
        StorageCheck("forgetsChallengesOfOthersWhoseTimeIsOver", with: forgets),
        StorageCheck("redeemsAChallengeOfOthersOnceForManyKeysAtOnce", with: redeemsOnce),
    ]

    private static func challenge(
        _ id: String = "id",
        of source: String = "portal",
        at profile: String = "default",
        lasts seconds: Double = 600
    ) -> ExternalChallenge {
        ExternalChallenge(profile: profile, source: source, id: id, expires: Scenario.moment(seconds))
    }

    private static func usesUpOnce(_ scenario: Scenario) async throws {
        let challenge = challenge()
        try expect(try await scenario.store.user(of: challenge), is: nil)
        let first = scenario.reservation(claims: [.external(challenge)], at: Scenario.moment(5))
        try expect(try await scenario.issue(first), "issued")
        try expect(try await scenario.store.user(of: challenge), is: first.publicKeyDigest)
        let calls = Counter()
        let second = scenario.reservation(transactionID: "second", claims: first.claims)
        let outcome = try await scenario.store.reserve(second) {
            calls.add()
            return nil
        }
        try expect(outcome, "claimRefused(used)")
        try expect(calls.value, is: 0)
        try expect(try await scenario.store.user(of: challenge), is: first.publicKeyDigest)
        let late = scenario.reservation(
            transactionID: "late",
            claims: [.external(self.challenge("other", lasts: 5))],
            at: Scenario.moment(5)
        )
        try expect(try await scenario.issue(late), "claimRefused(expired)")
        let mixed = scenario.reservation(
            transactionID: "mixed",
            claims: [.external(self.challenge("new"))] + first.claims
        )
        try expect(try await scenario.issue(mixed), "claimRefused(used)")
        try expect(try await scenario.store.user(of: self.challenge("new")), is: nil)
    }

    private static func answersSameKey(_ scenario: Scenario) async throws {
        let first = scenario.reservation(claims: [.external(challenge())])
        let issued = try await scenario.issue(first)
        var second = scenario.reservation(transactionID: "second", claims: first.claims, at: Scenario.moment(599))
        second.publicKeyDigest = first.publicKeyDigest
        let again = try await scenario.issue(second)
        try expect(again, "alreadyIssued")
        try expect(again.certificate, is: issued.certificate)
        second.reservedAt = Scenario.moment(600)
        try expect(try await scenario.issue(second), "claimRefused(expired)")
        try expect(try await scenario.store.certificateCount(), is: 1)
    }

    private static func keepsApart(_ scenario: Scenario) async throws {
        let first = scenario.reservation(claims: [.external(challenge())])
        try expect(try await scenario.issue(first), "issued")
        let other = scenario.reservation(transactionID: "maker", claims: [.external(challenge(of: "other"))])
        try expect(try await scenario.issue(other), "issued")
        let there = scenario.reservation(transactionID: "profile", claims: [.external(challenge(at: "elsewhere"))])
        try expect(try await scenario.issue(there), "issued")
        // At another URL of the same SCEP profile it is the same challenge.
        var elsewhere = scenario.reservation(transactionID: "url", claims: first.claims)
        elsewhere.key.profile = "raProfile/other"
        try expect(try await scenario.issue(elsewhere), "claimRefused(used)")
        // Nothing of one part is taken for a piece of the next.
        let shifted = scenario.reservation(transactionID: "shifted", claims: [.external(challenge("d", of: "portali"))])
        try expect(try await scenario.issue(shifted), "issued")
    }

    private static func usesUpByWaiting(_ scenario: Scenario) async throws {
        let claims = [Claim.external(challenge())]
        let first = try await scenario.waiting(scenario.approval(transactionID: "first", lasts: 300), claims: claims)
        try expect(
            try await scenario.store.user(of: challenge()),
            is: first.publicKeyDigest
        )
        let second = scenario.approval(transactionID: "second")
        try expect(try await scenario.store.wait(second, claims: claims), "claimRefused(used)")
        var again = scenario.approval(transactionID: "again", at: Scenario.moment(20))
        again.publicKeyDigest = first.publicKeyDigest
        let waiting = try await scenario.store.wait(again, claims: claims)
        try expect(waiting, "pending")
        try expect(waiting.approval, is: first)
        let approving = scenario.reservation(approving: first, at: Scenario.moment(30))
        try expect(try await scenario.issue(approving), "issued")
        let reservation = scenario.reservation(for: again, claims: claims, at: Scenario.moment(40))
        try expect(try await scenario.issue(reservation), "alreadyIssued")
        try expect(try await scenario.store.certificateCount(), is: 1)
    }

    private static func frees(_ scenario: Scenario) async throws {
        let first = scenario.reservation(claims: [.external(challenge())])
        try expect(try await scenario.hold(first), "reserved")
        let second = scenario.reservation(transactionID: "second", claims: first.claims)
        try expect(try await scenario.issue(second), "claimRefused(used)")
        try expect(try await scenario.store.abandon(first.id, at: Scenario.moment(1)), is: true)
        try expect(try await scenario.store.user(of: challenge()), is: nil)
        try expect(try await scenario.issue(second), "issued")
    }

    private static func forgets(_ scenario: Scenario) async throws {
        for number in 1...3 {
            let claim = Claim.external(challenge("\(number)", lasts: Double(number) * 100))
            let reservation = scenario.reservation(transactionID: "\(number)", claims: [claim])
            try expect(try await scenario.issue(reservation), "issued")
        }
        let store = scenario.store
        try expect(try await store.forgetUsedChallenges(before: Scenario.moment(200), limit: 1), is: 1)
        try expect(try await store.user(of: challenge("1")), is: nil)
        try expect(try await store.user(of: challenge("2")) != nil, is: true)
        try expect(try await store.forgetUsedChallenges(before: Scenario.moment(200), limit: 10), is: 1)
        try expect(try await store.forgetUsedChallenges(before: Scenario.moment(200), limit: 10), is: 0)
        try expect(try await store.user(of: challenge("3")) != nil, is: true)
    }

    private static func redeemsOnce(_ scenario: Scenario) async throws {
        for round in 0..<10 {
            let claim = Claim.external(challenge("\(round)"))
            let outcomes = try await atOnce(scenario) { session, number in
                try await session.issue(session.reservation(transactionID: "\(round).\(number)", claims: [claim]))
            }
            try expectWords(outcomes, one: "issued", others: "claimRefused(used)")
            try expect(try await scenario.store.certificateCount(), is: round + 1)
        }
    }
}
