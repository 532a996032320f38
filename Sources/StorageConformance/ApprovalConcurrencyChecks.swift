// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

extension StorageCheck {
    static let approvalConcurrencyChecks: [StorageCheck] = [
        StorageCheck("approvesOnceAtOnce", with: approvesOnce),
        StorageCheck("approvesOrDeniesButNeverBoth", with: approvesOrDenies),
        StorageCheck("approvesOrExpiresButNeverBoth", with: approvesOrExpires),
        StorageCheck("showsNoApprovalWithoutItsCertificate", with: showsBothOrNone),
        StorageCheck("waitsOnceForTheSameRequestAtOnce", with: waitsOnce),
        StorageCheck("waitsWithAChallengeOnceForManyKeysAtOnce", with: redeemsOnce),
        StorageCheck("waitsOrReservesButNeverBoth", with: waitsOrReserves),
    ]

    private static func approvesOnce(_ scenario: Scenario) async throws {
        for round in 0..<4 {
            let approval = try await scenario.waiting(scenario.approval(transactionID: "\(round)"))
            let calls = Counter()
            let outcomes = try await atOnce(scenario) { session, number in
                let reservation = session.reservation(approving: approval, Scenario.decision("\(number)"))
                let outcome = try await session.store.reserve(reservation) {
                    calls.add()
                    return Scenario.certificate(for: reservation)
                }
                return (outcome, number)
            }
            try expectWords(outcomes.map(\.0), one: "issued", others: "alreadyIssued")
            try expect(calls.value, is: 1)
            try expect(Set(outcomes.map(\.0.certificate)).count, is: 1)
            let winner = try unwrap(outcomes.first { $0.0.word == "issued" })
            let approved = try await scenario.stored(approval)
            try expect(approved.decidedBy, is: "\(winner.1)")
            try expect(approved.issuedTransaction, is: winner.0.certificate?.transactionID)
            try expect(try await scenario.store.certificateCount(), is: round + 1)
        }
    }

    private static func approvesOrDenies(_ scenario: Scenario) async throws {
        for round in 0..<8 {
            let approval = try await scenario.waiting(scenario.approval(transactionID: "\(round)"))
            let before = try await scenario.store.certificateCount()
            let words = try await atOnce(scenario) { session, number in
                if (number + round).isMultiple(of: 2) {
                    let isDenied = try await session.store.deny(approval.id, Scenario.decision("\(number)"))
                    return isDenied ? "denied" : "too late"
                }
                return try await session.issue(session.reservation(approving: approval)).word
            }
            let state = try await scenario.stored(approval).state
            let isApproved = state == .approved
            try expect(words.count { $0 == "issued" }, is: isApproved ? 1 : 0)
            try expect(words.count { $0 == "denied" }, is: state == .denied ? 1 : 0)
            try expect(words.count { $0 == "claimRefused(decided)" }, is: isApproved ? 0 : sessions / 2)
            try expect(isApproved || state == .denied, "nobody decided")
            try expect(try await scenario.store.certificateCount(), is: before + (isApproved ? 1 : 0))
        }
    }

    private static func approvesOrExpires(_ scenario: Scenario) async throws {
        for round in 0..<8 {
            let approval = try await scenario.waiting(scenario.approval(transactionID: "\(round)", lasts: 60))
            let before = try await scenario.store.certificateCount()
            let words = try await atOnce(scenario) { session, number in
                if (number + round).isMultiple(of: 2) {
                    return try await session.store.expireApprovals(at: approval.expiresAt) == 1 ? "expired" : "too late"
                }
                return try await session.issue(session.reservation(approving: approval)).word
            }
            let state = try await scenario.stored(approval).state
            try expect(words.count { $0 == "issued" }, is: state == .approved ? 1 : 0)
            try expect(words.count { $0 == "expired" }, is: state == .expired ? 1 : 0)
            try expect(state == .approved || state == .expired, "it still waits")
            try expect(
                try await scenario.store.certificateCount(),
                is: before + (state == .approved ? 1 : 0)
            )
        }
    }

    private static func showsBothOrNone(_ scenario: Scenario) async throws {
        for round in 0..<4 {
            let approval = try await scenario.waiting(scenario.approval(transactionID: "\(round)"))
            _ = try await atOnce(scenario) { session, number in
                if number == 0 {
                    try expect(try await session.issue(session.reservation(approving: approval)), "issued")
                    return
                }
                // As a poll does it: what became of the request, then its certificate.
                for _ in 0..<1_000_000 {
                    let seen = try unwrap(try await session.store.newestApproval(approval.key))
                    if seen.state == .pending { continue }
                    try expect(seen.state, is: .approved)
                    let certificate = try await session.store.newest(approval.key)?.certificate
                    try expect(try unwrap(certificate).transactionID, is: seen.issuedTransaction)
                    return
                }
                try expect(false, "it was never approved")
            }
        }
    }

    private static func waitsOnce(_ scenario: Scenario) async throws {
        for round in 0..<4 {
            let challenge = try await scenario.added()
            let approval = scenario.approval(transactionID: "\(round)")
            let outcomes = try await atOnce(scenario) { session, _ in
                try await session.store.wait(session.repeated(approval), claims: [.oneTimeChallenge(challenge.id)])
            }
            try expect(Set(outcomes.map(\.word)), is: ["pending"])
            try expect(Set(outcomes.map(\.approval?.id)).count, is: 1)
            let all = try await scenario.store.approvals(transactionID: "\(round)", limit: 99)
            try expect(all.map(\.id), is: [try unwrap(outcomes.first?.approval).id])
        }
    }

    private static func redeemsOnce(_ scenario: Scenario) async throws {
        for round in 0..<4 {
            let challenge = try await scenario.added()
            let outcomes = try await atOnce(scenario) { session, number in
                let approval = session.approval(transactionID: "\(round).\(number)")
                return try await session.store.wait(approval, claims: [.oneTimeChallenge(challenge.id)])
            }
            let refused = Array(repeating: "claimRefused(used)", count: sessions - 1)
            try expect(outcomes.map(\.word).sorted(), is: (refused + ["pending"]).sorted())
            let winner = try unwrap(outcomes.compactMap(\.approval).first)
            try expect(try await scenario.stored(winner), is: winner)
            try expect(try await scenario.stored(challenge).usedByKey, is: winner.publicKeyDigest)
            let waiting = try await scenario.store.approvals(.pending, after: nil, limit: 99)
            try expect(waiting.count, is: round + 1)
        }
    }

    private static func waitsOrReserves(_ scenario: Scenario) async throws {
        for round in 0..<8 {
            let approval = scenario.approval(transactionID: "\(round)")
            let words = try await atOnce(scenario) { session, number in
                let other = session.other(approval)
                if (number + round).isMultiple(of: 2) {
                    return try await session.store.wait(other, claims: []).word
                }
                return try await session.hold(session.reservation(for: other)).word
            }
            try expect(words.count { $0 == "otherRequestOpen" }, is: sessions - 1)
            let isWaiting = try await scenario.store.newestApproval(approval.key) != nil
            let isOpen = try await scenario.store.newest(approval.key) != nil
            try expect(words.filter { $0 != "otherRequestOpen" }, is: [isWaiting ? "pending" : "reserved"])
            try expect(isWaiting != isOpen, "both are there, or neither")
        }
    }
}
