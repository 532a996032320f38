// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date

extension StorageCheck {
    static let reservationChecks: [StorageCheck] = [
        StorageCheck("issuesAtOnce", with: issuesAtOnce),
        StorageCheck("reservesForLater", with: reservesForLater),
        StorageCheck("answersTheSameRequestWithTheSameCertificate", with: answersTheSameRequest),
        StorageCheck("issuesAnewWhenTheCertificateHasExpired", with: issuesAnewAfterExpiry),
        StorageCheck("findsWhatBindsARequest", with: findsWhatBinds),
        StorageCheck("refusesAnotherRequestOnlyWhileOneIsOpen", with: refusesAnotherRequest),
        StorageCheck("keepsSignersAndProfilesApart", with: keepsKeysApart),
        StorageCheck("takesEachSerialNumberOnce", with: takesSerialNumbersOnce),
        StorageCheck("storesNothingWhenSigningThrows", with: storesNothingWhenSigningThrows),
        StorageCheck("refusesAnotherCertificateThanTheOrdered", with: refusesAnotherCertificate),
        StorageCheck("refusesAnUnknownIssuer", with: refusesUnknownIssuer),
        StorageCheck("storesTheTraceWithTheReservation", with: storesTheTrace),
    ]

    private static func issuesAtOnce(_ scenario: Scenario) async throws {
        let reservation = scenario.reservation()
        let certificate = Scenario.certificate(for: reservation)
        let calls = Counter()
        let outcome = try await scenario.store.reserve(reservation) {
            calls.add()
            return certificate
        }
        try expect(outcome, "issued")
        try expect(outcome.certificate, is: certificate)
        try expect(calls.value, is: 1)
        let again = try await scenario.reopened()
        let found = try await again.store.certificate(
            issuerID: certificate.issuerID,
            serialNumber: certificate.serialNumber
        )
        try expect(found, is: certificate)
        try expect(try await again.store.certificateCount(), is: 1)
        let open = try await again.store.takeOverExpired(
            before: Scenario.moment(1_000_000),
            lease: reservation.lease,
            limit: 9
        )
        try expect(open.count, is: 0)
        try await again.store.close()
    }

    private static func reservesForLater(_ scenario: Scenario) async throws {
        let reservation = scenario.reservation()
        try expect(try await scenario.hold(reservation), "reserved")
        try expect(try await scenario.store.certificateCount(), is: 0)
        let again = try await scenario.reopened()
        let outcome = try await again.issue(again.repeated(reservation))
        try expect(outcome, "alreadyOpen")
        let open = try unwrap(outcome.open)
        try expect(open.id, is: reservation.id)
        try expect(open.key, is: reservation.key)
        try expect(open.publicKeyDigest, is: reservation.publicKeyDigest)
        try expect(open.order, is: reservation.order)
        try expect(open.raProfile, is: reservation.raProfile)
        try expect(open.lease, is: reservation.lease)
        try expect(try await again.store.certificateCount(), is: 0)
        try await again.store.close()
    }

    private static func answersTheSameRequest(_ scenario: Scenario) async throws {
        let reservation = scenario.reservation()
        let first = try await scenario.issue(reservation)
        let calls = Counter()
        let second = try await scenario.store.reserve(scenario.repeated(reservation)) {
            calls.add()
            return nil
        }
        try expect(second, "alreadyIssued")
        try expect(second.certificate, is: first.certificate)
        try expect(calls.value, is: 0)
        try expect(try await scenario.store.certificateCount(), is: 1)
    }

    private static func findsWhatBinds(_ scenario: Scenario) async throws {
        let reservation = scenario.reservation()
        func find(_ key: TransactionKey, _ digest: [UInt8]) async throws -> ReservationOutcome? {
            try await scenario.store.find(key, requestDigest: digest)
        }
        try expect(try await find(reservation.key, reservation.requestDigest)?.word, is: nil)
        try expect(try await scenario.hold(reservation), "reserved")
        let open = try await find(reservation.key, reservation.requestDigest)
        try expect(open?.open?.id, is: reservation.id)
        try expect(open?.open?.order, is: reservation.order)
        try expect(try await find(reservation.key, Scenario.bytes())?.word, is: nil)
        var other = reservation.key
        other.signerDigest = Scenario.bytes()
        try expect(try await find(other, reservation.requestDigest)?.word, is: nil)
        let certificate = Scenario.certificate(for: reservation)
        try expect(try await scenario.store.finish(reservation.id, certificate: certificate), "issued")
        let issued = try await find(reservation.key, reservation.requestDigest)
        try expect(issued?.word, is: "alreadyIssued")
        try expect(issued?.certificate, is: certificate)
        let abandoned = scenario.reservation(transactionID: "abandoned")
        try expect(try await scenario.hold(abandoned), "reserved")
        try expect(try await scenario.store.abandon(abandoned.id, at: Scenario.now), is: true)
        try expect(try await find(abandoned.key, abandoned.requestDigest)?.word, is: nil)
    }

    private static func refusesAnotherRequest(_ scenario: Scenario) async throws {
        let first = scenario.reservation()
        var second = scenario.reservation()
        second.key = first.key
        var third = scenario.reservation()
        third.key = first.key
        try expect(try await scenario.hold(first), "reserved")
        try expect(try await scenario.issue(second), "otherRequestOpen")
        try expect(try await scenario.hold(second), "otherRequestOpen")
        try expect(try await scenario.store.finish(first.id, certificate: Scenario.certificate(for: first)), "issued")
        try expect(try await scenario.hold(second), "reserved")
        try expect(try await scenario.issue(scenario.repeated(first)), "alreadyIssued")
        try expect(try await scenario.store.abandon(second.id, at: Scenario.now), is: true)
        try expect(try await scenario.issue(scenario.repeated(second)), "issued")
        try expect(try await scenario.issue(third), "issued")
        try expect(try await scenario.store.certificateCount(), is: 3)
    }

    private static func keepsKeysApart(_ scenario: Scenario) async throws {
        let first = scenario.reservation()
        try expect(try await scenario.hold(first), "reserved")
        var other = scenario.repeated(first)
        other.key.signerDigest = Scenario.bytes()
        try expect(try await scenario.issue(other), "issued")
        other = scenario.repeated(first)
        other.key.profile = "other"
        try expect(try await scenario.issue(other), "issued")
        other = scenario.repeated(first)
        other.key.transactionID += "2"
        try expect(try await scenario.issue(other), "issued")
    }

    private static func takesSerialNumbersOnce(_ scenario: Scenario) async throws {
        let issued = scenario.reservation(transactionID: "issued")
        let held = scenario.reservation(transactionID: "held")
        let abandoned = scenario.reservation(transactionID: "abandoned")
        try expect(try await scenario.issue(issued), "issued")
        try expect(try await scenario.hold(held), "reserved")
        try expect(try await scenario.hold(abandoned), "reserved")
        try expect(try await scenario.store.abandon(abandoned.id, at: Scenario.now), is: true)
        let challenge = try await scenario.added()
        for taken in [issued, held, abandoned] {
            var next = scenario.reservation(transactionID: "next", claims: [.oneTimeChallenge(challenge.id)])
            next.order.serialNumber = taken.order.serialNumber
            let calls = Counter()
            let outcome = try await scenario.store.reserve(next) {
                calls.add()
                return nil
            }
            try expect(outcome, "serialNumberTaken")
            try expect(calls.value, is: 0)
        }
        try expect(try await scenario.stored(challenge), is: challenge)
        let issuer = Scenario.issuer("second")
        try await scenario.store.apply([.addIssuer(issuer)])
        var elsewhere = scenario.reservation(transactionID: "next")
        elsewhere.order.issuerID = issuer.id
        elsewhere.order.serialNumber = issued.order.serialNumber
        try expect(try await scenario.issue(elsewhere), "issued")
    }

    private static func issuesAnewAfterExpiry(_ scenario: Scenario) async throws {
        let first = scenario.reservation()
        try expect(try await scenario.issue(first), "issued")
        var again = scenario.repeated(first)
        again.reservedAt = Scenario.certificate(for: first).notAfter.addingTimeInterval(-1)
        try expect(try await scenario.issue(again), "alreadyIssued")
        var later = scenario.repeated(first)
        later.reservedAt = again.reservedAt.addingTimeInterval(1)
        try expect(try await scenario.issue(later), "issued")
        try expect(try await scenario.store.certificateCount(), is: 2)
    }

    private struct Refused: Error, Equatable {
        let number: Int
    }

    private static func storesNothingWhenSigningThrows(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added()
        var reservation = scenario.reservation(claims: [.oneTimeChallenge(challenge.id)])
        reservation.trace = Scenario.trace("transaction", authenticated: true)
        do {
            _ = try await scenario.store.reserve(reservation) { throw Refused(number: 7) }
            try expect(false, "the error was lost")
        } catch let error as Refused {
            try expect(error, is: Refused(number: 7))
        }
        try expect(try await scenario.stored(challenge), is: challenge)
        try expect(try await scenario.store.traces(before: nil, limit: 9).count, is: 0)
        try expect(try await scenario.store.certificateCount(), is: 0)
        try expect(try await scenario.issue(reservation), "issued")
    }

    private static func refusesAnotherCertificate(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added()
        let reservation = scenario.reservation(claims: [.oneTimeChallenge(challenge.id)])
        let other = scenario.reservation()
        try await expectConflict {
            _ = try await scenario.store.reserve(reservation) { Scenario.certificate(for: other) }
        }
        try expect(try await scenario.stored(challenge), is: challenge)
        try expect(try await scenario.store.certificateCount(), is: 0)
        try expect(try await scenario.issue(reservation), "issued")
    }

    private static func refusesUnknownIssuer(_ scenario: Scenario) async throws {
        var reservation = scenario.reservation()
        reservation.order.issuerID = Scenario.id()
        let refused = reservation
        try await expectConflict { _ = try await scenario.issue(refused) }
        try expect(try await scenario.store.certificateCount(), is: 0)
    }

    private static func storesTheTrace(_ scenario: Scenario) async throws {
        var issued = scenario.reservation()
        issued.trace = Scenario.trace("transaction", authenticated: true)
        var held = scenario.reservation(transactionID: "held")
        // What the trace tells, its issuer has not decided yet: it is not for the record.
        held.trace = Scenario.trace("held", authenticated: true)
        try expect(try await scenario.issue(issued), "issued")
        try expect(try await scenario.hold(held), "reserved")
        var repeated = scenario.repeated(issued)
        repeated.trace = Scenario.trace("transaction", authenticated: true)
        try expect(try await scenario.issue(repeated), "alreadyIssued")
        try await scenario.store.append([], ringSize: 0)
        let issuedTraces = try await scenario.store.traces(transactionID: "transaction", limit: 9)
        try expect(issuedTraces, is: [try unwrap(issued.trace)])
        func traces(_ transactionID: String) async throws -> [TraceRecord] {
            try await scenario.store.traces(transactionID: transactionID, limit: 9)
        }
        try expect(try await traces("held"), is: [])
        try expect(try await scenario.store.abandon(held.id, at: Scenario.now), is: true)
        let later = Scenario.trace("transaction", authenticated: true, at: Scenario.moment(9))
        let stranger = Scenario.trace("transaction", at: Scenario.moment(8))
        try await scenario.store.append([later, stranger], ringSize: 9)
        try expect(try await traces("transaction"), is: [later, stranger, try unwrap(issued.trace)])
        var unnamed = scenario.reservation(transactionID: "unnamed")
        unnamed.trace = Scenario.trace("else", authenticated: true)
        try expect(try await scenario.issue(unnamed), "issued")
        try expect(try await traces("unnamed"), is: [])
        try expect(try await traces("else"), is: [try unwrap(unnamed.trace)])
    }
}
