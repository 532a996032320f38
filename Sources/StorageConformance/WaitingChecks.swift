// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date

extension StorageCheck {
    static let waitingChecks: [StorageCheck] = [
        StorageCheck("keepsWaitingRequestsAsTheyWere", with: keepsWaiting),
        StorageCheck("letsTheSameRequestWaitOnce", with: waitsOnce),
        StorageCheck("refusesAnotherRequestWhileOneWaits", with: refusesAnotherWhileOneWaits),
        StorageCheck("refusesToWaitWhileAnotherRequestIsOpen", with: refusesWhileOpen),
        StorageCheck("answersAWaitingRequestThatWasIssuedOrIsOpen", with: answersIssuedOrOpen),
        StorageCheck("refusesToWaitForAnUnknownIssuer", with: refusesUnknownIssuer),
        StorageCheck("findsTheNewestWaitingRequest", with: findsNewest),
        StorageCheck("listsRequestsByState", with: listsByState),
        StorageCheck("listsRequestsByTransactionID", with: listsByTransactionID),
        StorageCheck("pollsTheNewestTransaction", with: pollsNewest),
    ]

    private static func keepsWaiting(_ scenario: Scenario) async throws {
        var full = scenario.approval(transactionID: "full", at: Scenario.moment(0.125))
        full.renewedCertificate = Scenario.bytes(900)
        full.sealedChallenge = Scenario.bytes(80)
        let bare = scenario.approval(transactionID: "bare")
        try expect(try await scenario.waiting(full), is: full)
        try expect(try await scenario.waiting(bare), is: bare)
        let again = try await scenario.reopened()
        for approval in [full, bare] {
            try expect(try await again.stored(approval), is: approval)
            try expect(try await again.store.newestApproval(approval.key), is: approval)
        }
        try expect(try await again.store.approval(Scenario.id()), is: nil)
        try expect(try await again.store.newest(full.key)?.word, is: nil)
        try await again.store.close()
    }

    private static func waitsOnce(_ scenario: Scenario) async throws {
        let first = try await scenario.waiting(scenario.approval())
        let challenge = try await scenario.added()
        let second = scenario.repeated(first, at: Scenario.moment(60))
        let outcome = try await scenario.store.wait(second, claims: [.oneTimeChallenge(challenge.id)])
        try expect(outcome, "pending")
        try expect(outcome.approval, is: first)
        try expect(try await scenario.store.approval(second.id), is: nil)
        try expect(try await scenario.stored(challenge), is: challenge)
    }

    private static func refusesAnotherWhileOneWaits(_ scenario: Scenario) async throws {
        let first = try await scenario.waiting(scenario.approval())
        let challenge = try await scenario.added()
        let claims = [Claim.oneTimeChallenge(challenge.id)]
        let other = scenario.other(first)
        try expect(try await scenario.store.wait(other, claims: claims), "otherRequestOpen")
        let calls = Counter()
        for request in [first, other] {
            let outcome = try await scenario.store.reserve(scenario.reservation(for: request, claims: claims)) {
                calls.add()
                return nil
            }
            try expect(outcome, "otherRequestOpen")
        }
        try expect(calls.value, is: 0)
        try expect(try await scenario.stored(challenge), is: challenge)
        try expect(try await scenario.store.newestApproval(first.key), is: first)
        for change in 0..<3 {
            var apart = scenario.other(first)
            switch change {
            case 0: apart.key.profile = "other"
            case 1: apart.key.transactionID += "2"
            default: apart.key.signerDigest = Scenario.bytes()
            }
            try expect(try await scenario.issue(scenario.reservation(for: apart)), "issued")
            _ = try await scenario.waiting(scenario.other(apart))
        }
        try expect(try await scenario.store.deny(first.id, Scenario.decision()), is: true)
        _ = try await scenario.waiting(other)
        try expect(try await scenario.store.deny(other.id, Scenario.decision()), is: true)
        try expect(try await scenario.issue(scenario.reservation(for: first)), "issued")
    }

    private static func refusesWhileOpen(_ scenario: Scenario) async throws {
        let open = scenario.reservation()
        try expect(try await scenario.hold(open), "reserved")
        let other = scenario.other(scenario.approval(of: open))
        try expect(try await scenario.store.wait(other, claims: []), "otherRequestOpen")
        try expect(try await scenario.store.finish(open.id, certificate: Scenario.certificate(for: open)), "issued")
        _ = try await scenario.waiting(other)
    }

    private static func answersIssuedOrOpen(_ scenario: Scenario) async throws {
        let reservation = scenario.reservation()
        let certificate = Scenario.certificate(for: reservation)
        let same = scenario.approval(of: reservation)
        try expect(try await scenario.hold(reservation), "reserved")
        let open = try await scenario.store.wait(same, claims: [])
        try expect(open, "alreadyOpen")
        try expect(open.open?.order, is: reservation.order)
        try expect(try await scenario.store.finish(reservation.id, certificate: certificate), "issued")
        let challenge = try await scenario.added()
        let issued = try await scenario.store.wait(same, claims: [.oneTimeChallenge(challenge.id)])
        try expect(issued, "alreadyIssued")
        try expect(issued.certificate, is: certificate)
        try expect(try await scenario.stored(challenge), is: challenge)
        // What was issued is the answer although another request waits under the same key.
        let other = try await scenario.waiting(scenario.other(same))
        try expect(try await scenario.store.wait(same, claims: []), "alreadyIssued")
        try expect(try await scenario.store.deny(other.id, Scenario.decision()), is: true)
        let lastMoment = certificate.notAfter.addingTimeInterval(-1)
        let early = scenario.approval(of: reservation, at: lastMoment)
        try expect(try await scenario.store.wait(early, claims: []), "alreadyIssued")
        let late = scenario.approval(of: reservation, at: certificate.notAfter)
        _ = try await scenario.waiting(late)
        let anew = scenario.reservation(approving: late, at: certificate.notAfter)
        try expect(try await scenario.issue(anew), "issued")
        try expect(try await scenario.store.certificateCount(), is: 2)
    }

    private static func refusesUnknownIssuer(_ scenario: Scenario) async throws {
        let first = try await scenario.waiting(scenario.approval(transactionID: "first"))
        var nowhere = scenario.approval()
        nowhere.issuerID = Scenario.id()
        var taken = scenario.approval()
        taken.id = first.id
        for refused in [nowhere, taken] {
            try await expectConflict { _ = try await scenario.store.wait(refused, claims: []) }
            try expect(try await scenario.store.newestApproval(refused.key), is: nil)
        }
        try expect(try await scenario.stored(first), is: first)
    }

    private static func findsNewest(_ scenario: Scenario) async throws {
        let first = try await scenario.waiting(scenario.approval())
        try expect(try await scenario.store.deny(first.id, Scenario.decision()), is: true)
        try expect(try await scenario.store.newestApproval(first.key)?.state, is: .denied)
        let second = try await scenario.waiting(scenario.repeated(first, at: Scenario.moment(20)))
        try expect(try await scenario.store.newestApproval(first.key), is: second)
        for change in 0..<3 {
            var key = first.key
            switch change {
            case 0: key.profile = "other"
            case 1: key.transactionID += "2"
            default: key.signerDigest = Scenario.bytes()
            }
            try expect(try await scenario.store.newestApproval(key), is: nil)
        }
    }

    private static func listsByState(_ scenario: Scenario) async throws {
        var waiting: [ApprovalRecord] = []
        for number in [3, 0, 4, 1, 2, 5] {
            let approval = scenario.approval(transactionID: "\(number)", at: Scenario.moment(Double(number)))
            waiting.append(try await scenario.waiting(approval))
        }
        waiting.sort { $0.createdAt < $1.createdAt }
        try expect(try await scenario.store.deny(waiting[2].id, Scenario.decision()), is: true)
        let denied = try await scenario.stored(waiting.remove(at: 2))
        func page(_ state: ApprovalState, _ id: ApprovalRecord?, _ limit: Int) async throws -> [ApprovalRecord] {
            try await scenario.store.approvals(state, after: id?.id, limit: limit)
        }
        try expect(try await page(.pending, nil, 2), is: Array(waiting[..<2]))
        try expect(try await page(.pending, waiting[1], 2), is: Array(waiting[2..<4]))
        try expect(try await page(.pending, waiting[3], 2), is: [waiting[4]])
        try expect(try await page(.pending, waiting[4], 2), is: [])
        try expect(try await page(.pending, nil, 0), is: [])
        try expect(try await page(.denied, nil, 9), is: [denied])
        try expect(try await page(.approved, nil, 9), is: [])
    }

    private static func listsByTransactionID(_ scenario: Scenario) async throws {
        var all: [ApprovalRecord] = []
        for number in 0..<4 {
            let name = number == 2 ? "other" : "transaction"
            all.append(
                try await scenario.waiting(
                    scenario.approval(transactionID: name, at: Scenario.moment(Double(number)))
                )
            )
        }
        func list(_ transactionID: String, _ limit: Int) async throws -> [ApprovalRecord] {
            try await scenario.store.approvals(transactionID: transactionID, limit: limit)
        }
        try expect(try await list("transaction", 9), is: [all[3], all[1], all[0]])
        try expect(try await list("transaction", 2), is: [all[3], all[1]])
        try expect(try await list("other", 9), is: [all[2]])
        try expect(try await list("nobody", 9), is: [])
        try expect(try await list("transaction", 0), is: [])
    }

    private static func pollsNewest(_ scenario: Scenario) async throws {
        let first = scenario.reservation(at: Scenario.moment(1))
        func newest(_ key: TransactionKey? = nil) async throws -> ReservationOutcome? {
            try await scenario.store.newest(key ?? first.key)
        }
        func next(_ seconds: Double) -> Reservation {
            var reservation = scenario.repeated(first, at: Scenario.moment(seconds))
            reservation.requestDigest = Scenario.bytes()
            return reservation
        }
        try expect(try await newest()?.word, is: nil)
        let issued = try await scenario.issue(first)
        try expect(try await newest()?.word, is: "alreadyIssued")
        try expect(try await newest()?.certificate, is: issued.certificate)
        let second = try await scenario.issue(next(2))
        try expect(try await newest()?.certificate, is: second.certificate)
        let third = next(3)
        try expect(try await scenario.hold(third), "reserved")
        try expect(try await newest()?.open?.order, is: third.order)
        // Who asks for what the issuer refused does not get an older certificate.
        try expect(try await scenario.store.abandon(third.id, at: Scenario.moment(4)), is: true)
        try expect(try await newest()?.word, is: nil)
        let fourth = try await scenario.issue(next(5))
        try expect(try await newest()?.certificate, is: fourth.certificate)
        for change in 0..<3 {
            var key = first.key
            switch change {
            case 0: key.profile = "other"
            case 1: key.transactionID += "2"
            default: key.signerDigest = Scenario.bytes()
            }
            try expect(try await newest(key)?.word, is: nil)
        }
    }
}
