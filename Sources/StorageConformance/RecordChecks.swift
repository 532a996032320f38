// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.UUID

extension StorageCheck {
    static let certificateChecks: [StorageCheck] = [
        StorageCheck("findsCertificatesByIssuerAndSerialNumber", with: findsCertificates),
        StorageCheck("pagesThroughCertificates", with: pagesThroughCertificates),
    ]

    static let challengeChecks: [StorageCheck] = [
        StorageCheck("addsChallengesAllOrNone", with: addsChallengesAllOrNone),
        StorageCheck("findsChallengesByProfileAndLookup", with: findsChallenges),
        StorageCheck("keepsWhatAChallengeIsBoundTo", with: keepsBindings),
        StorageCheck("addsNoMoreChallengesThanMayBeOutstanding", with: keepsTheLimit),
        StorageCheck("addsNoMoreChallengesThanMayBeOutstandingAtOnce", with: keepsTheLimitAtOnce),
        StorageCheck("pagesThroughChallenges", with: pagesThroughChallenges),
        StorageCheck("revokesAChallengeOnce", with: revokesOnce),
    ]

    private static func findsCertificates(_ scenario: Scenario) async throws {
        let reservation = scenario.reservation()
        let issued = try await scenario.issue(reservation)
        func find(_ issuerID: UUID, _ serialNumber: [UInt8]) async throws -> CertificateRecord? {
            try await scenario.store.certificate(issuerID: issuerID, serialNumber: serialNumber)
        }
        let serialNumber = reservation.order.serialNumber
        try expect(try await find(scenario.issuer.id, serialNumber), is: issued.certificate)
        try expect(try await find(Scenario.id(), serialNumber), is: nil)
        try expect(try await find(scenario.issuer.id, [0] + serialNumber), is: nil)
        try expect(try await find(scenario.issuer.id, []), is: nil)
    }

    private static func pagesThroughCertificates(_ scenario: Scenario) async throws {
        var issued: [CertificateRecord] = []
        for number in 0..<7 {
            let reservation = scenario.reservation(transactionID: "\(number)")
            var certificate = Scenario.certificate(for: reservation)
            certificate.id = Scenario.id(Scenario.moment(Double(number)))
            let ready = certificate
            _ = try await scenario.store.reserve(reservation) { ready }
            issued.append(certificate)
        }
        func page(_ id: UUID?, _ limit: Int) async throws -> [CertificateRecord] {
            try await scenario.store.certificates(after: id, limit: limit)
        }
        try expect(try await page(nil, 3), is: Array(issued[..<3]))
        try expect(try await page(issued[2].id, 3), is: Array(issued[3..<6]))
        try expect(try await page(issued[5].id, 3), is: Array(issued[6...]))
        try expect(try await page(issued[6].id, 3), is: [])
        try expect(try await page(nil, 0), is: [])
        try expect(try await page(nil, 99), is: issued)
        try expect(try await scenario.store.certificateCount(), is: 7)
    }

    private static func addsChallengesAllOrNone(_ scenario: Scenario) async throws {
        let first = try await scenario.added()
        let fresh = Scenario.challenge()
        var same = Scenario.challenge()
        same.lookup = first.lookup
        let both = [fresh, same]
        try await expectConflict { try await scenario.store.add(both) }
        try expect(try await scenario.store.challenge(profile: "default", lookup: fresh.lookup), is: nil)
        same.profile = "other"
        try await scenario.store.add([fresh, same])
        try expect(try await scenario.stored(same), is: same)
        try await scenario.store.add([])
    }

    private static func findsChallenges(_ scenario: Scenario) async throws {
        var used = Scenario.challenge()
        used.usedAt = Scenario.moment(2.5)
        used.usedByKey = Scenario.bytes()
        used.revokedAt = Scenario.moment(3.25)
        let endless = Scenario.challenge(kind: .static, lasts: nil)
        try await scenario.store.add([used, endless])
        let again = try await scenario.reopened()
        try expect(try await again.stored(used), is: used)
        try expect(try await again.stored(endless), is: endless)
        try expect(try await again.store.challenge(profile: "other", lookup: used.lookup), is: nil)
        try expect(try await again.store.challenge(profile: "default", lookup: Scenario.bytes()), is: nil)
        try await again.store.close()
    }

    private static func keepsBindings(_ scenario: Scenario) async throws {
        let identities = [
            BoundIdentity(subject: [0x30, 0], names: [0x30, 0xFF, 0], keyType: "RSA-2048"),
            BoundIdentity(subject: Scenario.bytes(), names: nil, keyType: nil),
            BoundIdentity(subject: nil, names: [], keyType: nil),
            BoundIdentity(subject: nil, names: nil, keyType: "EC P-256"),
            nil,
        ]
        let all = identities.enumerated().map { number, identity in
            var challenge = Scenario.challenge(at: Scenario.moment(Double(number)))
            challenge.boundTo = identity
            challenge.sealedCode = SealedCode(transactionID: "id", code: [UInt8(number)])
            if number.isMultiple(of: 2) { challenge.raProfile = "devices" }
            if number > 2 { challenge.device = "asset \(number)" }
            return challenge
        }
        try await scenario.store.add(all)
        let again = try await scenario.reopened()
        for challenge in all { try expect(try await again.stored(challenge), is: challenge) }
        try expect(try await again.store.challenges(profile: nil, after: nil, limit: 9), is: all)
        let sealed = try await again.store.sealedChallenges(profile: "default", transactionID: "id", limit: 9)
        try expect(sealed, is: all.reversed())
        // What is bound stays so when the challenge is used.
        let first = try unwrap(all.first)
        let reservation = scenario.reservation(claims: [.oneTimeChallenge(first.id)])
        _ = try await again.issue(reservation)
        try expect(try await again.stored(first).boundTo, is: first.boundTo)
        try expect(try await again.stored(first).usedAt != nil, "the challenge is not used")
        try await again.store.close()
    }

    private static func keepsTheLimit(_ scenario: Scenario) async throws {
        let store = scenario.store
        let limit = OutstandingLimit(maximum: 3, now: Scenario.now)
        let short = Scenario.challenge(lasts: 10)
        let used = Scenario.challenge()
        try await store.add([short, used], limit: limit)
        // Neither static ones nor those of another profile count.
        try await store.add([Scenario.challenge(kind: .static), Scenario.challenge("other")])
        try await expectConflict { try await store.add([Scenario.challenge(), Scenario.challenge()], limit: limit) }
        try expect(try await store.challenges(profile: "default", after: nil, limit: 9).count, is: 3)
        try await store.add([Scenario.challenge()], limit: limit)
        try await expectConflict { try await store.add([Scenario.challenge()], limit: limit) }
        // One that is used, one that is taken back and one that has ended make room.
        let reservation = scenario.reservation(claims: [.oneTimeChallenge(used.id)])
        try expect(try await scenario.issue(reservation), "issued")
        let third = Scenario.challenge()
        try await store.add([third], limit: limit)
        try expect(try await store.revokeChallenge(third.id, at: Scenario.now), is: true)
        try await store.add([Scenario.challenge()], limit: limit)
        try await expectConflict { try await store.add([Scenario.challenge()], limit: limit) }
        try await store.add([Scenario.challenge()], limit: OutstandingLimit(maximum: 3, now: Scenario.moment(10)))
        try await store.add([Scenario.challenge(), Scenario.challenge()])
    }

    private static func keepsTheLimitAtOnce(_ scenario: Scenario) async throws {
        for round in 1...4 {
            let limit = OutstandingLimit(maximum: 3 * round, now: Scenario.now)
            let outcomes = try await atOnce(scenario) { session, _ in
                do {
                    try await session.store.add([Scenario.challenge()], limit: limit)
                    return true
                } catch StoreError.conflict {
                    return false
                }
            }
            try expect(outcomes.count { $0 }, is: 3)
        }
    }

    private static func pagesThroughChallenges(_ scenario: Scenario) async throws {
        let all = (0..<6).map { number in
            let profile = number.isMultiple(of: 2) ? "even" : "odd"
            return Scenario.challenge(profile, at: Scenario.moment(Double(number)))
        }
        try await scenario.store.add(all)
        func page(_ profile: String?, _ id: UUID?, _ limit: Int) async throws -> [ChallengeRecord] {
            try await scenario.store.challenges(profile: profile, after: id, limit: limit)
        }
        try expect(try await page(nil, nil, 4), is: Array(all[..<4]))
        try expect(try await page(nil, all[3].id, 4), is: Array(all[4...]))
        try expect(try await page("odd", nil, 2), is: [all[1], all[3]])
        try expect(try await page("odd", all[3].id, 2), is: [all[5]])
        try expect(try await page("none", nil, 2), is: [])
        try expect(try await page(nil, nil, 0), is: [])
    }

    private static func revokesOnce(_ scenario: Scenario) async throws {
        let challenge = try await scenario.added(Scenario.challenge(kind: .static))
        try expect(try await scenario.store.revokeChallenge(Scenario.id(), at: Scenario.now), is: false)
        try expect(try await scenario.store.revokeChallenge(challenge.id, at: Scenario.moment(4)), is: true)
        try expect(try await scenario.store.revokeChallenge(challenge.id, at: Scenario.moment(5)), is: false)
        try expect(try await scenario.stored(challenge).revokedAt, is: Scenario.moment(4))
    }
}
