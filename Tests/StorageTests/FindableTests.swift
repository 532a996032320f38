// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import GRDB
import Testing

@testable import Storage

/// Certificates that a node of an older version issues beside this one.
@Suite struct FindableTests {
    @Test func certificatesOfOlderNodesAreFoundWithoutARestart() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        for _ in 0..<3 { try await store.issue() }
        #expect(try await !store.makeCertificatesFindable())
        let queue = try DatabaseQueue(path: fixture.path)
        try await queue.write {
            try $0.execute(
                sql: "UPDATE certificate SET comparable_subject = NULL; DELETE FROM certificate_term"
            )
        }
        var query = CertificateQuery(now: Records.issuer.createdAt)
        query.subjectPart = "cn="
        #expect(try await store.certificates(matching: query, after: nil, limit: 9).records.isEmpty)
        #expect(try await store.makeCertificatesFindable())
        #expect(try await store.certificates(matching: query, after: nil, limit: 9).records.count == 3)
        #expect(try await !store.makeCertificatesFindable())
        try await store.close()
    }

    @Test func missingStepsAreCountedWithoutTakingThem() async throws {
        let fixture = try SQLiteFixture()
        try await fixture.open(.create).close()
        let location = DatabaseLocation.sqlite(path: fixture.path)
        #expect(try location.missingSteps() == 0)
        let queue = try DatabaseQueue(path: fixture.path)
        try await queue.write { try $0.execute(sql: "DELETE FROM schema_migration WHERE version > 7") }
        #expect(try location.missingSteps() == Migrations.all.count - 7)
        #expect(try location.missingSteps() == Migrations.all.count - 7)
        try queue.close()
    }

    @Test func missingStepsOfPostgreSQLAreCountedWithoutTakingThem() async throws {
        let fixture = try await PostgreSQLFixture()
        try await fixture.database().close()
        let location = DatabaseLocation.postgreSQL(try fixture.location)
        #expect(try await OtherThread.run { try location.missingSteps() } == 0)
        try await fixture.query("DELETE FROM schema_migration WHERE version > 7")
        for _ in 0..<2 {
            #expect(try await OtherThread.run { try location.missingSteps() } == Migrations.all.count - 7)
        }
    }
}
