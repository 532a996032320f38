// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import GRDB

/// A file of SQLite's as it was when it was opened, for reading only.
///
/// A read transaction stays open, so that all reads see the same. Others may go on writing, and the file grows by what
/// they write. Not for a server: one reads at a time.
final class SQLiteSnapshot: SQLDatabase {
    /// Nothing is written here.
    let ledger = AuditLedger(.unsealed)
    private let queue: DatabaseQueue
    /// What SQLite counts when others commit.
    private let version: Int64

    /// Opens a database of this program, whichever version wrote it, and changes nothing.
    init(path: String) throws(StoreError) {
        try SQLiteFile(path: path).check(mayBeEmpty: false)
        var configuration = Configuration()
        configuration.label = "sceptic-snapshot"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        // The transaction outlives the access in which it begins.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY")
        }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            version = try queue.inDatabase { database in
                try database.execute(sql: "BEGIN DEFERRED")
                // The first read decides what is seen.
                _ = try Int64.fetchOne(database, sql: "SELECT COUNT(*) FROM sqlite_schema")
                return try Self.version(database)
            }
        } catch {
            throw StoreError(sqlite: error)
        }
    }

    private static func version(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "PRAGMA data_version") ?? 0
    }

    /// The schema's steps that the version that wrote the database did not know.
    ///
    /// - Throws: `newerSchema` or `corrupted` when this program did not write it.
    func missingMigrations() throws(StoreError) -> [Migration] {
        try read { connection in
            Array(try Migrator(migrations: Migrations.all, dialect: .sqlite).missing(on: connection))
        }
    }

    /// Whether nobody has written since; the snapshot is over with this question.
    func isNewest() throws(StoreError) -> Bool {
        do {
            return try queue.inDatabase { database in
                try database.execute(sql: "COMMIT")
                return try Self.version(database) == version
            }
        } catch {
            throw StoreError(sqlite: error)
        }
    }

    func read<Value>(_ body: @escaping @Sendable (SQLiteConnection) throws -> Value) throws(StoreError) -> Value {
        do {
            return try queue.inDatabase { database in try body(SQLiteConnection(database: database)) }
        } catch {
            throw StoreError(sqlite: error)
        }
    }

    func readLong<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> Value
    ) async throws(StoreError) -> Value {
        try read(body)
    }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> WriteResult<Value>
    ) async throws -> Value {
        throw StoreError.unavailable("The database is open for reading only.")
    }

    var measures: StoreMeasures { StoreMeasures(waiting: 0, connections: nil, commits: DurationHistogram()) }

    func changes() -> AsyncStream<Void> { AsyncStream { nil } }

    func close() { try? queue.close() }

    static func storeError(_ error: any Error) -> StoreError { StoreError(sqlite: error) }
}
