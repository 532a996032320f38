// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date

/// Brings a database's schema to the newest version that this program knows.
struct Migrator: Sendable {
    let migrations: [Migration]
    let dialect: SQLDialect
    /// Whether the database is opened to copy a state into it.
    var purpose = CopyPurpose.none

    /// Takes the next step.
    ///
    /// To be called in a transaction of its own, until there was nothing to do.
    ///
    /// - Returns: the step that was taken; nil when the schema is the newest.
    /// - Throws: `newerSchema` when the database is ahead of this program, `corrupted` when its history is another one,
    ///   `unfinishedCopy` when a state is being copied into it.
    func step(on connection: some SQLConnection, at moment: Date) throws(StoreError) -> Migration? {
        _ = try connection.execute(SQLStatement(dialect.expand(MigrationSQL.createTable)), [:])
        guard let next = try missing(on: connection).first else { return nil }
        if case .target = purpose, next.version > 1 {
            // What somebody uses already is not brought up to date in passing.
            let used = try connection.first(Self.anyIssuer, [:]) { row throws(StoreError) in try row.int64() }
            if used != nil { throw .conflict("The database holds a state of an older version already.") }
        }
        for statement in next.statements {
            _ = try connection.execute(SQLStatement(dialect.expand(statement)), [:])
        }
        _ = try connection.execute(
            MigrationSQL.add,
            ["version": .integer(next.version), "name": .text(next.name), "applied_at": .date(moment)]
        )
        return next
    }

    /// Does a part of what statements can't do: letting certificates be found that an older version wrote.
    ///
    /// To be called when no step is missing, in a transaction of its own, until there was nothing to do.
    ///
    /// - Returns: whether there was anything to do.
    func fill(on connection: some SQLConnection) throws(StoreError) -> Bool {
        // What is being copied stays as it is until the copy is complete.
        guard case .none = purpose else { return false }
        return try CertificateSearchTable(connection: connection).fill()
    }

    /// Whether nothing is left to do where `schema_migration` is there.
    ///
    /// - Throws: as `missing` does.
    func isDone(on connection: some SQLConnection) throws(StoreError) -> Bool {
        guard try missing(on: connection).isEmpty else { return false }
        guard case .none = purpose else { return true }
        return try CertificateSearchTable(connection: connection).isComplete()
    }

    /// The steps that are still to be taken where `schema_migration` is there.
    ///
    /// - Throws: `newerSchema` when the database is ahead of this program, `corrupted` when its history is another one,
    ///   `unfinishedCopy` when a state is being copied into it.
    func missing(on connection: some SQLConnection) throws(StoreError) -> ArraySlice<Migration> {
        var done = try connection.query(MigrationSQL.all, [:]) { row throws(StoreError) in
            (version: try row.int(), name: try row.text())
        }
        if done.last?.version == CopyMark.version {
            guard case .target = purpose else { throw .unfinishedCopy }
            done.removeLast()
        }
        if let last = done.last, let newest = migrations.last, last.version > newest.version {
            throw .newerSchema(found: last.version, supported: newest.version)
        }
        guard zip(done, migrations).allSatisfy({ $0.version == $1.version && $0.name == $1.name }) else {
            throw .corrupted("The schema has a history that this program does not know.")
        }
        return migrations.dropFirst(done.count)
    }

    private static let anyIssuer = SQLStatement("SELECT created_at FROM issuer LIMIT 1")
}
