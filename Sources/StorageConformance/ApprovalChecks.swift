// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

extension StorageCheck {
    static let approvalChecks: [StorageCheck] = [
        StorageCheck("approvesByAReservation", with: approves),
        StorageCheck("approvesOnlyWhatWaits", with: approvesOnlyWhatWaits),
        StorageCheck("approvesOnlyTheRequestThatWaits", with: approvesOnlyTheRequest),
        StorageCheck("approvesWithAllOrNothing", with: approvesAllOrNothing),
        StorageCheck("keepsAnApprovalWhileItsIssuerTakesLonger", with: keepsWhileOpen),
        StorageCheck("deniesWhatItsIssuerRefused", with: deniesWhatItsIssuerRefused),
        StorageCheck("deniesOnce", with: deniesOnce),
        StorageCheck("expiresWhatNobodyDecided", with: expires),
        StorageCheck("freesTheKeyOfWhatNobodyDecided", with: freesTheKey),
    ]

    private static func approves(_ scenario: Scenario) async throws {
        var first = scenario.approval()
        first.sealedChallenge = Scenario.bytes(80)
        first = try await scenario.waiting(first)
        let decision = ApprovalDecision(by: "operator", at: Scenario.moment(9.5), note: nil)
        let approving = scenario.reservation(approving: first, decision)
        let issued = try await scenario.issue(approving)
        try expect(issued, "issued")
        var approved = first
        approved.state = .approved
        approved.decidedAt = decision.at
        approved.decidedBy = decision.by
        approved.issuedTransaction = approving.id
        let again = try await scenario.reopened()
        try expect(try await again.stored(first), is: approved)
        try expect(try await again.store.newestApproval(first.key), is: approved)
        try expect(try await again.store.newest(first.key)?.certificate, is: issued.certificate)
        let found = try await again.store.find(first.key, requestDigest: first.requestDigest)
        try expect(found?.certificate, is: issued.certificate)
        // The same request has its answer, whoever asks for it or decides on it once more.
        try expect(try await again.store.wait(again.repeated(first), claims: []).certificate, is: issued.certificate)
        let twice = again.reservation(approving: first, Scenario.decision("second"))
        try expect(try await again.issue(twice).certificate, is: issued.certificate)
        try expect(try await again.store.deny(first.id, Scenario.decision()), is: false)
        try expect(try await again.stored(first), is: approved)
        let noted = try await again.waiting(again.approval(transactionID: "noted"))
        try expect(try await again.issue(again.reservation(approving: noted)), "issued")
        try expect(try await again.stored(noted).note, is: Scenario.decision().note)
        try await again.store.close()
    }

    /// Expects that a reservation is refused, and that nothing of it is left.
    private static func expectDecided(
        _ scenario: Scenario,
        _ reservation: Reservation,
        line: UInt = #line
    ) async throws {
        let before = try await scenario.store.certificateCount()
        let calls = Counter()
        let outcome = try await scenario.store.reserve(reservation) {
            calls.add()
            return nil
        }
        try expect(outcome, "claimRefused(decided)", line: line)
        try expect(calls.value, is: 0, line: line)
        try expect(try await scenario.store.certificateCount(), is: before, line: line)
        let found = try await scenario.store.find(reservation.key, requestDigest: reservation.requestDigest)
        try expect(found?.word, is: nil, line: line)
    }

    private static func approvesOnlyWhatWaits(_ scenario: Scenario) async throws {
        try await expectDecided(scenario, scenario.reservation(approving: scenario.approval()))
        let denied = try await scenario.waiting(scenario.approval(transactionID: "denied"))
        try expect(try await scenario.store.deny(denied.id, Scenario.decision()), is: true)
        try await expectDecided(scenario, scenario.reservation(approving: denied))
        let late = try await scenario.waiting(scenario.approval(transactionID: "late", lasts: 60))
        try await expectDecided(scenario, scenario.reservation(approving: late, at: Scenario.moment(60)))
        try expect(try await scenario.stored(late), is: late)
        let inTime = scenario.reservation(approving: late, at: Scenario.moment(59.999))
        try expect(try await scenario.issue(inTime), "issued")
        let expired = try await scenario.waiting(scenario.approval(transactionID: "expired", lasts: 60))
        try expect(try await scenario.store.expireApprovals(at: Scenario.moment(60)), is: 1)
        try await expectDecided(scenario, scenario.reservation(approving: expired))
    }

    private static func approvesOnlyTheRequest(_ scenario: Scenario) async throws {
        let first = try await scenario.waiting(scenario.approval())
        let other = scenario.reservation(for: scenario.other(first), claims: [.approval(first.id, Scenario.decision())])
        try await expectDecided(scenario, other)
        for change in 0..<3 {
            var elsewhere = scenario.reservation(approving: first)
            switch change {
            case 0: elsewhere.key.profile = "other"
            case 1: elsewhere.key.transactionID += "2"
            default: elsewhere.key.signerDigest = Scenario.bytes()
            }
            try await expectDecided(scenario, elsewhere)
        }
        // Whoever decided on an older request does not step over the one that waits now.
        try expect(try await scenario.store.deny(first.id, Scenario.decision()), is: true)
        let second = try await scenario.waiting(scenario.other(first, at: Scenario.moment(20)))
        try expect(try await scenario.issue(scenario.reservation(approving: first)), "otherRequestOpen")
        try expect(try await scenario.stored(second), is: second)
    }

    private struct Refused: Error {}

    private static func approvesAllOrNothing(_ scenario: Scenario) async throws {
        let first = try await scenario.waiting(scenario.approval())
        var reservation = scenario.reservation(approving: first)
        do {
            _ = try await scenario.store.reserve(reservation) { throw Refused() }
            try expect(false, "the error was lost")
        } catch is Refused {}
        try expect(try await scenario.stored(first), is: first)
        let bad = try await scenario.added(Scenario.challenge(lasts: -1))
        reservation.claims.append(.oneTimeChallenge(bad.id))
        try expect(try await scenario.issue(reservation), "claimRefused(expired)")
        try expect(try await scenario.stored(first), is: first)
        let good = try await scenario.added()
        reservation.claims = [.oneTimeChallenge(good.id), .approval(Scenario.id(), Scenario.decision())]
        try expect(try await scenario.issue(reservation), "otherRequestOpen")
        try expect(try await scenario.stored(good), is: good)
        let taken = scenario.reservation(transactionID: "taken")
        try expect(try await scenario.issue(taken), "issued")
        reservation.order.serialNumber = taken.order.serialNumber
        reservation.claims = [.oneTimeChallenge(good.id), .approval(first.id, Scenario.decision())]
        try expect(try await scenario.issue(reservation), "serialNumberTaken")
        try expect(try await scenario.stored(first), is: first)
        reservation.order.serialNumber = Scenario.bytes(16)
        try expect(try await scenario.issue(reservation), "issued")
        try expect(try await scenario.stored(first).state, is: .approved)
        try expect(try await scenario.stored(good).usedByKey, is: first.publicKeyDigest)
    }

    private static func keepsWhileOpen(_ scenario: Scenario) async throws {
        let first = try await scenario.waiting(scenario.approval())
        let approving = scenario.reservation(approving: first)
        try expect(try await scenario.hold(approving), "reserved")
        let approved = try await scenario.stored(first)
        try expect(approved.state, is: .approved)
        try expect(approved.issuedTransaction, is: approving.id)
        try expect(try await scenario.store.newest(first.key)?.open?.id, is: approving.id)
        try expect(try await scenario.store.wait(scenario.repeated(first), claims: []), "alreadyOpen")
        let twice = scenario.reservation(approving: first, Scenario.decision("second"))
        try expect(try await scenario.issue(twice), "alreadyOpen")
        try expect(try await scenario.store.deny(first.id, Scenario.decision()), is: false)
        let certificate = Scenario.certificate(for: approving)
        try expect(try await scenario.store.finish(approving.id, certificate: certificate), "issued")
        try expect(try await scenario.stored(first), is: approved)
        try expect(try await scenario.store.newest(first.key)?.certificate, is: certificate)
    }

    private static func deniesWhatItsIssuerRefused(_ scenario: Scenario) async throws {
        var first = scenario.approval()
        first.sealedChallenge = Scenario.bytes(80)
        first = try await scenario.waiting(first)
        let approving = scenario.reservation(approving: first)
        try expect(try await scenario.hold(approving), "reserved")
        try expect(try await scenario.store.abandon(approving.id, at: Scenario.moment(50)), is: true)
        var denied = first
        denied.state = .denied
        denied.sealedChallenge = nil
        denied.decidedAt = Scenario.moment(50)
        denied.decidedBy = Scenario.decision().by
        denied.note = "the issuer refused"
        try expect(try await scenario.store.newestApproval(first.key), is: denied)
        try expect(try await scenario.store.newest(first.key)?.word, is: nil)
        let again = scenario.reservation(approving: first, at: Scenario.moment(60))
        try expect(try await scenario.issue(again), "claimRefused(decided)")
        _ = try await scenario.waiting(scenario.repeated(first, at: Scenario.moment(60)))
        // Another transaction's end is none of its business.
        let other = try await scenario.waiting(scenario.approval(transactionID: "other"))
        try expect(try await scenario.hold(scenario.reservation(approving: other)), "reserved")
        let held = scenario.reservation(transactionID: "held")
        try expect(try await scenario.hold(held), "reserved")
        try expect(try await scenario.store.abandon(held.id, at: Scenario.moment(70)), is: true)
        try expect(try await scenario.stored(other).state, is: .approved)
    }

    private static func deniesOnce(_ scenario: Scenario) async throws {
        var first = scenario.approval(lasts: 60)
        first.sealedChallenge = Scenario.bytes(80)
        first = try await scenario.waiting(first)
        let other = try await scenario.waiting(scenario.approval(transactionID: "other"))
        func deny(_ seconds: Double, _ name: String = "operator") async throws -> Bool {
            let decision = Scenario.decision(name, at: Scenario.moment(seconds))
            return try await scenario.store.deny(first.id, decision)
        }
        try expect(try await scenario.store.deny(Scenario.id(), Scenario.decision()), is: false)
        try expect(try await deny(60), is: false)
        try expect(try await scenario.stored(first), is: first)
        try expect(try await deny(59.5), is: true)
        try expect(try await deny(30, "second"), is: false)
        var denied = first
        denied.state = .denied
        // Nothing is encrypted under it any more.
        denied.sealedChallenge = nil
        denied.decidedAt = Scenario.moment(59.5)
        denied.decidedBy = "operator"
        denied.note = Scenario.decision().note
        try expect(try await scenario.stored(first), is: denied)
        try expect(try await scenario.stored(other), is: other)
    }

    private static func expires(_ scenario: Scenario) async throws {
        var waiting: [ApprovalRecord] = []
        for number in 0..<5 {
            let approval = scenario.approval(transactionID: "\(number)", lasts: Double(number + 1) * 60)
            waiting.append(try await scenario.waiting(approval))
        }
        try expect(try await scenario.store.deny(waiting[0].id, Scenario.decision()), is: true)
        try expect(try await scenario.issue(scenario.reservation(approving: waiting[1])), "issued")
        let decided = [try await scenario.stored(waiting[0]), try await scenario.stored(waiting[1])]
        let moment = waiting[3].expiresAt
        try expect(try await scenario.store.expireApprovals(at: moment), is: 2)
        try expect(try await scenario.store.expireApprovals(at: moment), is: 0)
        try expect([try await scenario.stored(waiting[0]), try await scenario.stored(waiting[1])], is: decided)
        for index in 2...3 {
            var expired = waiting[index]
            expired.state = .expired
            expired.decidedAt = moment
            try expect(try await scenario.stored(waiting[index]), is: expired)
            try expect(try await scenario.store.deny(expired.id, Scenario.decision()), is: false)
        }
        try expect(try await scenario.stored(waiting[4]), is: waiting[4])
    }

    private static func freesTheKey(_ scenario: Scenario) async throws {
        // Nobody has ended it yet, but it does not bind any more.
        let first = try await scenario.waiting(scenario.approval(lasts: 60))
        let early = scenario.other(first, at: Scenario.moment(59.999))
        try expect(try await scenario.store.wait(early, claims: []), "otherRequestOpen")
        let reservation = scenario.reservation(for: early, at: Scenario.moment(59.999))
        try expect(try await scenario.issue(reservation), "otherRequestOpen")
        let again = try await scenario.waiting(scenario.repeated(first, at: Scenario.moment(60)))
        try expect(again.id != first.id, "what nobody decided in time still waits")
        try expect(try await scenario.stored(first).state, is: .expired)
        let other = try await scenario.waiting(scenario.approval(transactionID: "other", lasts: 60))
        let late = scenario.reservation(for: scenario.other(other), at: Scenario.moment(60))
        try expect(try await scenario.issue(late), "issued")
    }
}
