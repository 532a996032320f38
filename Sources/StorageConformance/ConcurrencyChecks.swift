// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

extension StorageCheck {
    static let concurrencyChecks: [StorageCheck] = [
        StorageCheck("redeemsAChallengeOnceForManyKeysAtOnce", with: redeemsOnce),
        StorageCheck("issuesOnceForTheSameRequestAtOnce", with: issuesOnce),
        StorageCheck("opensOneOfManyRequestsAtOnce", with: opensOne),
        StorageCheck("grantsASerialNumberOnceAtOnce", with: grantsSerialNumberOnce),
        StorageCheck("finishesOnceAtOnce", with: finishesOnce),
        StorageCheck("takesOverEachTransactionOnceAtOnce", with: takesOverOnce),
        StorageCheck("finishesOrAbandonsButNeverBoth", with: finishesOrAbandons),
        StorageCheck("appliesOneOfManyChangesAtOnce", with: appliesOneChange),
        StorageCheck("storesEverythingThatManyWriteAtOnce", with: storesEverything),
    ]

    /// How many do something at once.
    static let sessions = 8

    /// Does something in eight tasks at once, on two stores over the same state.
    static func atOnce<Value: Sendable>(
        _ scenario: Scenario,
        _ body: @escaping @Sendable (Scenario, Int) async throws -> Value
    ) async throws -> [Value] {
        let beside = try await scenario.beside()
        let values = try await withThrowingTaskGroup(of: Value.self) { group in
            for number in 0..<sessions {
                group.addTask { try await body(number.isMultiple(of: 2) ? scenario : beside, number) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await beside.store.close()
        return values
    }

    static func expectWords(_ outcomes: [ReservationOutcome], one: String, others: String) throws {
        let words = outcomes.map(\.word).sorted()
        try expect(words, is: ([one] + Array(repeating: others, count: sessions - 1)).sorted())
    }

    private static func redeemsOnce(_ scenario: Scenario) async throws {
        for round in 0..<10 {
            let challenge = try await scenario.added()
            let outcomes = try await atOnce(scenario) { session, number in
                let reservation = session.reservation(
                    transactionID: "\(round).\(number)",
                    claims: [.oneTimeChallenge(challenge.id)]
                )
                return try await session.issue(reservation)
            }
            try expectWords(outcomes, one: "issued", others: "claimRefused(used)")
            try expect(try await scenario.store.certificateCount(), is: round + 1)
        }
    }

    private static func issuesOnce(_ scenario: Scenario) async throws {
        for round in 0..<10 {
            let challenge = try await scenario.added()
            let reservation = scenario.reservation(
                transactionID: "\(round)",
                claims: [.oneTimeChallenge(challenge.id)]
            )
            let calls = Counter()
            let outcomes = try await atOnce(scenario) { session, _ in
                let repeated = session.repeated(reservation)
                return try await session.store.reserve(repeated) {
                    calls.add()
                    return Scenario.certificate(for: repeated)
                }
            }
            try expectWords(outcomes, one: "issued", others: "alreadyIssued")
            try expect(Set(outcomes.map(\.certificate)).count, is: 1)
            try expect(calls.value, is: 1)
            try expect(try await scenario.store.certificateCount(), is: round + 1)
        }
    }

    private static func opensOne(_ scenario: Scenario) async throws {
        let key = scenario.reservation().key
        let outcomes = try await atOnce(scenario) { session, _ in
            var reservation = session.reservation()
            reservation.key = key
            return try await session.hold(reservation)
        }
        try expectWords(outcomes, one: "reserved", others: "otherRequestOpen")
    }

    private static func grantsSerialNumberOnce(_ scenario: Scenario) async throws {
        let serialNumber = Scenario.bytes(16)
        let outcomes = try await atOnce(scenario) { session, number in
            var reservation = session.reservation(transactionID: "\(number)")
            reservation.order.serialNumber = serialNumber
            return try await session.issue(reservation)
        }
        try expectWords(outcomes, one: "issued", others: "serialNumberTaken")
        try expect(try await scenario.store.certificateCount(), is: 1)
    }

    private static func finishesOnce(_ scenario: Scenario) async throws {
        let reservation = scenario.reservation()
        try expect(try await scenario.hold(reservation), "reserved")
        let outcomes = try await atOnce(scenario) { session, _ in
            try await session.store.finish(reservation.id, certificate: Scenario.certificate(for: reservation))
        }
        let words = outcomes.map(\.word).sorted()
        try expect(words, is: (["issued"] + Array(repeating: "alreadyIssued", count: sessions - 1)).sorted())
        try expect(Set(outcomes.map(\.certificate)).count, is: 1)
        try expect(try await scenario.store.certificateCount(), is: 1)
    }

    private static func takesOverOnce(_ scenario: Scenario) async throws {
        var held: [Reservation] = []
        for number in 0..<20 {
            let reservation = scenario.reservation(transactionID: "\(number)")
            try expect(try await scenario.hold(reservation), "reserved")
            held.append(reservation)
        }
        let taken = try await atOnce(scenario) { session, _ in
            let lease = Lease(owner: Scenario.id(), until: Scenario.moment(9999))
            return try await session.store.takeOverExpired(before: Scenario.moment(100), lease: lease, limit: 4)
        }
        let ids = taken.flatMap { $0 }.map(\.id)
        try expect(ids.count, is: 20)
        try expect(Set(ids), is: Set(held.map(\.id)))
    }

    private static func finishesOrAbandons(_ scenario: Scenario) async throws {
        for round in 0..<20 {
            let challenge = try await scenario.added()
            let reservation = scenario.reservation(
                transactionID: "\(round)",
                claims: [.oneTimeChallenge(challenge.id)]
            )
            try expect(try await scenario.hold(reservation), "reserved")
            let certificate = Scenario.certificate(for: reservation)
            async let finishing = scenario.store.finish(reservation.id, certificate: certificate)
            async let abandoning = scenario.store.abandon(reservation.id, at: Scenario.now)
            let (finished, isAbandoned) = try await (finishing, abandoning)
            try expect(finished, isAbandoned ? "notOpen" : "issued")
            let stored = try await scenario.store.certificate(
                issuerID: certificate.issuerID,
                serialNumber: certificate.serialNumber
            )
            try expect(stored, is: isAbandoned ? nil : certificate)
            try expect(try await scenario.stored(challenge).usedAt == nil, is: isAbandoned)
        }
    }

    private static func appliesOneChange(_ scenario: Scenario) async throws {
        let profile = ProfileRecord(id: Scenario.id(), name: "default", isEnabled: true, settings: "{}", version: 1)
        try await scenario.store.apply([.putSCEPProfile(profile)])
        let version = try await scenario.store.configurationVersion()
        let applied = try await atOnce(scenario) { session, number in
            var next = profile
            next.version = 2
            next.settings = "{\"number\":\(number)}"
            do {
                try await session.store.apply([.putSCEPProfile(next)])
                return true
            } catch StoreError.conflict {
                return false
            }
        }
        try expect(applied.count(where: { $0 }), is: 1)
        try expect(try await scenario.store.configurationVersion(), is: version + 1)
    }

    private static func storesEverything(_ scenario: Scenario) async throws {
        let issued = try await atOnce(scenario) { session, number in
            var serialNumbers: Set<[UInt8]> = []
            for round in 0..<25 {
                let challenge = try await session.added()
                let reservation = session.reservation(
                    transactionID: "\(number).\(round)",
                    claims: [.oneTimeChallenge(challenge.id)]
                )
                try expect(try await session.issue(reservation), "issued")
                // What a writer was told of, it can read.
                try expect(try await session.stored(challenge).usedByKey, is: reservation.publicKeyDigest)
                serialNumbers.insert(reservation.order.serialNumber)
            }
            return serialNumbers
        }
        let stored = try await scenario.store.certificates(after: nil, limit: 1000)
        try expect(stored.count, is: sessions * 25)
        try expect(Set(stored.map(\.serialNumber)), is: issued.reduce(into: []) { $0.formUnion($1) })
    }
}
