// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

extension StorageCheck {
    static let registrationChecks: [StorageCheck] = [
        StorageCheck("keepsRegistrations", with: keepsRegistrations),
        StorageCheck("addsRegistrationsAllOrNone", with: addsAllOrNone),
        StorageCheck("pagesThroughRegistrations", with: pagesThrough),
        StorageCheck("countsGuessesAndLocks", with: countsGuesses),
        StorageCheck("unlocksAndRevokesRegistrationsOnce", with: unlocksAndRevokes),
        StorageCheck("usesARegistrationUpOnce", with: usesUpOnce),
        StorageCheck("usesARegistrationForManyAsOftenAsItMayBeUsed", with: usesForMany),
        StorageCheck("refusesRegistrationsThatMayNotBeUsed", with: refusesRegistrations),
        StorageCheck("letsARequestWaitWithARegistration", with: waitsWithRegistration),
        StorageCheck("freesTheRegistrationOfAnAbandonedTransaction", with: freesRegistration),
        StorageCheck("countsEveryGuessAtOnceAndLocksOnce", with: countsAtOnce),
        StorageCheck("countsTheSameGuessAtOnceOnce", with: countsTheSameOnce),
        StorageCheck("redeemsARegistrationOnceForManyKeysAtOnce", with: redeemsOnce),
        StorageCheck("locksOrRedeemsARegistrationAtOnceButNeverAfterTheLock", with: locksOrRedeems),
    ]

    private static func registration(
        _ name: String = "device-1",
        profile: String = "default",
        uses: RegistrationUses = .once,
        lasts seconds: Double? = 3600,
        at moment: Date = Scenario.now
    ) throws -> RegistrationRecord {
        RegistrationRecord(
            id: Scenario.id(moment),
            profile: profile,
            name: try unwrap(RegisteredName(name)),
            lookup: Scenario.bytes(),
            isGenerated: true,
            uses: uses,
            createdAt: moment,
            expiresAt: seconds.map { moment.addingTimeInterval($0) }
        )
    }

    private static func added(
        _ scenario: Scenario,
        _ registration: RegistrationRecord
    ) async throws -> RegistrationRecord {
        try expect(try await scenario.store.register([registration]), is: nil)
        return registration
    }

    private static func stored(_ scenario: Scenario, _ record: RegistrationRecord) async throws -> RegistrationRecord {
        try unwrap(try await scenario.store.registration(profile: record.profile, name: record.name))
    }

    private static func keepsRegistrations(_ scenario: Scenario) async throws {
        var full = try registration("CN=Gerät 1,O=Ünïcode", uses: .once)
        full.raProfile = "devices"
        full.boundTo = BoundIdentity(subject: [0x30, 0], names: [0x30, 0xFF, 0], keyType: "RSA-2048")
        full.attributes.add("registration.site", ["berlin", "\u{1F4F1}"])
        full.revokedAt = Scenario.moment(1.5)
        full.failedGuesses = 7
        full.lockedAt = Scenario.moment(2.5)
        full.usedAt = Scenario.moment(3.5)
        full.usedByKey = Scenario.bytes()
        let endless = try registration("device-2", uses: .many, lasts: nil)
        try expect(try await scenario.store.register([full, endless]), is: nil)
        let again = try await scenario.reopened()
        try expect(try await stored(again, full), is: full)
        try expect(try await stored(again, endless), is: endless)
        let found = try await again.store.registration(
            profile: "default",
            name: try unwrap(RegisteredName("cn=GERÄT  1, o=ünïcode"))
        )
        try expect(found, is: full)
        try expect(try await again.store.registration(profile: "other", name: full.name), is: nil)
        try await again.store.close()
    }

    private static func addsAllOrNone(_ scenario: Scenario) async throws {
        let first = try await added(scenario, try registration())
        let fresh = try registration("device-2")
        let same = try registration(" DEVICE-1")
        try expect(try await scenario.store.register([fresh, same]), is: same)
        try expect(try await scenario.store.registration(profile: "default", name: fresh.name), is: nil)
        try expect(try await stored(scenario, first), is: first)
        let elsewhere = try registration("device-1", profile: "other")
        try expect(try await scenario.store.register([fresh, elsewhere]), is: nil)
        try expect(try await stored(scenario, elsewhere), is: elsewhere)
        try expect(try await scenario.store.register([]), is: nil)
    }

    private static func pagesThrough(_ scenario: Scenario) async throws {
        let all = try (0..<6).map { number in
            try registration(
                "device-\(number)",
                profile: number.isMultiple(of: 2) ? "even" : "odd",
                at: Scenario.moment(Double(number))
            )
        }
        try expect(try await scenario.store.register(all), is: nil)
        func page(_ profile: String?, _ id: UUID?, _ limit: Int) async throws -> [RegistrationRecord] {
            try await scenario.store.registrations(profile: profile, after: id, limit: limit)
        }
        try expect(try await page(nil, nil, 4), is: Array(all[..<4]))
        try expect(try await page(nil, all[3].id, 4), is: Array(all[4...]))
        try expect(try await page("odd", nil, 2), is: [all[1], all[3]])
        try expect(try await page("odd", all[3].id, 2), is: [all[5]])
        try expect(try await page("none", nil, 2), is: [])
        try expect(try await page(nil, nil, 0), is: [])
    }

    private static func guess(
        _ scenario: Scenario,
        _ record: RegistrationRecord,
        _ guess: [UInt8],
        at moment: Date = Scenario.now
    ) async throws -> GuessOutcome? {
        try await scenario.store.countGuess(record.id, guess: guess, maximum: 3, at: moment)
    }

    private static func countsGuesses(_ scenario: Scenario) async throws {
        let record = try await added(scenario, try registration(uses: .many))
        let other = try await added(scenario, try registration("device-2"))
        try expect(try await guess(scenario, record, [1]), is: GuessOutcome(failedGuesses: 1, isLocked: false))
        try expect(try await guess(scenario, record, [1]), is: GuessOutcome(failedGuesses: 1, isLocked: false))
        try expect(try await guess(scenario, record, [2]), is: GuessOutcome(failedGuesses: 2, isLocked: false))
        try expect(try await claim(scenario, record), "issued")
        try expect(try await stored(scenario, record), is: record)
        // After something was granted the same wrong one counts again.
        try expect(try await guess(scenario, record, [2]), is: GuessOutcome(failedGuesses: 1, isLocked: false))
        try expect(try await guess(scenario, record, [1]), is: GuessOutcome(failedGuesses: 2, isLocked: false))
        let locked = GuessOutcome(failedGuesses: 3, isLocked: true)
        try expect(try await guess(scenario, record, [2], at: Scenario.moment(4)), is: locked)
        try expect(try await guess(scenario, record, [7], at: Scenario.moment(5)), is: locked)
        try expect(try await claim(scenario, record), "claimRefused(locked)")
        try expect(try await stored(scenario, record).lockedAt, is: Scenario.moment(4))
        try expect(try await stored(scenario, record).failedGuesses, is: 3)
        try expect(try await stored(scenario, other), is: other)
        let nobody = try await scenario.store.countGuess(Scenario.id(), guess: [1], maximum: 3, at: Scenario.now)
        try expect(nobody, is: nil)
    }

    private static func unlocksAndRevokes(_ scenario: Scenario) async throws {
        let record = try await added(scenario, try registration())
        try expect(try await scenario.store.unlockRegistration(record.id), is: false)
        for number in 0..<3 { _ = try await guess(scenario, record, [UInt8(number)]) }
        try expect(try await scenario.store.unlockRegistration(record.id), is: true)
        try expect(try await scenario.store.unlockRegistration(record.id), is: false)
        try expect(try await stored(scenario, record), is: record)
        try expect(try await scenario.store.revokeRegistration(Scenario.id(), at: Scenario.now), is: false)
        try expect(try await scenario.store.revokeRegistration(record.id, at: Scenario.moment(4)), is: true)
        try expect(try await scenario.store.revokeRegistration(record.id, at: Scenario.moment(5)), is: false)
        try expect(try await stored(scenario, record).revokedAt, is: Scenario.moment(4))
    }

    private static func usesUpOnce(_ scenario: Scenario) async throws {
        let record = try await added(scenario, try registration())
        let first = scenario.reservation(claims: [.registration(record.id)], at: Scenario.moment(5))
        let issued = try await scenario.issue(first)
        try expect(issued, "issued")
        var used = record
        used.usedAt = first.reservedAt
        used.usedByKey = first.publicKeyDigest
        try expect(try await stored(scenario, record), is: used)
        _ = try await guess(scenario, record, [1])
        let second = scenario.reservation(transactionID: "second", claims: first.claims)
        try expect(try await scenario.issue(second), "claimRefused(used)")
        var same = scenario.reservation(transactionID: "same", claims: first.claims)
        same.publicKeyDigest = first.publicKeyDigest
        let again = try await scenario.issue(same)
        try expect(again, "alreadyIssued")
        try expect(again.certificate, is: issued.certificate)
        // Nothing new was granted.
        try expect(try await stored(scenario, record).failedGuesses, is: 1)
        same.reservedAt = Scenario.moment(3600)
        try expect(try await scenario.issue(same), "claimRefused(expired)")
        try expect(try await scenario.store.certificateCount(), is: 1)
    }

    /// Issues by a registration, for a key of its own.
    private static func claim(
        _ scenario: Scenario,
        _ record: RegistrationRecord,
        at seconds: Double = 1
    ) async throws -> ReservationOutcome {
        try await scenario.issue(
            scenario.reservation(
                transactionID: "\(Scenario.id())",
                claims: [.registration(record.id)],
                at: Scenario.moment(seconds)
            )
        )
    }

    private static func usesForMany(_ scenario: Scenario) async throws {
        let record = try await added(scenario, try registration(uses: .many))
        let endless = try await added(scenario, try registration("device-2", uses: .many, lasts: nil))
        for seconds in [1, 2, 3599.999] {
            try expect(try await claim(scenario, record, at: seconds), "issued")
            try expect(try await claim(scenario, endless, at: seconds), "issued")
        }
        try expect(
            try await scenario.store.wait(scenario.approval(), claims: [.registration(endless.id)]),
            "pending"
        )
        try expect(try await stored(scenario, record), is: record)
        try expect(try await stored(scenario, endless), is: endless)
        try expect(try await scenario.store.certificateCount(), is: 6)
    }

    private static func refusesRegistrations(_ scenario: Scenario) async throws {
        try expect(try await claim(scenario, try registration()), "claimRefused(unknown)")
        // Whose it is was looked at by whoever found it: a profile has more than one URL.
        let elsewhere = try await added(scenario, try registration("a", profile: "other"))
        try expect(try await claim(scenario, elsewhere), "issued")
        for uses in RegistrationUses.allCases {
            let short = try await added(scenario, try registration("b \(uses)", uses: uses, lasts: 10))
            try expect(try await claim(scenario, short, at: 10), "claimRefused(expired)")
            let revoked = try await added(scenario, try registration("c \(uses)", uses: uses))
            _ = try await scenario.store.revokeRegistration(revoked.id, at: Scenario.now)
            try expect(try await claim(scenario, revoked), "claimRefused(revoked)")
            let locked = try await added(scenario, try registration("d \(uses)", uses: uses))
            for number in 0..<3 { _ = try await guess(scenario, locked, [UInt8(number)]) }
            try expect(try await claim(scenario, locked), "claimRefused(locked)")
            try expect(try await claim(scenario, short, at: 9.999), "issued")
        }
    }

    private static func waitsWithRegistration(_ scenario: Scenario) async throws {
        let record = try await added(scenario, try registration())
        let approval = scenario.approval()
        let claims = [Claim.registration(record.id)]
        try expect(try await scenario.store.wait(approval, claims: claims), "pending")
        try expect(try await stored(scenario, record).usedByKey, is: approval.publicKeyDigest)
        let other = scenario.approval(transactionID: "other")
        try expect(try await scenario.store.wait(other, claims: claims), "claimRefused(used)")
        try expect(
            try await scenario.issue(scenario.reservation(transactionID: "third", claims: claims)),
            "claimRefused(used)"
        )
    }

    private static func freesRegistration(_ scenario: Scenario) async throws {
        let record = try await added(scenario, try registration())
        let first = scenario.reservation(claims: [.registration(record.id)])
        try expect(try await scenario.hold(first), "reserved")
        try expect(try await stored(scenario, record).usedByKey, is: first.publicKeyDigest)
        try expect(try await scenario.store.abandon(first.id, at: Scenario.moment(3)), is: true)
        try expect(try await stored(scenario, record), is: record)
        let other = scenario.reservation(transactionID: "other", claims: first.claims)
        try expect(try await scenario.issue(other), "issued")
    }

    // MARK: - At once

    private static func countsAtOnce(_ scenario: Scenario) async throws {
        for round in 0..<4 {
            let record = try await added(scenario, try registration("device \(round)"))
            let outcomes = try await atOnce(scenario) { session, number in
                try await session.store.countGuess(
                    record.id,
                    guess: [UInt8(number)],
                    maximum: 5,
                    at: Scenario.moment(Double(number))
                )
            }
            let counts = outcomes.compactMap { $0?.failedGuesses }
            try expect(counts.max(), is: 5)
            try expect(outcomes.contains { $0?.isLocked == true }, "it is not locked")
            let state = try await stored(scenario, record)
            try expect(state.failedGuesses, is: 5)
            try expect(state.lockedAt != nil, "it is not locked")
        }
    }

    private static func countsTheSameOnce(_ scenario: Scenario) async throws {
        let record = try await added(scenario, try registration())
        _ = try await atOnce(scenario) { session, _ in try await guess(session, record, [9]) }
        try expect(try await stored(scenario, record).failedGuesses, is: 1)
    }

    private static func redeemsOnce(_ scenario: Scenario) async throws {
        for round in 0..<5 {
            let record = try await added(scenario, try registration("device \(round)"))
            let outcomes = try await atOnce(scenario) { session, number in
                let reservation = session.reservation(
                    transactionID: "\(round).\(number)",
                    claims: [.registration(record.id)]
                )
                return try await session.issue(reservation)
            }
            try expectWords(outcomes, one: "issued", others: "claimRefused(used)")
            try expect(try await scenario.store.certificateCount(), is: round + 1)
        }
    }

    private static func locksOrRedeems(_ scenario: Scenario) async throws {
        for round in 0..<6 {
            let record = try await added(scenario, try registration("device \(round)"))
            _ = try await guess(scenario, record, [100])
            _ = try await guess(scenario, record, [101])
            let words = try await atOnce(scenario) { session, number in
                if (number + round).isMultiple(of: 2) {
                    let outcome = try await guess(session, record, [UInt8(number)])
                    return outcome?.isLocked == true ? "locked" : "counted"
                }
                let reservation = session.reservation(
                    transactionID: "\(round).\(number)",
                    claims: [.registration(record.id)]
                )
                return try await session.issue(reservation).word
            }
            let state = try await stored(scenario, record)
            try expect(state.lockedAt != nil, "it is not locked")
            try expect(words.count { $0 == "issued" }, is: state.usedAt == nil ? 0 : 1)
            try expect(words.contains("locked"), "nobody was told of the lock")
        }
    }
}
