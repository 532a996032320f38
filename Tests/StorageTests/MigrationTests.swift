// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import GRDB
import PKIX
import Testing

@testable import Storage

/// Databases that earlier versions wrote.
struct MigrationTests {
    private static let fixture = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures/state-v1/state.sql")

    /// Makes the database that version 1 wrote.
    private func version1(_ path: String) throws -> DatabaseQueue {
        // The rows stand in the order of the tables' names.
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let sql = try String(contentsOf: Self.fixture, encoding: .utf8)
        try queue.write { try $0.execute(sql: sql) }
        return queue
    }

    /// The rows of each table with the columns that version 1 has.
    private func rows(_ queue: DatabaseQueue, columns: [String: [String]]) throws -> [String: [Row]] {
        try queue.read { database in
            var found: [String: [Row]] = [:]
            for (table, columns) in columns {
                let list = columns.joined(separator: ", ")
                found[table] = try Row.fetchAll(database, sql: "SELECT \(list) FROM \(table) ORDER BY 1")
            }
            return found
        }
    }

    private func columns(_ queue: DatabaseQueue) throws -> [String: [String]] {
        try queue.read { database in
            var found: [String: [String]] = [:]
            for table in try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'") {
                found[table] = try database.columns(in: table).map(\.name)
            }
            return found
        }
    }

    @Test func keepsEveryRowOfVersion1() async throws {
        let fixture = try SQLiteFixture()
        let old = try version1(fixture.path)
        let columns = try columns(old)
        var before = try rows(old, columns: columns)
        try old.close()
        #expect(before.values.count { !$0.isEmpty } == columns.count, "a table of the fixture is empty")
        let store = try fixture.open(.existing)
        try await store.close()
        let new = try DatabaseQueue(path: fixture.path)
        var after = try rows(new, columns: columns)
        let steps = after.removeValue(forKey: "schema_migration")
        #expect(before.removeValue(forKey: "schema_migration")?.count == 1)
        #expect(steps?.map { $0["version"] as Int } == Migrations.all.map(\.version))
        #expect(after == before)
        let violations = try await new.read { database in
            let broken = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").count
            return (broken, try String.fetchAll(database, sql: "PRAGMA integrity_check"))
        }
        #expect(violations == (0, ["ok"]))
        try new.close()
    }

    @Test func goesOnWithTheRowsOfVersion1() async throws {
        let fixture = try SQLiteFixture()
        try version1(fixture.path).close()
        let store = try fixture.open(.existing)
        let configuration = try await store.configuration()
        #expect(configuration.issuers.map(\.state) == [.active, .active])
        #expect(configuration.alternateAuthorities.isEmpty)
        let certificates = try await store.certificates(after: nil, limit: 99)
        #expect(certificates.count == 2)
        #expect(certificates.allSatisfy { $0.revocation == nil })
        let first = try #require(certificates.first)
        #expect(try await store.certificates(serialNumber: first.serialNumber) == [first])
        let revocation = Revocation(at: first.issuedAt, reason: .superseded)
        let (issuerID, serialNumber) = (first.issuerID, first.serialNumber)
        #expect(try await store.revocationRevision(issuerID: issuerID, shard: first.crlShard) == 0)
        #expect(try await store.revoke(issuerID: issuerID, serialNumber: serialNumber, revocation) == .done)
        #expect(try await store.revocationRevision(issuerID: issuerID, shard: first.crlShard) == 1)
        #expect(try await store.approvals(.pending, after: nil, limit: 9).isEmpty)
        let open = try await store.challenges(profile: nil, after: nil, limit: 99).filter { $0.usedAt == nil }
        #expect(open.count == 1)
        var reservation = Records.reservation(issuerID: issuerID)
        reservation.key.profile = try #require(open.first?.profile)
        reservation.claims = open.map { .oneTimeChallenge($0.id) }
        let outcome = try await store.issue(reservation)
        guard case .issued = outcome else {
            Issue.record("\(outcome)")
            return
        }
        try await store.close()
    }
}
