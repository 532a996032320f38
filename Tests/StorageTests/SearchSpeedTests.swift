// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import GRDB
import Testing

@testable import Storage

/// How long searches take in a large store; run with `SCEPTIC_SEARCH_ROWS=200000`, which takes minutes.
struct SearchSpeedTests {
    private static let rows = ProcessInfo.processInfo.environment["SCEPTIC_SEARCH_ROWS"].flatMap(Int.init)

    private func time(_ what: String, _ body: () async throws -> Int) async throws {
        let start = ContinuousClock.now
        let count = try await body()
        let duration = ContinuousClock.now - start
        print("\(what): \(count) in \(duration)")
        #expect(duration < .seconds(2), "\(what)")
    }

    @Test(.enabled(if: rows != nil)) func everyPartOfASearchTakesABoundedTime() async throws {
        let rows = try #require(Self.rows)
        let fixture = try SQLiteFixture()
        let store = try SQLiteStore(path: fixture.path, mode: .create)
        try await store.apply([.addIssuer(Records.issuer)])
        try await store.close()
        let queue = try DatabaseQueue(path: fixture.path)
        try await queue.write { database in
            try database.execute(
                sql: """
                    WITH RECURSIVE number (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM number WHERE i < :rows - 1)
                    INSERT INTO certificate
                    SELECT printf('%08x-%04x-7000-8000-%012x', i / 65536, i % 65536, i), NULL, :issuer,
                        CAST(printf('%012d', i) AS BLOB), randomblob(1200), 'CN=device-' || i || ',O=Example',
                        randomblob(32), 'p' || (i % 100), i, i + 1000000, i, 0, NULL, NULL, NULL
                    FROM number
                    """,
                arguments: ["rows": rows, "issuer": Records.issuer.id.uuidString.lowercased()]
            )
        }
        try queue.close()
        let clock = ContinuousClock.now
        let full = try fixture.open(.existing)
        print("made \(rows) certificates findable in \(ContinuousClock.now - clock)")
        func part(_ limit: Int = 100, _ choose: (inout CertificateQuery) -> Void) async throws -> Int {
            var query = CertificateQuery(now: Date(timeIntervalSince1970: 0))
            choose(&query)
            return try await full.certificates(matching: query, after: nil, limit: limit).records.count
        }
        try await time("exact subject") {
            try await part { $0.terms = [.subject("cn=device-\(rows - 1),o=example")] }
        }
        try await time("serial number") {
            try await part { $0.serialNumber = Array(String(format: "%012d", rows - 1).utf8) }
        }
        try await time("nothing found by a part of the subject, one part of the search") {
            try await part { $0.subjectPart = "absent" }
        }
        try await time("one profile of a hundred") { try await part { $0.profile = "p7" } }
        try await time("ends before") {
            try await part { $0.expiresBefore = Date(storedMilliseconds: 1_000_500) }
        }
        try await time("page of a thousand") { try await part(1000) { _ in } }
        var parts = 0
        try await time("nothing found by a part of the subject, all of the search") {
            var query = CertificateQuery(now: Date())
            query.subjectPart = "absent"
            var next: UUID?
            repeat {
                next = try await full.certificates(matching: query, after: next, limit: 100).next
                parts += 1
            } while next != nil
            return parts
        }
        try await full.close()
    }

    @Test(.enabled(if: rows != nil)) func whatAnEnrolmentPaysForBeingFound() async throws {
        let fixture = try SQLiteFixture()
        let store = try SQLiteStore(path: fixture.path, mode: .create)
        try await store.apply([.addIssuer(Records.issuer)])
        for _ in 0..<2 {
            let clock = ContinuousClock.now
            for _ in 0..<20 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<100 { group.addTask { _ = try await store.issue() } }
                    try await group.waitForAll()
                }
            }
            print("2000 enrolments stored in \(ContinuousClock.now - clock)")
        }
        let terms = ContinuousClock.now
        let certificate = Records.certificate(for: Records.reservation())
        for _ in 0..<2000 { _ = CertificateTerm.all(of: certificate).map(\.number) }
        print("2000 times the terms in \(ContinuousClock.now - terms)")
        try await store.close()
    }
}
