// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import PKIX

import struct Foundation.Date

extension StorageCheck {
    static let duplicateChecks: [StorageCheck] = [
        StorageCheck("refusesASecondCertificateForASubject", with: refusesSubject),
        StorageCheck("refusesASecondCertificateForAKey", with: refusesKey),
        StorageCheck("countsWhatIsReservedAsADuplicate", with: countsReserved),
        StorageCheck("letsARenewalStandForItsPredecessor", with: letsRenewalStand),
        StorageCheck("keepsTheClaimsOfADuplicate", with: keepsClaims),
        StorageCheck("revokesWhatIsReplacedAtOnce", with: revokesAtOnce),
        StorageCheck("revokesWhatIsReplacedAfterTheGrace", with: revokesAfterGrace),
        StorageCheck("replacesWhenALongOrderIsFinished", with: replacesWhenFinished),
        StorageCheck("issuesOneOfManyDuplicatesAtOnce", with: issuesOne),
        StorageCheck("leavesOneGoodOfManyThatReplaceAtOnce", with: leavesOneGood),
        StorageCheck("leavesOneGoodOfManyThatAreFinishedAtOnce", with: leavesOneFinished),
        StorageCheck("revokesWhatIsDueOnceAtOnce", with: revokesDueOnce),
    ]

    private static let subject: [UInt8] = Array(repeating: 7, count: 32)

    /// A reservation that looks for duplicates.
    private static func reservation(
        _ scenario: Scenario,
        _ policy: DuplicatePolicy,
        subject: [UInt8]? = subject,
        renewing: ReservationOutcome? = nil,
        at seconds: Double = 0
    ) -> Reservation {
        var reservation = scenario.reservation(
            transactionID: "\(Scenario.id())",
            at: Scenario.moment(seconds)
        )
        reservation.duplicates = DuplicateCheck(
            policy: policy,
            subjectDigest: subject,
            keyDigest: reservation.publicKeyDigest,
            renewedSerialNumber: renewing?.certificate?.serialNumber
        )
        return reservation
    }

    private static func issue(_ scenario: Scenario, _ reservation: Reservation) async throws -> ReservationOutcome {
        var certificate = Scenario.certificate(for: reservation)
        certificate.issuedAt = reservation.reservedAt
        let ready = certificate
        return try await scenario.store.reserve(reservation) { ready }
    }

    private static func revocation(_ scenario: Scenario, _ outcome: ReservationOutcome) async throws -> Revocation? {
        let certificate = try unwrap(outcome.certificate)
        return try await scenario.store.certificate(
            issuerID: certificate.issuerID,
            serialNumber: certificate.serialNumber
        )?.revocation
    }

    private static func revoke(
        _ scenario: Scenario,
        _ outcome: ReservationOutcome,
        _ reason: RevocationReason
    ) async throws {
        let certificate = try unwrap(outcome.certificate)
        let revoked = try await scenario.store.revoke(
            issuerID: certificate.issuerID,
            serialNumber: certificate.serialNumber,
            Revocation(at: Scenario.now, reason: reason)
        )
        try expect(revoked, is: .done)
    }

    private static func refusesSubject(_ scenario: Scenario) async throws {
        let policy = DuplicatePolicy(subject: .refuse)
        let request = reservation(scenario, policy)
        let first = try await issue(scenario, request)
        try expect(first, "issued")
        let second = try await issue(scenario, reservation(scenario, policy))
        guard case .duplicate(.subject, first.certificate?.serialNumber) = second else {
            throw StorageCheckFailure(description: "found \(second.word)")
        }
        // The same request gets the same answer.
        try expect(try await issue(scenario, scenario.repeated(request)), "alreadyIssued")
        // Other subjects, none at all, and other RA profiles don't matter.
        try expect(try await issue(scenario, reservation(scenario, policy, subject: [1])), "issued")
        for _ in 0..<2 { try expect(try await issue(scenario, reservation(scenario, policy, subject: nil)), "issued") }
        var elsewhere = reservation(scenario, policy)
        elsewhere.raProfile = "others"
        try expect(try await issue(scenario, elsewhere), "issued")
        // What is on hold may come back.
        try await revoke(scenario, first, .certificateHold)
        try expect(try await issue(scenario, reservation(scenario, policy)), "duplicate(subject)")
        try await revoke(scenario, first, .keyCompromise)
        try expect(try await issue(scenario, reservation(scenario, policy)), "issued")
        let late = reservation(scenario, policy, at: 31_536_001)
        try expect(try await issue(scenario, late), "issued")
    }

    private static func refusesKey(_ scenario: Scenario) async throws {
        let policy = DuplicatePolicy(key: .refuse)
        let request = reservation(scenario, policy)
        let first = try await issue(scenario, request)
        try expect(first, "issued")
        var second = reservation(scenario, policy, subject: [1])
        second.setKey(request.publicKeyDigest)
        try expect(try await issue(scenario, second), "duplicate(key)")
        try expect(try await issue(scenario, reservation(scenario, policy)), "issued")
        // A key whose certificate was revoked is no better for that.
        try await revoke(scenario, first, .keyCompromise)
        try expect(try await issue(scenario, scenario.repeated(second)), "duplicate(key)")
        second = reservation(scenario, policy, at: 31_536_001)
        second.setKey(request.publicKeyDigest)
        try expect(try await issue(scenario, second), "issued")
    }

    private static func countsReserved(_ scenario: Scenario) async throws {
        let policy = DuplicatePolicy(subject: .refuse)
        let first = reservation(scenario, policy)
        try expect(try await scenario.hold(first), "reserved")
        try expect(try await issue(scenario, reservation(scenario, policy)), "duplicate(subject)")
        try expect(try await scenario.store.abandon(first.id, at: Scenario.now), is: true)
        try expect(try await issue(scenario, reservation(scenario, policy)), "issued")
    }

    private static func letsRenewalStand(_ scenario: Scenario) async throws {
        let policy = DuplicatePolicy(subject: .refuse, key: .refuse)
        let first = try await issue(scenario, reservation(scenario, policy))
        var renewal = reservation(scenario, policy, renewing: first)
        renewal.setKey(try unwrap(first.certificate).publicKeyDigest)
        let second = try await issue(scenario, renewal)
        try expect(second, "issued")
        // Its successor is what counts now, also for who renews that one.
        try expect(try await issue(scenario, reservation(scenario, policy)), "duplicate(subject)")
        let third = try await issue(scenario, reservation(scenario, policy, renewing: second))
        try expect(third, "issued")
        try await revoke(scenario, third, .superseded)
        try expect(try await issue(scenario, reservation(scenario, policy)), "issued")
        try expect(try await revocation(scenario, first), is: nil)
    }

    private static func keepsClaims(_ scenario: Scenario) async throws {
        let policy = DuplicatePolicy(subject: .refuse)
        try expect(try await issue(scenario, reservation(scenario, policy)), "issued")
        let challenge = try await scenario.added()
        var second = reservation(scenario, policy)
        second.claims = [.oneTimeChallenge(challenge.id)]
        try expect(try await issue(scenario, second), "duplicate(subject)")
        try expect(try await scenario.stored(challenge), is: challenge)
        try expect(try await scenario.store.certificateCount(), is: 1)
    }

    private static func revokesAtOnce(_ scenario: Scenario) async throws {
        let policy = DuplicatePolicy(subject: .replace)
        let first = try await issue(scenario, reservation(scenario, policy))
        let other = try await issue(scenario, reservation(scenario, policy, subject: [1]))
        let second = try await issue(scenario, reservation(scenario, policy, at: 5.75))
        let replaced = Revocation(at: Scenario.moment(5), reason: .superseded)
        try expect(try await revocation(scenario, first), is: replaced)
        try expect(try await revocation(scenario, second), is: nil)
        try expect(try await revocation(scenario, other), is: nil)
        let count = try await scenario.store.revocationRevision(issuerID: scenario.issuer.id, shard: 3)
        try expect(count, is: 1)
        // A renewal replaces nothing of its own.
        let third = try await issue(scenario, reservation(scenario, policy, renewing: second, at: 6))
        try expect(try await revocation(scenario, second), is: nil)
        try expect(try await revocation(scenario, third), is: nil)
        // What fails replaces nothing.
        struct Failure: Error {}
        do {
            _ = try await scenario.store.reserve(reservation(scenario, policy)) { throw Failure() }
        } catch is Failure {}
        try expect(try await revocation(scenario, third), is: nil)
    }

    private static func revokesAfterGrace(_ scenario: Scenario) async throws {
        let policy = DuplicatePolicy(subject: .replace, graceDays: 2)
        let first = try await issue(scenario, reservation(scenario, policy))
        let second = try await issue(scenario, reservation(scenario, policy, at: 10))
        // The first one to replace it says when.
        let third = try await issue(scenario, reservation(scenario, policy, at: 20))
        let due = 10 + 2 * 86_400.0
        let again = try await scenario.reopened()
        try expect(try await again.store.revokeReplaced(at: Scenario.moment(due - 0.001), limit: 9), is: 0)
        try expect(try await revocation(again, first), is: nil)
        try expect(try await again.store.revokeReplaced(at: Scenario.moment(due), limit: 9), is: 1)
        try expect(
            try await revocation(again, first),
            is: Revocation(at: Scenario.moment(due), reason: .superseded)
        )
        try expect(try await again.store.revokeReplaced(at: Scenario.moment(due), limit: 9), is: 0)
        // What an operator revoked meanwhile stays as it is.
        try await revoke(again, second, .keyCompromise)
        try expect(try await again.store.revokeReplaced(at: Scenario.moment(due + 10), limit: 9), is: 1)
        try expect(try await revocation(again, second), is: Revocation(at: Scenario.now, reason: .keyCompromise))
        try expect(try await revocation(again, third), is: nil)
        try await again.store.close()
    }

    private static func replacesWhenFinished(_ scenario: Scenario) async throws {
        let policy = DuplicatePolicy(subject: .replace)
        let first = try await issue(scenario, reservation(scenario, policy))
        let request = reservation(scenario, policy, at: 3)
        try expect(try await scenario.hold(request), "reserved")
        try expect(try await revocation(scenario, first), is: nil)
        var certificate = Scenario.certificate(for: request)
        certificate.issuedAt = Scenario.moment(9)
        try expect(try await scenario.store.finish(request.id, certificate: certificate), "issued")
        try expect(
            try await revocation(scenario, first),
            is: Revocation(at: Scenario.moment(9), reason: .superseded)
        )
    }

    // MARK: - At once

    private static func issuesOne(_ scenario: Scenario) async throws {
        for round in 0..<6 {
            let subject = Scenario.bytes()
            let key = Scenario.bytes()
            let outcomes = try await atOnce(scenario) { session, _ in
                let isByKey = round.isMultiple(of: 2)
                let policy = DuplicatePolicy(subject: isByKey ? .allow : .refuse, key: isByKey ? .refuse : .allow)
                var request = reservation(session, policy, subject: subject)
                if isByKey { request.setKey(key) }
                return try await issue(session, request)
            }
            let kind = round.isMultiple(of: 2) ? "key" : "subject"
            try expectWords(outcomes, one: "issued", others: "duplicate(\(kind))")
        }
    }

    private static func leavesOneGood(_ scenario: Scenario) async throws {
        for round in 1...4 {
            let subject = Scenario.bytes()
            let outcomes = try await atOnce(scenario) { session, _ in
                try await issue(session, reservation(session, DuplicatePolicy(subject: .replace), subject: subject))
            }
            try expect(outcomes.count { $0.word == "issued" }, is: sessions)
            var good = 0
            for outcome in outcomes where try await revocation(scenario, outcome) == nil { good += 1 }
            try expect(good, is: 1)
            let count = try await scenario.store.revocationRevision(issuerID: scenario.issuer.id, shard: 3)
            try expect(count, is: round * (sessions - 1))
        }
    }

    private static func leavesOneFinished(_ scenario: Scenario) async throws {
        for round in 1...8 {
            let policy = DuplicatePolicy(subject: .replace)
            let subject = Scenario.bytes()
            let requests = (0..<sessions).map { _ in reservation(scenario, policy, subject: subject) }
            for request in requests { try expect(try await scenario.hold(request), "reserved") }
            let certificates = try await atOnce(scenario) { session, number in
                let certificate = Scenario.certificate(for: requests[number])
                try expect(try await session.store.finish(requests[number].id, certificate: certificate), "issued")
                return certificate
            }
            var good = 0
            for certificate in certificates {
                let stored = try await scenario.store.certificate(
                    issuerID: certificate.issuerID,
                    serialNumber: certificate.serialNumber
                )
                if try unwrap(stored).revocation == nil { good += 1 }
            }
            try expect(good, is: 1)
            let count = try await scenario.store.revocationRevision(issuerID: scenario.issuer.id, shard: 3)
            try expect(count, is: round * (sessions - 1))
        }
    }

    private static func revokesDueOnce(_ scenario: Scenario) async throws {
        let policy = DuplicatePolicy(subject: .replace, graceDays: 1)
        for number in 0..<12 {
            for _ in 0..<2 { _ = try await issue(scenario, reservation(scenario, policy, subject: [UInt8(number)])) }
        }
        _ = try await atOnce(scenario) { session, _ in
            while try await session.store.revokeReplaced(at: Scenario.moment(86_400), limit: 5) > 0 {}
        }
        let count = try await scenario.store.revocationRevision(issuerID: scenario.issuer.id, shard: 3)
        try expect(count, is: 12)
    }
}

extension Reservation {
    /// Makes it a reservation for another key.
    fileprivate mutating func setKey(_ digest: [UInt8]) {
        publicKeyDigest = digest
        duplicates?.keyDigest = digest
    }
}
