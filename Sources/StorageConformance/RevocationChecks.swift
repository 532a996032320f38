// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import PKIX

import struct Foundation.Date
import struct Foundation.UUID

extension StorageCheck {
    static let revocationChecks: [StorageCheck] = [
        StorageCheck("revokesForEveryReason", with: revokesForEveryReason),
        StorageCheck("revokesACertificateOnce", with: revokesOnce),
        StorageCheck("revokesWhatIsOnHoldForAnotherReason", with: revokesWhatIsOnHold),
        StorageCheck("releasesWhatIsOnHold", with: releasesWhatIsOnHold),
        StorageCheck("countsRevocationsInTheirShard", with: countsInShards),
        StorageCheck("pagesThroughRevokedCertificates", with: pagesThroughRevoked),
        StorageCheck("findsCertificatesOfAnyIssuer", with: findsOfAnyIssuer),
    ]

    static let certificateListChecks: [StorageCheck] = [
        StorageCheck("keepsTheNewestCRLOfAShard", with: keepsNewestList),
        StorageCheck("keepsOnlyTheCRLWithTheNextNumber", with: keepsOnlyTheNextList),
    ]

    static let revocationConcurrencyChecks: [StorageCheck] = [
        StorageCheck("revokesOnceAtOnce", with: revokesOnceAtOnce),
        StorageCheck("countsEveryRevocationAtOnce", with: countsEveryRevocation),
        StorageCheck("keepsOneOfManyCRLsAtOnce", with: keepsOneList),
    ]

    /// Issues a certificate.
    private static func issued(
        _ scenario: Scenario,
        _ name: String = "transaction",
        issuerID: UUID? = nil,
        serialNumber: [UInt8]? = nil,
        shard: Int = 3,
        notAfter: Date? = nil
    ) async throws -> CertificateRecord {
        var reservation = scenario.reservation(transactionID: name)
        reservation.order.issuerID = issuerID ?? scenario.issuer.id
        reservation.order.serialNumber = serialNumber ?? reservation.order.serialNumber
        var certificate = Scenario.certificate(for: reservation)
        certificate.crlShard = shard
        certificate.notAfter = notAfter ?? certificate.notAfter
        let ready = certificate
        try expect(try await scenario.store.reserve(reservation) { ready }, "issued")
        return certificate
    }

    private static func revoke(
        _ scenario: Scenario,
        _ certificate: CertificateRecord,
        _ reason: RevocationReason,
        at seconds: Double
    ) async throws -> RevocationOutcome {
        try await scenario.store.revoke(
            issuerID: certificate.issuerID,
            serialNumber: certificate.serialNumber,
            Revocation(at: Scenario.moment(seconds), reason: reason)
        )
    }

    private static func release(
        _ scenario: Scenario,
        _ certificate: CertificateRecord
    ) async throws -> RevocationOutcome {
        try await scenario.store.release(issuerID: certificate.issuerID, serialNumber: certificate.serialNumber)
    }

    private static func revocation(
        _ scenario: Scenario,
        _ certificate: CertificateRecord
    ) async throws -> Revocation? {
        try await scenario.store
            .certificate(issuerID: certificate.issuerID, serialNumber: certificate.serialNumber)?.revocation
    }

    private static func revision(_ scenario: Scenario, shard: Int = 3) async throws -> Int {
        try await scenario.store.revocationRevision(issuerID: scenario.issuer.id, shard: shard)
    }

    private static func revokesForEveryReason(_ scenario: Scenario) async throws {
        var revoked: [CertificateRecord] = []
        for (number, reason) in RevocationReason.allCases.enumerated() {
            var certificate = try await issued(scenario, "\(number)")
            let seconds = Double(number) + 0.125
            try expect(try await revoke(scenario, certificate, reason, at: seconds), is: .done)
            certificate.revocation = Revocation(at: Scenario.moment(seconds), reason: reason)
            revoked.append(certificate)
            try expect(try await revision(scenario), is: number + 1)
        }
        let good = try await issued(scenario, "good")
        let again = try await scenario.reopened()
        for certificate in revoked + [good] {
            let (issuerID, serialNumber) = (certificate.issuerID, certificate.serialNumber)
            let found = try await again.store.certificate(issuerID: issuerID, serialNumber: serialNumber)
            try expect(found, is: certificate)
            try expect(try await again.store.certificates(serialNumber: serialNumber), is: [certificate])
        }
        let all = try await again.store.certificates(after: nil, limit: 99)
        try expect(Set(all), is: Set(revoked + [good]))
        // A client that asks again hears what it was issued, and that it is revoked.
        let transactionID = try unwrap(revoked.first?.transactionID)
        try expect(all.first { $0.transactionID == transactionID }?.revocation, is: revoked.first?.revocation)
        try await again.store.close()
    }

    private static func revokesOnce(_ scenario: Scenario) async throws {
        let certificate = try await issued(scenario)
        try expect(try await revision(scenario), is: 0)
        try expect(try await revoke(scenario, certificate, .superseded, at: 1), is: .done)
        let first = Revocation(at: Scenario.moment(1), reason: .superseded)
        for reason in [RevocationReason.keyCompromise, .superseded, .certificateHold] {
            try expect(try await revoke(scenario, certificate, reason, at: 2), is: .alreadyRevoked(first))
        }
        try expect(try await revocation(scenario, certificate), is: first)
        var unknown = certificate
        unknown.serialNumber = Scenario.bytes(16)
        try expect(try await revoke(scenario, unknown, .superseded, at: 1), is: .unknown)
        unknown = certificate
        unknown.issuerID = Scenario.id()
        try expect(try await revoke(scenario, unknown, .superseded, at: 1), is: .unknown)
        try expect(try await revision(scenario), is: 1)
    }

    private static func revokesWhatIsOnHold(_ scenario: Scenario) async throws {
        let certificate = try await issued(scenario)
        try expect(try await revoke(scenario, certificate, .certificateHold, at: 1), is: .done)
        let held = Revocation(at: Scenario.moment(1), reason: .certificateHold)
        try expect(try await revoke(scenario, certificate, .certificateHold, at: 2), is: .alreadyRevoked(held))
        try expect(try await revision(scenario), is: 1)
        try expect(try await revoke(scenario, certificate, .keyCompromise, at: 3), is: .done)
        let final = Revocation(at: Scenario.moment(1), reason: .keyCompromise)
        try expect(try await revocation(scenario, certificate), is: final)
        try expect(try await revision(scenario), is: 2)
        try expect(try await release(scenario, certificate), is: .notOnHold)
        try expect(try await revoke(scenario, certificate, .unspecified, at: 4), is: .alreadyRevoked(final))
        try expect(try await revision(scenario), is: 2)
    }

    private static func releasesWhatIsOnHold(_ scenario: Scenario) async throws {
        let certificate = try await issued(scenario)
        try expect(try await release(scenario, certificate), is: .notOnHold)
        try expect(try await revoke(scenario, certificate, .certificateHold, at: 1), is: .done)
        try expect(try await release(scenario, certificate), is: .done)
        try expect(try await revocation(scenario, certificate), is: nil)
        try expect(try await revision(scenario), is: 2)
        try expect(try await release(scenario, certificate), is: .notOnHold)
        // What was on hold once begins anew.
        try expect(try await revoke(scenario, certificate, .superseded, at: 5), is: .done)
        let final = Revocation(at: Scenario.moment(5), reason: .superseded)
        try expect(try await revocation(scenario, certificate), is: final)
        try expect(try await release(scenario, certificate), is: .notOnHold)
        try expect(try await revocation(scenario, certificate), is: final)
        var unknown = certificate
        unknown.serialNumber = Scenario.bytes(16)
        try expect(try await release(scenario, unknown), is: .unknown)
        unknown = certificate
        unknown.issuerID = Scenario.id()
        try expect(try await release(scenario, unknown), is: .unknown)
        try expect(try await revision(scenario), is: 3)
    }

    private static func countsInShards(_ scenario: Scenario) async throws {
        let second = Scenario.issuer("second")
        try await scenario.store.apply([.addIssuer(second)])
        let shardZero = try await issued(scenario, "0", shard: 0)
        let shardSeven = try await issued(scenario, "7", shard: 7)
        let elsewhere = try await issued(scenario, "elsewhere", issuerID: second.id, shard: 7)
        try expect(try await revoke(scenario, shardZero, .certificateHold, at: 1), is: .done)
        try expect(try await release(scenario, shardZero), is: .done)
        try expect(try await revoke(scenario, shardSeven, .superseded, at: 1), is: .done)
        try expect(try await revision(scenario, shard: 0), is: 2)
        try expect(try await revision(scenario, shard: 7), is: 1)
        try expect(try await revision(scenario, shard: 3), is: 0)
        try expect(try await scenario.store.revocationRevision(issuerID: second.id, shard: 7), is: 0)
        try expect(try await revoke(scenario, elsewhere, .superseded, at: 1), is: .done)
        try expect(try await scenario.store.revocationRevision(issuerID: second.id, shard: 7), is: 1)
        try expect(try await revision(scenario, shard: 7), is: 1)
    }

    private static func pagesThroughRevoked(_ scenario: Scenario) async throws {
        let second = Scenario.issuer("second")
        try await scenario.store.apply([.addIssuer(second)])
        var revoked: [CertificateRecord] = []
        for number in [4, 1, 5, 0, 3, 2] as [UInt8] {
            let serialNumber = [1, number] + Scenario.bytes(14)
            var certificate = try await issued(scenario, "\(number)", serialNumber: serialNumber)
            try expect(try await revoke(scenario, certificate, .superseded, at: Double(number)), is: .done)
            certificate.revocation = try await revocation(scenario, certificate)
            revoked.append(certificate)
        }
        revoked.sort { $0.serialNumber[1] < $1.serialNumber[1] }
        let lastMoment = Scenario.moment(1000)
        let ending = try await issued(scenario, "ending", serialNumber: [2, 1], notAfter: lastMoment)
        let others = [
            ending, try await issued(scenario, "shard", shard: 4),
            try await issued(scenario, "issuer", issuerID: second.id), try await issued(scenario, "released"),
        ]
        for other in others {
            try expect(try await revoke(scenario, other, .certificateHold, at: 9), is: .done)
        }
        try expect(try await release(scenario, others[3]), is: .done)
        _ = try await issued(scenario, "good")
        func page(_ after: [UInt8]?, _ limit: Int, at moment: Date) async throws -> [[UInt8]] {
            let page = try await scenario.store.revokedCertificates(
                issuerID: scenario.issuer.id,
                shard: 3,
                validAt: moment,
                after: after,
                limit: limit
            )
            for entry in page where entry.serialNumber != ending.serialNumber {
                let certificate = revoked.first { $0.serialNumber == entry.serialNumber }
                try expect(certificate?.revocation, is: entry.revocation)
            }
            return page.map(\.serialNumber)
        }
        let numbers = revoked.map(\.serialNumber)
        let later = lastMoment.addingTimeInterval(0.001)
        try expect(try await page(nil, 99, at: lastMoment), is: numbers + [ending.serialNumber])
        try expect(try await page(nil, 99, at: later), is: numbers)
        try expect(try await page(nil, 4, at: later), is: Array(numbers[..<4]))
        try expect(try await page(numbers[3], 4, at: later), is: Array(numbers[4...]))
        try expect(try await page(numbers[5], 4, at: later), is: [])
        try expect(try await page(nil, 0, at: later), is: [])
    }

    private static func findsOfAnyIssuer(_ scenario: Scenario) async throws {
        let second = Scenario.issuer("second")
        try await scenario.store.apply([.addIssuer(second)])
        let serialNumber = Scenario.bytes(16)
        let both = [
            try await issued(scenario, "first", serialNumber: serialNumber),
            try await issued(scenario, "second", issuerID: second.id, serialNumber: serialNumber),
        ]
        _ = try await issued(scenario, "other")
        try expect(Set(try await scenario.store.certificates(serialNumber: serialNumber)), is: Set(both))
        try expect(try await scenario.store.certificates(serialNumber: [0] + serialNumber), is: [])
        try expect(try await scenario.store.certificates(serialNumber: []), is: [])
    }

    private static func list(_ scenario: Scenario, _ number: UInt64, shard: Int = 3) -> CertificateListRecord {
        CertificateListRecord(
            issuerID: scenario.issuer.id,
            shard: shard,
            number: number,
            thisUpdate: Scenario.moment(Double(number) + 0.5),
            nextUpdate: Scenario.moment(86_400),
            der: Scenario.bytes(2000),
            revision: 4
        )
    }

    private static func keepsNewestList(_ scenario: Scenario) async throws {
        func newest(_ scenario: Scenario, _ shard: Int) async throws -> CertificateListRecord? {
            try await scenario.store.certificateList(issuerID: scenario.issuer.id, shard: shard)
        }
        try expect(try await newest(scenario, 3), is: nil)
        let first = list(scenario, 1)
        try expect(try await scenario.store.put(first), is: true)
        try expect(try await newest(scenario, 3), is: first)
        var second = list(scenario, 2)
        second.revision = 0
        let other = list(scenario, 9_000_000_000, shard: 0)
        try expect(try await scenario.store.put(second), is: true)
        // Whoever moves here brings the numbers along.
        try expect(try await scenario.store.put(other), is: true)
        let again = try await scenario.reopened()
        try expect(try await newest(again, 3), is: second)
        try expect(try await newest(again, 0), is: other)
        try expect(try await newest(again, 1), is: nil)
        try expect(try await again.store.certificateList(issuerID: Scenario.id(), shard: 3), is: nil)
        try await again.store.close()
    }

    private static func keepsOnlyTheNextList(_ scenario: Scenario) async throws {
        let current = list(scenario, 5)
        try expect(try await scenario.store.put(current), is: true)
        for number in [1, 4, 5, 7, 6_000_000_000] as [UInt64] {
            try expect(try await scenario.store.put(list(scenario, number)), is: false)
        }
        let stored = try await scenario.store.certificateList(issuerID: scenario.issuer.id, shard: 3)
        try expect(stored, is: current)
        try expect(try await scenario.store.put(list(scenario, 6)), is: true)
        var nowhere = list(scenario, 1)
        nowhere.issuerID = Scenario.id()
        let refused = nowhere
        try await expectConflict { _ = try await scenario.store.put(refused) }
    }

    private static func revokesOnceAtOnce(_ scenario: Scenario) async throws {
        for round in 0..<4 {
            let certificate = try await issued(scenario, "\(round)")
            let outcomes = try await atOnce(scenario) { session, number in
                try await revoke(session, certificate, .superseded, at: Double(number))
            }
            let first = try unwrap(try await revocation(scenario, certificate))
            try expect(outcomes.count { $0 == .done }, is: 1)
            try expect(outcomes.count { $0 == .alreadyRevoked(first) }, is: sessions - 1)
            try expect(try await revision(scenario), is: round + 1)
        }
    }

    private static func countsEveryRevocation(_ scenario: Scenario) async throws {
        _ = try await atOnce(scenario) { session, number in
            for round in 0..<3 {
                let certificate = try await issued(session, "\(number).\(round)")
                try expect(try await revoke(session, certificate, .certificateHold, at: 1), is: .done)
                try expect(try await release(session, certificate), is: .done)
                try expect(try await revoke(session, certificate, .superseded, at: 2), is: .done)
            }
        }
        try expect(try await revision(scenario), is: sessions * 3 * 3)
    }

    private static func keepsOneList(_ scenario: Scenario) async throws {
        for number in 1...4 as ClosedRange<UInt64> {
            let kept = try await atOnce(scenario) { session, _ in
                let list = list(session, number)
                return try await session.store.put(list) ? list : nil
            }
            let winners = kept.compactMap { $0 }
            try expect(winners.count, is: 1)
            let stored = try await scenario.store.certificateList(issuerID: scenario.issuer.id, shard: 3)
            try expect(stored, is: winners.first)
        }
    }
}
