// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import PKIX

import struct Foundation.Date
import struct Foundation.UUID

extension StorageCheck {
    static let certificateSearchChecks: [StorageCheck] = [
        StorageCheck("findsCertificatesByTheirTerms", with: findsByTerms),
        StorageCheck("findsCertificatesByPartsAndStates", with: findsByParts),
        StorageCheck("pagesThroughCertificatesInTheOrderOfTheirEnds", with: pagesByEnds),
    ]

    static let traceSearchChecks: [StorageCheck] = [
        StorageCheck("findsTraces", with: findsTraces)
    ]

    private static func issued(
        _ scenario: Scenario,
        _ number: Int,
        _ change: (inout CertificateRecord) -> Void = { _ in }
    ) async throws -> CertificateRecord {
        let reservation = scenario.reservation(transactionID: "\(number)")
        var certificate = Scenario.certificate(for: reservation)
        certificate.issuedAt = Scenario.moment(Double(number))
        certificate.id = Scenario.id(certificate.issuedAt)
        certificate.subject = "CN=Device-\(number),O=Ünïcode_100%"
        change(&certificate)
        let ready = certificate
        _ = try await scenario.store.reserve(reservation) { ready }
        return certificate
    }

    private static func found(
        _ scenario: Scenario,
        after id: UUID? = nil,
        limit: Int = 99,
        _ choose: (inout CertificateQuery) -> Void
    ) async throws -> [CertificateRecord] {
        var query = CertificateQuery(now: Scenario.now)
        choose(&query)
        var all: [CertificateRecord] = []
        var part = try await scenario.store.certificates(matching: query, after: id, limit: limit)
        all += part.records
        while let next = part.next {
            part = try await scenario.store.certificates(matching: query, after: next, limit: limit)
            all += part.records
        }
        return all
    }

    private static func findsByTerms(_ scenario: Scenario) async throws {
        var all: [CertificateRecord] = []
        for number in 0..<3 { all.append(try await issued(scenario, number)) }
        for certificate in all {
            for term in CertificateTerm.all(of: certificate) {
                try expect(try await found(scenario) { $0.terms = [term] }, is: [certificate])
            }
            let other = CertificateTerm.fingerprint(Scenario.bytes(32))
            try expect(try await found(scenario) { $0.terms = [other] }, is: [])
            let all = CertificateTerm.all(of: certificate)
            try expect(try await found(scenario) { $0.terms = all }, is: [certificate])
            try expect(try await found(scenario) { $0.terms = all + [other] }, is: [])
            try expect(
                try await found(scenario) { $0.serialNumber = certificate.serialNumber },
                is: [certificate]
            )
        }
        let subject = CertificateTerm.subject("cn=device-1,o=ünïcode_100%")
        try expect(try await found(scenario) { $0.terms = [subject] }, is: [all[1]])
        // Whoever shares the number of a term has to have the term.
        let same = try await issued(scenario, 9) { $0.publicKeyDigest = all[0].publicKeyDigest.prefix(8) + [1] }
        try expect(try await found(scenario) { $0.terms = [.publicKey(same.publicKeyDigest)] }, is: [same])
    }

    private static func findsByParts(_ scenario: Scenario) async throws {
        var all: [CertificateRecord] = []
        for number in 0..<5 {
            all.append(try await issued(scenario, number) { $0.profile = number == 3 ? "other" : "default" })
        }
        for limit in [1, 2, 99] {
            try expect(try await found(scenario, limit: limit) { _ in }, is: all)
            try expect(try await found(scenario, limit: limit) { $0.subjectPart = "DEVICE-" }, is: all)
        }
        try expect(try await found(scenario) { $0.subjectPart = "device-2,o=ÜNÏ" }, is: [all[2]])
        try expect(try await found(scenario) { $0.subjectPart = "_100%" }, is: all)
        for part in ["device_", "100%0", "~", "vice-%,"] {
            try expect(try await found(scenario) { $0.subjectPart = part }, is: [])
        }
        try expect(try await found(scenario) { $0.profile = "other" }, is: [all[3]])
        let name = scenario.issuer.name
        try expect(try await found(scenario) { $0.issuer = name }, is: all)
        try expect(try await found(scenario) { $0.issuer = "absent" }, is: [])
        try expect(try await found(scenario) { $0.issuedSince = Scenario.moment(2) }, is: Array(all[2...]))
        try expect(try await found(scenario) { $0.issuedBefore = Scenario.moment(2) }, is: Array(all[..<2]))
        try expect(try await found(scenario, after: all[2].id) { _ in }, is: Array(all[3...]))
        try await findsByState(scenario, &all)
    }

    private static func findsByState(_ scenario: Scenario, _ all: inout [CertificateRecord]) async throws {
        for (index, reason) in [(0, RevocationReason.certificateHold), (1, .keyCompromise)] {
            let revocation = Revocation(at: Scenario.now, reason: reason)
            _ = try await scenario.store.revoke(
                issuerID: all[index].issuerID,
                serialNumber: all[index].serialNumber,
                revocation
            )
            all[index].revocation = revocation
        }
        let (held, revoked, rest) = (all[0], all[1], Array(all[2...]))
        try expect(try await found(scenario) { $0.statuses = [.onHold] }, is: [held])
        try expect(try await found(scenario) { $0.statuses = [.revoked] }, is: [revoked])
        try expect(try await found(scenario) { $0.statuses = [.valid] }, is: rest)
        try expect(try await found(scenario) { $0.statuses = [.expired] }, is: [])
        let later = Scenario.moment(40_000_000)
        try expect(
            try await found(scenario) {
                $0.statuses = [.expired, .onHold]
                $0.now = later
            },
            is: [held] + rest
        )
    }

    private static func pagesByEnds(_ scenario: Scenario) async throws {
        var all: [CertificateRecord] = []
        for number in 0..<6 {
            // Two share each end.
            all.append(
                try await issued(scenario, number) { $0.notAfter = Scenario.moment(Double(1000 - number / 2 * 100)) }
            )
        }
        let byEnds = [all[4], all[5], all[2], all[3], all[0], all[1]]
        for limit in [1, 2, 3, 99] {
            try expect(
                try await found(scenario, limit: limit) { $0.expiresBefore = Scenario.moment(5000) },
                is: byEnds
            )
        }
        try expect(
            try await found(scenario, limit: 1) {
                $0.expiresSince = Scenario.moment(900)
                $0.expiresBefore = Scenario.moment(1000)
            },
            is: Array(byEnds[2..<4])
        )
        try expect(
            try await found(scenario, after: Scenario.id()) { $0.expiresBefore = Scenario.moment(5000) },
            is: []
        )
    }

    private static func findsTraces(_ scenario: Scenario) async throws {
        var traces: [TraceRecord] = []
        for number in 0..<6 {
            let moment = Scenario.moment(Double(number) * 10_000)
            traces.append(
                TraceRecord(
                    id: Scenario.id(moment),
                    at: moment,
                    profile: number == 1 ? "other" : "default",
                    transactionID: number < 4 ? "t" : nil,
                    isAuthenticated: number % 2 == 0,
                    remoteAddress: "192.0.2.\(number)",
                    reasonCode: number == 5 ? "challenge.used" : "challenge.unknown",
                    steps: []
                )
            )
        }
        try await scenario.store.append(traces, ringSize: 100)
        func found(_ limit: Int = 99, _ choose: (inout TraceQuery) -> Void) async throws -> [TraceRecord] {
            var query = TraceQuery()
            choose(&query)
            var part = try await scenario.store.traces(matching: query, before: nil, limit: limit)
            var all = part.records
            while let next = part.next {
                part = try await scenario.store.traces(matching: query, before: next, limit: limit)
                all += part.records
            }
            return all
        }
        for limit in [1, 4, 99] {
            try expect(try await found(limit) { _ in }, is: traces.reversed())
            try expect(try await found(limit) { $0.transactionID = "t" }, is: traces[..<4].reversed())
        }
        try expect(try await found { $0.profile = "other" }, is: [traces[1]])
        try expect(try await found { $0.reasonCode = "challenge.used" }, is: [traces[5]])
        try expect(try await found { $0.remoteAddress = "192.0.2.2" }, is: [traces[2]])
        try expect(try await found { $0.isAuthenticated = true }, is: [traces[4], traces[2], traces[0]])
        try expect(try await found { $0.since = traces[3].at }, is: traces[3...].reversed())
        try expect(try await found { $0.until = traces[2].at }, is: traces[..<2].reversed())
        try expect(
            try await found {
                $0.transactionID = "t"
                $0.isAuthenticated = false
                $0.until = traces[3].at
            },
            is: [traces[1]]
        )
    }
}
