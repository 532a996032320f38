// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// Everything that is kept, in one SQLite file.
///
/// Writes that come at the same time share a commit, and a write returns when it has reached the disk. Other processes
/// may have the same file open. The store closes when it is no longer used; `close` waits for that.
final class SQLiteStore: SQLStore, EnrollmentStore {
    let database: SQLiteDatabase

    /// Opens a database and brings its schema up to date.
    ///
    /// It blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - path: the file; its folder is there and belongs to this program alone.
    ///   - mode: whether it may be made. It is readable by its owner only.
    ///   - options: what tests and measurements set.
    /// - Throws: `unavailable` when there is no such file or it can't be opened, `newerSchema` when a newer version of
    ///   this program wrote it, `corrupted` when it is damaged or something else's.
    init(path: String, mode: OpeningMode, options: SQLiteOptions = SQLiteOptions()) throws(StoreError) {
        database = try SQLiteDatabase(path: path, mode: mode, options: options)
    }

    /// None: the file and its folder are checked when they are opened.
    let warnings: [String] = []

    /// How many writes wait for the next commit.
    var waitingWrites: Int { database.waitingWrites }

    /// What a PRAGMA says on the writer's own connection.
    func pragma(_ name: String) throws(StoreError) -> String {
        try database.pragma(name)
    }
}
