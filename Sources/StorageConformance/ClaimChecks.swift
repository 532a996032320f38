// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

extension StorageCheck {
    static let claimChecks: [StorageCheck] = [
        StorageCheck("usesAChallengeUpOnce", with: usesAChallengeUpOnce),
        StorageCheck("answersTheSameKeyWithinTheChallengesLifetime", with: answersTheSameKey),
        StorageCheck("tellsTheSameKeyOfItsOpenTransaction", with: tellsOfOpenTransaction),
        StorageCheck("takesTheSCEPProfilesChallengeAtAnotherURL", with: takesAtAnotherURL),
        StorageCheck("refusesUnknownChallenges", with: refusesUnknown),
        StorageCheck("refusesExpiredChallenges", with: refusesExpired),
        StorageCheck("refusesRevokedChallenges", with: refusesRevoked),
        StorageCheck("grantsAllClaimsOrNone", with: grantsAllOrNone),
        StorageCheck("prefersTheTransactionToTheClaim", with: prefersTheTransaction),
        StorageCheck("freesTheClaimsOfAnAbandonedTransaction", with: freesClaims),
    ]

    private static func usesAChallengeUpOnce(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added()
        let first = scenario.reservation(claims: [.oneTimeChallenge(challenge.id)], at: Scenario.moment(5))
        try expect(try await scenario.issue(first), "issued")
        var used = challenge
        used.usedAt = first.reservedAt
        used.usedByKey = first.publicKeyDigest
        try expect(try await scenario.stored(challenge), is: used)
        let calls = Counter()
        let second = scenario.reservation(transactionID: "second", claims: first.claims)
        let outcome = try await scenario.store.reserve(second) {
            calls.add()
            return nil
        }
        try expect(outcome, "claimRefused(used)")
        try expect(calls.value, is: 0)
        try expect(try await scenario.stored(challenge), is: used)
        // Nothing of the refused one is left that could bind.
        var third = scenario.repeated(second)
        third.claims = []
        third.order.serialNumber = second.order.serialNumber
        try expect(try await scenario.issue(third), "issued")
    }

    private static func answersTheSameKey(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added(Scenario.challenge(lasts: 600))
        let first = scenario.reservation(claims: [.oneTimeChallenge(challenge.id)])
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

    private static func tellsOfOpenTransaction(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added()
        let first = scenario.reservation(claims: [.oneTimeChallenge(challenge.id)])
        try expect(try await scenario.hold(first), "reserved")
        var second = scenario.reservation(transactionID: "second", claims: first.claims)
        second.publicKeyDigest = first.publicKeyDigest
        let outcome = try await scenario.issue(second)
        try expect(outcome, "alreadyOpen")
        try expect(outcome.open?.id, is: first.id)
        try expect(outcome.open?.order, is: first.order)
    }

    /// At an RA profile's URL transactions have a name of their own, and challenges are the SCEP profile's.
    private static func takesAtAnotherURL(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added()
        var reservation = scenario.reservation(claims: [.oneTimeChallenge(challenge.id)])
        reservation.key.profile = "raProfile/devices"
        try expect(try await scenario.issue(reservation), "issued")
        let other = scenario.reservation(transactionID: "other", claims: [.oneTimeChallenge(challenge.id)])
        try expect(try await scenario.issue(other), "claimRefused(used)")
    }

    private static func refusesUnknown(_ scenario: Scenario) async throws {
        let nowhere = scenario.reservation(claims: [.oneTimeChallenge(Scenario.id())])
        try expect(try await scenario.issue(nowhere), "claimRefused(unknown)")
        let reusable = try await scenario.added(Scenario.challenge(kind: .static))
        let unusual = scenario.reservation(claims: [.oneTimeChallenge(reusable.id)])
        try expect(try await scenario.issue(unusual), "claimRefused(unknown)")
        try expect(try await scenario.stored(reusable), is: reusable)
    }

    private static func refusesExpired(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added(Scenario.challenge(lasts: 600))
        var reservation = scenario.reservation(claims: [.oneTimeChallenge(challenge.id)], at: Scenario.moment(600))
        try expect(try await scenario.issue(reservation), "claimRefused(expired)")
        reservation.reservedAt = Scenario.moment(599.999)
        try expect(try await scenario.issue(reservation), "issued")
        let endless = try await scenario.added(Scenario.challenge(lasts: nil))
        let late = scenario.reservation(claims: [.oneTimeChallenge(endless.id)], at: Scenario.moment(1e9))
        try expect(try await scenario.issue(late), "issued")
    }

    private static func refusesRevoked(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added()
        try expect(try await scenario.store.revokeChallenge(challenge.id, at: Scenario.moment(1)), is: true)
        let reservation = scenario.reservation(claims: [.oneTimeChallenge(challenge.id)], at: Scenario.moment(2))
        try expect(try await scenario.issue(reservation), "claimRefused(revoked)")

        let used = try await scenario.added()
        let first = scenario.reservation(transactionID: "first", claims: [.oneTimeChallenge(used.id)])
        try expect(try await scenario.issue(first), "issued")
        try expect(try await scenario.store.revokeChallenge(used.id, at: Scenario.moment(1)), is: true)
        let other = scenario.reservation(transactionID: "other", claims: first.claims)
        try expect(try await scenario.issue(other), "claimRefused(used)")
        // What it was used for stays.
        var same = scenario.reservation(transactionID: "same", claims: first.claims)
        same.publicKeyDigest = first.publicKeyDigest
        try expect(try await scenario.issue(same), "alreadyIssued")
    }

    private static func grantsAllOrNone(_ scenario: Scenario) async throws {
        let good = try await scenario.added()
        let alsoGood = try await scenario.added()
        let bad = try await scenario.added(Scenario.challenge(lasts: -1))
        let mixed = scenario.reservation(claims: [.oneTimeChallenge(good.id), .oneTimeChallenge(bad.id)])
        try expect(try await scenario.issue(mixed), "claimRefused(expired)")
        try expect(try await scenario.stored(good), is: good)
        let both = scenario.reservation(claims: [.oneTimeChallenge(good.id), .oneTimeChallenge(alsoGood.id)])
        try expect(try await scenario.issue(both), "issued")
        for challenge in [good, alsoGood] {
            try expect(try await scenario.stored(challenge).usedByKey, is: both.publicKeyDigest)
        }
    }

    private static func prefersTheTransaction(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added(Scenario.challenge(lasts: 600))
        let first = scenario.reservation(claims: [.oneTimeChallenge(challenge.id)])
        let issued = try await scenario.issue(first)
        // The same request binds for good, whatever became of its challenge.
        let outcome = try await scenario.issue(scenario.repeated(first, at: Scenario.moment(9999)))
        try expect(outcome, "alreadyIssued")
        try expect(outcome.certificate, is: issued.certificate)
        var held = scenario.reservation(transactionID: "held")
        try expect(try await scenario.hold(held), "reserved")
        held = scenario.repeated(held)
        held.requestDigest = Scenario.bytes()
        held.claims = first.claims
        try expect(try await scenario.issue(held), "otherRequestOpen")
    }

    private static func freesClaims(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added()
        let first = scenario.reservation(claims: [.oneTimeChallenge(challenge.id)])
        try expect(try await scenario.hold(first), "reserved")
        try expect(try await scenario.stored(challenge).usedByKey, is: first.publicKeyDigest)
        try expect(try await scenario.store.abandon(first.id, at: Scenario.moment(3)), is: true)
        try expect(try await scenario.stored(challenge), is: challenge)
        let other = scenario.reservation(transactionID: "other", claims: first.claims)
        try expect(try await scenario.issue(other), "issued")
        try expect(try await scenario.issue(scenario.repeated(first)), "claimRefused(used)")
    }
}
