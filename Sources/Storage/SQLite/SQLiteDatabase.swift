// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import GRDB

/// An open SQLite database: GRDB's pool of readers, and the writer that commits in groups.
final class SQLiteDatabase: SQLDatabase {
    private let pool: DatabasePool
    private let readers: QuickReaders
    private let writer: GroupCommit
    let ledger: AuditLedger

    /// Opens the database and brings its schema up to date.
    init(path: String, mode: OpeningMode, options: SQLiteOptions) throws(StoreError) {
        let file = SQLiteFile(path: path)
        var mayBeEmpty = false
        if case .create = mode {
            _ = try file.create()
            mayBeEmpty = true
        }
        try file.check(mayBeEmpty: mayBeEmpty)
        do {
            let turn = try WriterTurn(path: path + "-turn", patience: options.patience)
            pool = try Self.openPool(path, options)
            try pool.writeWithoutTransaction { database in
                // GRDB lowers this to NORMAL when it turns the write-ahead log on: a commit would not reach the disk.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                // Larger than SQLite's own: pages that many enrolments change are written back once for all of them.
                try database.execute(sql: "PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 16000")
                try Self.migrate(SQLiteConnection(database: database), turn, options)
                if let pages = options.maximumPages { try database.execute(sql: "PRAGMA max_page_count = \(pages)") }
                if options.isReadOnly { try database.execute(sql: "PRAGMA query_only = ON") }
            }
            readers = try QuickReaders(beside: pool, count: ProcessInfo.processInfo.activeProcessorCount)
            ledger = AuditLedger(options.audit)
            writer = GroupCommit(pool: pool, readers: readers, turn: turn, options: options, ledger: ledger)
        } catch {
            throw StoreError(sqlite: error)
        }
        writer.start()
    }

    deinit {
        writer.close { _ in }
    }

    /// Reads on the calling thread, which takes microseconds.
    func read<Value>(_ body: @escaping @Sendable (SQLiteConnection) throws -> Value) throws(StoreError) -> Value {
        do {
            return try readers.read { database in try body(SQLiteConnection(database: database)) }
        } catch {
            throw StoreError(sqlite: error)
        }
    }

    func readLong<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await pool.read { database in try body(SQLiteConnection(database: database)) }
        } catch {
            throw StoreError(sqlite: error)
        }
    }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (SQLiteConnection) throws -> WriteResult<Value>
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            writer.add(
                GroupCommit.Member(
                    run: { connection in
                        switch try body(connection) {
                        case .keep(let value): (true, { continuation.resume(returning: value) })
                        case .undo(let value): (false, { continuation.resume(returning: value) })
                        }
                    },
                    fail: { continuation.resume(throwing: $0) }
                )
            )
        }
    }

    /// Ticks four times a second: asking for the version is cheap, and nobody tells this process of others' changes.
    func changes() -> AsyncStream<Void> {
        AsyncStream {
            try? await Task.sleep(for: .milliseconds(250))
            return Task.isCancelled ? nil : ()
        }
    }

    static func storeError(_ error: any Error) -> StoreError { StoreError(sqlite: error) }

    func close() async throws(StoreError) {
        let ending = await withCheckedContinuation { continuation in
            writer.close { continuation.resume(returning: $0) }
        }
        try ending.get()
    }

    /// How many writes wait for the next commit.
    var waitingWrites: Int { writer.waiting }

    var measures: StoreMeasures {
        StoreMeasures(waiting: writer.waiting, connections: nil, commits: writer.commits)
    }

    /// What a PRAGMA says on the writer's own connection.
    func pragma(_ name: String) throws(StoreError) -> String {
        do {
            return try pool.writeWithoutTransaction { database in
                try String.fetchOne(database, sql: "PRAGMA \(name)") ?? ""
            }
        } catch {
            throw StoreError(sqlite: error)
        }
    }

    private static func openPool(_ path: String, _ options: SQLiteOptions) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "sceptic"
        configuration.foreignKeysEnabled = true
        // Other processes write beside this one (local commands). By itself SQLite looks every tenth of a second.
        configuration.busyMode = .callback { [patience = options.patience] tries in
            Thread.sleep(forTimeInterval: 0.001)
            return tries < patience
        }
        configuration.maximumReaderCount = max(5, ProcessInfo.processInfo.activeProcessorCount * 2)
        // A transaction that could not be rolled back must not trap; the next one rolls it back.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA trusted_schema = OFF;
                    PRAGMA temp_store = MEMORY;
                    """
            )
        }
        // Turning the write-ahead log on does not wait for others who do the same.
        for _ in 0..<50 {
            do {
                return try DatabasePool(path: path, configuration: configuration)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
        return try DatabasePool(path: path, configuration: configuration)
    }

    private static func migrate(
        _ connection: SQLiteConnection,
        _ turn: WriterTurn,
        _ options: SQLiteOptions
    ) throws(StoreError) {
        let migrator = Migrator(
            migrations: Migrations.all(andExtra: options.extraMigrations),
            dialect: .sqlite,
            purpose: options.purpose
        )
        // Most often there is nothing to do, and no reason to wait for those who write.
        if try tables(connection).contains("schema_migration"), try migrator.isDone(on: connection) { return }
        while try GroupCommit.transaction(
            on: connection,
            turn,
            { () throws(StoreError) in
                try claim(connection)
                if try migrator.step(on: connection, at: Date()) != nil { return true }
                return try migrator.fill(on: connection)
            }
        ) {}
    }

    private static let allTables = SQLStatement(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
    )
    private static let sign = SQLStatement("PRAGMA application_id = \(SQLiteFile.applicationID)")

    private static func tables(_ connection: SQLiteConnection) throws(StoreError) -> [String] {
        try connection.query(allTables, [:]) { row throws(StoreError) in try row.text() }
    }

    /// Makes an empty database this program's, and checks that any other is.
    private static func claim(_ connection: SQLiteConnection) throws(StoreError) {
        let tables = try tables(connection)
        if tables.isEmpty {
            _ = try connection.execute(sign, [:])
        } else if !tables.contains("schema_migration") {
            throw .corrupted("The database is not one of this program.")
        }
    }
}
