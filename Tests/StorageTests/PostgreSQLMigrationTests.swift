// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import TestSupport
import Testing

@testable import Storage

@Suite(.enabled(if: PostgreSQLServer.isInstalled, "PostgreSQL is not installed."))
struct PostgreSQLMigrationTests {
    private static let foreign = StoreError.corrupted("The database is not one of this program.")

    @Test func makesTheSchemaWhereItMay() async throws {
        let fixture = try await PostgreSQLFixture()
        await expectUnavailable("empty") { try await fixture.database(mayCreate: false) }
        #expect(try await fixture.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0")
        try await fixture.database().close()
        #expect(try await fixture.query("SELECT max(version) FROM schema_migration") == "\(Migrations.all.count)")
        try await fixture.database(mayCreate: false).close()
    }

    @Test func lettersSortByTheirBytes() async throws {
        let fixture = try await PostgreSQLFixture()
        try await fixture.database().close()
        let rows = "INSERT INTO scep_profile VALUES (rpad($1, 36), $1, 1, '', 1)"
        for name in ["b", "B", "a", "Z"] { try await fixture.query(rows.replacing("$1", with: "'\(name)'")) }
        #expect(try await fixture.query("SELECT string_agg(name, '' ORDER BY name) FROM scep_profile") == "BZab")
    }

    @Test func letsOneNodeMigrateAtATime() async throws {
        let fixture = try await PostgreSQLFixture()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let database = try await fixture.database { $0.extraMigrations = 20 }
                    try await database.close()
                }
            }
            try await group.waitForAll()
        }
        let count = Migrations.all.count + 20
        #expect(try await fixture.query("SELECT count(*), max(version) FROM schema_migration") == "\(count)|\(count)")
    }

    @Test func waitsForAnotherNodeForSoLongOnly() async throws {
        let fixture = try await PostgreSQLFixture()
        let other = try fixture.connect()
        _ = try other.integers("SELECT 1 FROM pg_advisory_lock(1396917584, 1)")
        await expectUnavailable("Another node") {
            try await fixture.database { $0.migrationLimit = .milliseconds(300) }
        }
        other.close()
        try await fixture.database().close()
    }

    @Test func refusesANewerSchema() async throws {
        let fixture = try await PostgreSQLFixture()
        try await fixture.database { $0.extraMigrations = 2 }.close()
        let newest = Migrations.all.count
        await #expect(throws: StoreError.newerSchema(found: newest + 2, supported: newest)) {
            try await fixture.database()
        }
    }

    @Test(arguments: [
        "CREATE TABLE theirs (n BIGINT)",
        "CREATE VIEW theirs AS SELECT 1",
        "CREATE TABLE schema_migration (version BIGINT, name TEXT)",
        "CREATE TABLE schema_migration (version INT, name TEXT, applied_at BIGINT)",
        "CREATE TABLE schema_migration (version BIGINT, name TEXT, applied_at BIGINT); CREATE TABLE theirs (n BIGINT)",
    ])
    func leavesSomebodyElsesDatabaseAlone(_ statements: String) async throws {
        let fixture = try await PostgreSQLFixture()
        try await fixture.query(statements)
        let count = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        let before = try await fixture.query(count)
        for mayCreate in [true, false] {
            await #expect(throws: Self.foreign) { try await fixture.database(mayCreate: mayCreate) }
        }
        #expect(try await fixture.query(count) == before)
    }

    @Test func refusesAnotherHistory() async throws {
        let fixture = try await PostgreSQLFixture()
        try await fixture.database().close()
        try await fixture.query("UPDATE schema_migration SET name = 'theirs' WHERE version = 1")
        await #expect(throws: StoreError.corrupted("The schema has a history that this program does not know.")) {
            try await fixture.database()
        }
    }

    @Test func doesNotMindExtensionsAndOtherSchemas() async throws {
        let fixture = try await PostgreSQLFixture()
        try await fixture.query(
            "CREATE EXTENSION pg_stat_statements; CREATE SCHEMA theirs; CREATE TABLE theirs.t (n INT)"
        )
        try await fixture.database().close()
        try await fixture.query("CREATE SCHEMA ours; ALTER DATABASE \(fixture.name) SET search_path = ours")
        await expectUnavailable("empty") { try await fixture.database(mayCreate: false) }
        try await fixture.database().close()
        #expect(try await fixture.query("SELECT count(*) FROM ours.schema_migration") == "\(Migrations.all.count)")
        try await fixture.query("ALTER DATABASE \(fixture.name) SET search_path = nothing")
        await expectUnavailable("search_path") { try await fixture.database() }
    }

    @Test func undoesAStepThatFails() async throws {
        let fixture = try await PostgreSQLFixture()
        try await fixture.query("CREATE TYPE certificate AS (n BIGINT)")
        await #expect(throws: StoreError.self) { try await fixture.database() }
        #expect(try await fixture.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0")
        try await fixture.query("DROP TYPE certificate")
        try await fixture.database().close()
    }

    @Test func saysThatItMayNotMakeTables() async throws {
        let fixture = try await PostgreSQLFixture()
        let role = "role_" + fixture.name
        try await fixture.query("CREATE ROLE \(role) LOGIN PASSWORD 'x'; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        let location = try PostgreSQLLocation(
            url: fixture.server.url(fixture.name, user: role, password: "x"),
            environment: [:]
        )
        await expectUnavailable("does not permit it") { try PostgreSQLDatabase(location, mayCreate: true) }
    }
}

/// Runs what blocks on a thread of its own.
enum OtherThread {
    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
        }
    }
}
