// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

extension StorageCheck {
    static let waitingClaimChecks: [StorageCheck] = [
        StorageCheck("usesAChallengeUpByWaiting", with: usesAChallengeUp),
        StorageCheck("tellsTheSameKeyOfItsWaitingRequest", with: tellsOfWaiting),
        StorageCheck("tellsTheSameKeyOfWhatItsWaitingRequestBecame", with: tellsWhatBecame),
        StorageCheck("refusesAChallengeWhoseRequestWasDeniedOrExpired", with: refusesAfterTheEnd),
        StorageCheck("tellsWhoWantsToWaitOfTheTransactionOfTheSameKey", with: tellsOfTransaction),
        StorageCheck("refusesToWaitWithChallengesThatCanNotBeUsed", with: refusesUnusable),
        StorageCheck("grantsAllClaimsOfAWaitingRequestOrNone", with: grantsAllOrNone),
        StorageCheck("decidesNothingByWaiting", with: decidesNothing),
    ]

    private static func usesAChallengeUp(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added()
        let claims = [Claim.oneTimeChallenge(challenge.id)]
        let first = scenario.approval(transactionID: "first", at: Scenario.moment(5))
        _ = try await scenario.waiting(first, claims: claims)
        var used = challenge
        used.usedAt = first.createdAt
        used.usedByKey = first.publicKeyDigest
        try expect(try await scenario.stored(challenge), is: used)
        let second = scenario.approval(transactionID: "second")
        try expect(try await scenario.store.wait(second, claims: claims), "claimRefused(used)")
        try expect(try await scenario.store.newestApproval(second.key), is: nil)
        try expect(try await scenario.issue(scenario.reservation(for: second, claims: claims)), "claimRefused(used)")
        try expect(try await scenario.store.certificateCount(), is: 0)
        // The decision may take longer than the challenge's life, and does not use it again.
        let late = scenario.reservation(approving: first, at: Scenario.moment(3604))
        try expect(try await scenario.issue(late), "issued")
        try expect(try await scenario.stored(challenge), is: used)
    }

    /// A request whose challenge the same public key brings once more under another transactionID.
    private static func redeemed(
        _ scenario: Scenario,
        _ name: String
    ) async throws -> (first: ApprovalRecord, again: ApprovalRecord, claims: [Claim]) {
        let challenge = try await scenario.added(Scenario.challenge(lasts: 600))
        let claims = [Claim.oneTimeChallenge(challenge.id)]
        let first = try await scenario.waiting(scenario.approval(transactionID: name, lasts: 300), claims: claims)
        var again = scenario.approval(transactionID: name + " again", at: Scenario.moment(20))
        again.publicKeyDigest = first.publicKeyDigest
        return (first, again, claims)
    }

    private static func tellsOfWaiting(_ scenario: Scenario) async throws {
        let (first, again, claims) = try await redeemed(scenario, "first")
        let outcome = try await scenario.store.wait(again, claims: claims)
        try expect(outcome, "pending")
        try expect(outcome.approval, is: first)
        try expect(try await scenario.store.newestApproval(again.key), is: nil)
        // A reservation has no such answer.
        try expect(try await scenario.issue(scenario.reservation(for: again, claims: claims)), "claimRefused(used)")
        let late = scenario.repeated(again, at: Scenario.moment(600))
        try expect(try await scenario.store.wait(late, claims: claims), "claimRefused(expired)")
    }

    private static func tellsWhatBecame(_ scenario: Scenario) async throws {
        let (first, again, claims) = try await redeemed(scenario, "issued")
        let approving = scenario.reservation(approving: first)
        let certificate = Scenario.certificate(for: approving)
        let reserve = scenario.reservation(for: again, claims: claims, at: Scenario.moment(20))
        try expect(try await scenario.hold(approving), "reserved")
        try expect(try await scenario.store.wait(again, claims: claims).open?.order, is: approving.order)
        try expect(try await scenario.issue(reserve).open?.order, is: approving.order)
        try expect(try await scenario.store.finish(approving.id, certificate: certificate), "issued")
        try expect(try await scenario.store.wait(again, claims: claims).certificate, is: certificate)
        let reserved = try await scenario.issue(reserve)
        try expect(reserved, "alreadyIssued")
        try expect(reserved.certificate, is: certificate)
        let late = scenario.reservation(for: again, claims: claims, at: Scenario.moment(600))
        try expect(try await scenario.issue(late), "claimRefused(expired)")
        try expect(try await scenario.store.certificateCount(), is: 1)
    }

    private static func refusesAfterTheEnd(_ scenario: Scenario) async throws {
        func expectUsed(_ again: ApprovalRecord, _ claims: [Claim], line: UInt = #line) async throws {
            let wait = try await scenario.store.wait(again, claims: claims)
            try expect(wait, "claimRefused(used)", line: line)
            let reservation = scenario.reservation(for: again, claims: claims, at: again.createdAt)
            try expect(try await scenario.issue(reservation), "claimRefused(used)", line: line)
        }
        let denied = try await redeemed(scenario, "denied")
        try expect(try await scenario.store.deny(denied.first.id, Scenario.decision()), is: true)
        try await expectUsed(denied.again, denied.claims)
        let expired = try await redeemed(scenario, "expired")
        let late = scenario.repeated(expired.again, at: expired.first.expiresAt)
        try await expectUsed(late, expired.claims)
        try expect(try await scenario.store.expireApprovals(at: expired.first.expiresAt), is: 1)
        try await expectUsed(late, expired.claims)
        let refused = try await redeemed(scenario, "refused")
        let approving = scenario.reservation(approving: refused.first)
        try expect(try await scenario.hold(approving), "reserved")
        try expect(try await scenario.store.abandon(approving.id, at: Scenario.moment(12)), is: true)
        try await expectUsed(refused.again, refused.claims)
    }

    private static func tellsOfTransaction(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added(Scenario.challenge(lasts: 600))
        let first = scenario.reservation(claims: [.oneTimeChallenge(challenge.id)])
        try expect(try await scenario.hold(first), "reserved")
        var same = scenario.approval(transactionID: "same")
        same.publicKeyDigest = first.publicKeyDigest
        let other = scenario.approval(transactionID: "other")
        let open = try await scenario.store.wait(same, claims: first.claims)
        try expect(open, "alreadyOpen")
        try expect(open.open?.id, is: first.id)
        try expect(try await scenario.store.wait(other, claims: first.claims), "claimRefused(used)")
        let certificate = Scenario.certificate(for: first)
        try expect(try await scenario.store.finish(first.id, certificate: certificate), "issued")
        let issued = try await scenario.store.wait(same, claims: first.claims)
        try expect(issued, "alreadyIssued")
        try expect(issued.certificate, is: certificate)
        let late = scenario.repeated(same, at: Scenario.moment(600))
        try expect(try await scenario.store.wait(late, claims: first.claims), "claimRefused(expired)")
        for approval in [same, other] { try expect(try await scenario.store.newestApproval(approval.key), is: nil) }
    }

    private static func refusesUnusable(_ scenario: Scenario) async throws {
        let revoked = try await scenario.added()
        try expect(try await scenario.store.revokeChallenge(revoked.id, at: Scenario.now), is: true)
        let expired = try await scenario.added(Scenario.challenge(lasts: 600))
        let refusals: [(Claim, String)] = [
            (.oneTimeChallenge(Scenario.id()), "unknown"),
            (.oneTimeChallenge(revoked.id), "revoked"), (.oneTimeChallenge(expired.id), "expired"),
        ]
        let approval = scenario.approval(at: Scenario.moment(600))
        for (claim, reason) in refusals {
            try expect(try await scenario.store.wait(approval, claims: [claim]), "claimRefused(\(reason))")
            try expect(try await scenario.store.approval(approval.id), is: nil)
        }
        let early = scenario.repeated(approval, at: Scenario.moment(599))
        _ = try await scenario.waiting(early, claims: [.oneTimeChallenge(expired.id)])
    }

    private static func grantsAllOrNone(_ scenario: Scenario) async throws {
        let good = try await scenario.added()
        let bad = try await scenario.added(Scenario.challenge(lasts: -1))
        let approval = scenario.approval()
        let claims: [Claim] = [.oneTimeChallenge(good.id), .oneTimeChallenge(bad.id)]
        try expect(try await scenario.store.wait(approval, claims: claims), "claimRefused(expired)")
        try expect(try await scenario.stored(good), is: good)
        try expect(try await scenario.store.approval(approval.id), is: nil)
        _ = try await scenario.waiting(approval, claims: [.oneTimeChallenge(good.id)])
        try expect(try await scenario.stored(good).usedByKey, is: approval.publicKeyDigest)
    }

    private static func decidesNothing(_ scenario: Scenario) async throws {
        let first = try await scenario.waiting(scenario.approval(transactionID: "first"))
        let second = scenario.approval(transactionID: "second")
        let claim = Claim.approval(first.id, Scenario.decision())
        try expect(try await scenario.store.wait(second, claims: [claim]), "claimRefused(decided)")
        try expect(try await scenario.stored(first), is: first)
        try expect(try await scenario.store.approval(second.id), is: nil)
    }
}
