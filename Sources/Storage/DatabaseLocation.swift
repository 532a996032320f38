// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment

/// What is to be there already when a database is opened.
public enum OpeningMode: Sendable, Hashable, CaseIterable {
    /// Makes the tables when there are none.
    case create
    /// Opens a database that is there.
    case existing
}

/// Where everything is kept.
public enum DatabaseLocation: Sendable {
    /// A file of SQLite's; its folder belongs to this program alone.
    case sqlite(path: String)
    /// A database of PostgreSQL's, which several servers may share.
    case postgreSQL(PostgreSQLLocation)

    /// Whether several servers may serve it at once.
    public var isShared: Bool {
        switch self {
        case .sqlite: false
        case .postgreSQL: true
        }
    }

    /// Opens the database and brings its schema up to date.
    ///
    /// It blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - mode: whether it may be made.
    ///   - audit: who writes the audit log, and how its rows are tied together.
    /// - Returns: the open store.
    /// - Throws: `unavailable` when it is not there or can't be opened, `newerSchema` when a newer version of this
    ///   program wrote it, `corrupted` when it is damaged or something else's.
    public func open(_ mode: OpeningMode, audit: AuditIdentity) throws(StoreError) -> any EnrollmentStore {
        switch self {
        case .sqlite(let path):
            var options = SQLiteOptions()
            options.audit = audit
            return try SQLiteStore(path: path, mode: mode, options: options)
        case .postgreSQL(let location):
            var options = PostgreSQLOptions()
            options.audit = audit
            return try PostgreSQLStore(location, mode: mode, options: options)
        }
    }

    /// How many steps of the schema a database lacks that this program knows; changes nothing.
    ///
    /// It blocks for as long as that takes.
    ///
    /// - Throws: as `open` does.
    public func missingSteps() throws(StoreError) -> Int {
        switch self {
        case .sqlite(let path):
            let snapshot = try SQLiteSnapshot(path: path)
            defer { snapshot.close() }
            return try snapshot.missingMigrations().count
        case .postgreSQL(let location):
            return try PostgreSQLDatabase.missingSteps(location)
        }
    }
}
