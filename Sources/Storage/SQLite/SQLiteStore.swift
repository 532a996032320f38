// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment

/// Everything that is kept, in one SQLite file.
///
/// Writes that come at the same time share a commit, and a write returns when it has reached the disk. Other processes
/// may have the same file open. The store closes when it is no longer used; `close` waits for that.
public final class SQLiteStore: Sendable {
    /// What is to be there already.
    public enum Mode: Sendable, Hashable, CaseIterable {
        /// Makes the database when there is none.
        case create
        /// Opens a database that is there.
        case existing
    }

    let database: SQLiteDatabase

    /// Opens a database and brings its schema up to date.
    ///
    /// It blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - path: the file; its folder is there and belongs to this program alone.
    ///   - mode: whether it may be made. It is readable by its owner only.
    /// - Throws: `unavailable` when there is no such file or it can't be opened, `newerSchema` when a newer version of
    ///   this program wrote it, `corrupted` when it is damaged or something else's.
    public convenience init(path: String, mode: Mode) throws(StoreError) {
        try self.init(path: path, mode: mode, options: SQLiteOptions())
    }

    package init(path: String, mode: Mode, options: SQLiteOptions) throws(StoreError) {
        database = try SQLiteDatabase(path: path, mode: mode, options: options)
    }

    /// Waits for the writes that were begun, and closes the database.
    ///
    /// What is asked of it later fails with `unavailable`.
    public func close() async throws(StoreError) {
        try await database.close()
    }

    /// How many writes wait for the next commit.
    package var waitingWrites: Int { database.waitingWrites }

    /// What a PRAGMA says on the writer's own connection.
    package func pragma(_ name: String) throws(StoreError) -> String {
        try database.pragma(name)
    }
}
