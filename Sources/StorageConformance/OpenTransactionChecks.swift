// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date

extension StorageCheck {
    static let openTransactionChecks: [StorageCheck] = [
        StorageCheck("finishesWhatADeadNodeReserved", with: finishesWhatADeadNodeReserved),
        StorageCheck("takesOverOnlyExpiredLeases", with: takesOverOnlyExpired),
        StorageCheck("takesOverTheOldestFirst", with: takesOverOldestFirst),
        StorageCheck("finishesOnlyWhatIsOpen", with: finishesOnlyWhatIsOpen),
        StorageCheck("abandonsOnce", with: abandonsOnce),
    ]

    private static func finishesWhatADeadNodeReserved(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added()
        let reservation = scenario.reservation(claims: [.oneTimeChallenge(challenge.id)])
        try expect(try await scenario.hold(reservation), "reserved")
        let again = try await scenario.reopened()
        let lease = Lease(owner: Scenario.id(), until: Scenario.moment(200))
        let taken = try await again.store.takeOverExpired(before: Scenario.moment(61), lease: lease, limit: 10)
        try expect(taken.map(\.id), is: [reservation.id])
        let open = try unwrap(taken.first)
        try expect(open.order, is: reservation.order)
        try expect(open.key, is: reservation.key)
        try expect(open.lease, is: lease)
        let certificate = Scenario.certificate(for: open)
        let first = try await again.store.finish(open.id, certificate: certificate)
        try expect(first, "issued")
        try expect(first.certificate, is: certificate)
        let second = try await again.store.finish(open.id, certificate: Scenario.certificate(for: open))
        try expect(second, "alreadyIssued")
        try expect(second.certificate, is: certificate)
        try expect(try await again.store.certificateCount(), is: 1)
        try expect(try await again.issue(again.repeated(reservation)).certificate, is: certificate)
        try expect(try await again.stored(challenge).usedByKey, is: reservation.publicKeyDigest)
        try await again.store.close()
    }

    private static func takesOverOnlyExpired(_ scenario: Scenario) async throws {
        let reservation = scenario.reservation()
        try expect(try await scenario.hold(reservation), "reserved")
        let lease = Lease(owner: Scenario.id(), until: Scenario.moment(200))
        func takeOver(_ seconds: Double) async throws -> Int {
            try await scenario.store.takeOverExpired(before: Scenario.moment(seconds), lease: lease, limit: 10).count
        }
        try expect(try await takeOver(60), is: 0)
        try expect(try await takeOver(60.001), is: 1)
        try expect(try await takeOver(61), is: 0)
        try expect(try await takeOver(201), is: 1)
        try expect(try await scenario.store.abandon(reservation.id, at: Scenario.now), is: true)
        try expect(try await takeOver(99_999), is: 0)
    }

    private static func takesOverOldestFirst(_ scenario: Scenario) async throws {
        var held: [Reservation] = []
        for number in [4, 1, 3, 0, 2] {
            let moment = Scenario.moment(Double(number))
            let reservation = scenario.reservation(transactionID: "\(number)", at: moment)
            try expect(try await scenario.hold(reservation), "reserved")
            held.append(reservation)
        }
        let lease = Lease(owner: Scenario.id(), until: Scenario.moment(9999))
        func takeOver(_ limit: Int) async throws -> [String] {
            let moment = Scenario.moment(100)
            let taken = try await scenario.store.takeOverExpired(before: moment, lease: lease, limit: limit)
            return taken.map(\.key.transactionID)
        }
        try expect(try await takeOver(0), is: [])
        try expect(try await takeOver(2), is: ["0", "1"])
        try expect(try await takeOver(9), is: ["2", "3", "4"])
        try expect(try await takeOver(9), is: [])
    }

    private static func finishesOnlyWhatIsOpen(_ scenario: Scenario) async throws {
        let reservation = scenario.reservation()
        let certificate = Scenario.certificate(for: reservation)
        try expect(try await scenario.store.finish(reservation.id, certificate: certificate), "notOpen")
        try expect(try await scenario.hold(reservation), "reserved")
        var wrong = certificate
        wrong.serialNumber = Scenario.bytes(16)
        let refused = wrong
        try await expectConflict { _ = try await scenario.store.finish(reservation.id, certificate: refused) }
        try expect(try await scenario.store.certificateCount(), is: 0)
        try expect(try await scenario.store.finish(reservation.id, certificate: certificate), "issued")

        let abandoned = scenario.reservation(transactionID: "abandoned")
        try expect(try await scenario.hold(abandoned), "reserved")
        try expect(try await scenario.store.abandon(abandoned.id, at: Scenario.now), is: true)
        let late = Scenario.certificate(for: abandoned)
        try expect(try await scenario.store.finish(abandoned.id, certificate: late), "notOpen")
        try expect(try await scenario.store.certificateCount(), is: 1)
    }

    private static func abandonsOnce(_ scenario: Scenario) async throws {
        let reservation = scenario.reservation()
        try expect(try await scenario.store.abandon(reservation.id, at: Scenario.now), is: false)
        try expect(try await scenario.hold(reservation), "reserved")
        try expect(try await scenario.store.abandon(reservation.id, at: Scenario.now), is: true)
        try expect(try await scenario.store.abandon(reservation.id, at: Scenario.now), is: false)
        let issued = scenario.repeated(reservation)
        try expect(try await scenario.issue(issued), "issued")
        try expect(try await scenario.store.abandon(issued.id, at: Scenario.now), is: false)
        try expect(try await scenario.store.certificateCount(), is: 1)
    }
}
