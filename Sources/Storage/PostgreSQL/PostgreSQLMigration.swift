// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation

/// Brings the schema of a PostgreSQL database up to date, one node at a time.
struct PostgreSQLMigration {
    let connection: PostgreSQLConnection
    let options: PostgreSQLOptions

    /// Takes the steps that are missing.
    ///
    /// - Parameter mayCreate: whether the database may be empty.
    /// - Throws: `newerSchema` when the database is ahead of this program, `corrupted` when it is not this program's.
    func run(mayCreate: Bool) throws(StoreError) {
        let migrator = Migrator(
            migrations: Migrations.all(andExtra: options.extraMigrations),
            dialect: .postgreSQL,
            purpose: options.purpose
        )
        // Most often there is nothing to do, and no reason to wait for anybody.
        if try isUpToDate(migrator, mayCreate) { return }
        try lock()
        while try step(migrator, mayCreate) {}
        // The lock ends with the connection at the latest.
        _ = try? connection.query(Self.unlock, [:]) { _ in }
    }

    /// How many steps are missing; changes nothing.
    func missingSteps() throws(StoreError) -> Int {
        _ = try isOurs(false)
        return try Migrator(migrations: Migrations.all, dialect: .postgreSQL).missing(on: connection).count
    }

    private func isUpToDate(_ migrator: Migrator, _ mayCreate: Bool) throws(StoreError) -> Bool {
        guard try isOurs(mayCreate) else { return false }
        return try migrator.isDone(on: connection)
    }

    /// Waits until no other node is at it.
    private func lock() throws(StoreError) {
        let end = ContinuousClock.now + options.migrationLimit
        while true {
            let isLocked = try connection.first(Self.tryLock, [:]) { row throws(StoreError) in try row.boolean() }
            if isLocked == true { return }
            guard ContinuousClock.now < end else {
                throw .unavailable("Another node has been bringing the database's schema up to date for too long.")
            }
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    /// Takes a step in a transaction of its own.
    private func step(_ migrator: Migrator, _ mayCreate: Bool) throws(StoreError) -> Bool {
        do {
            _ = try connection.command("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
            _ = try isOurs(mayCreate)
            var isStep = try migrator.step(on: connection, at: Date()) != nil
            if !isStep { isStep = try migrator.fill(on: connection) }
            let (done, _) = try connection.command("COMMIT")
            guard done == "COMMIT" else { throw StoreError.unavailable("The database undid a step of its schema.") }
            return isStep
        } catch {
            if connection.isInTransaction { _ = try? connection.command("ROLLBACK") }
            throw StoreError(postgreSQL: error)
        }
    }

    /// Looks at what is there before anything is touched.
    ///
    /// - Returns: false when there is nothing.
    private func isOurs(_ mayCreate: Bool) throws(StoreError) -> Bool {
        let schema = try connection.first(Self.schema, [:]) { row throws(StoreError) in
            try row.optional { reader throws(StoreError) in try reader.text() }
        }
        guard case .some(.some) = schema else {
            throw .unavailable("The database has none of the schemas of the user's search_path.")
        }
        let tables = try connection.query(Self.tables, [:]) { row throws(StoreError) in try row.text() }
        if tables.isEmpty {
            guard mayCreate else { throw .unavailable("The database is empty.") }
            return false
        }
        let columns = try connection.query(Self.columns, [:]) { row throws(StoreError) in
            "\(try row.text()) \(try row.text())"
        }
        guard tables.contains("schema_migration"),
            columns == ["applied_at bigint", "name text", "version bigint"]
        else { throw .foreign }
        let steps = try connection.first(Self.steps, [:]) { row throws(StoreError) in try row.int() }
        // The first step makes this table and all others together.
        guard steps ?? 0 > 0 else { throw .foreign }
        return true
    }

    private static let tryLock = SQLStatement("SELECT pg_try_advisory_lock(\(lockNumber))")
    private static let unlock = SQLStatement("SELECT pg_advisory_unlock(\(lockNumber))")
    /// "SCEP" and a number: locks of two numbers are others than those of one, which `takeTurn` takes.
    private static let lockNumber = "1396917584, 1"

    private static let schema = SQLStatement("SELECT CAST(current_schema() AS text)")

    /// The tables, views and so on in the schema where tables are made, without those of extensions.
    private static let tables = SQLStatement(
        """
        SELECT CAST(c.relname AS text) FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            AND NOT EXISTS (
                SELECT 1 FROM pg_catalog.pg_depend AS d
                WHERE d.classid = CAST('pg_catalog.pg_class' AS regclass) AND d.objid = c.oid AND d.deptype = 'e'
            )
        """
    )

    private static let columns = SQLStatement(
        """
        SELECT CAST(a.attname AS text), pg_catalog.format_type(a.atttypid, a.atttypmod)
        FROM pg_catalog.pg_attribute AS a
        JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relname = 'schema_migration' AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attname
        """
    )

    private static let steps = SQLStatement("SELECT COUNT(*) FROM schema_migration")
}

extension StoreError {
    fileprivate static let foreign = StoreError.corrupted("The database is not one of this program.")
}
