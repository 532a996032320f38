// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// Everything that is kept, in a PostgreSQL database that several servers may share.
///
/// Each write is a transaction of its own. The store closes when it is no longer used; `close` waits for that.
final class PostgreSQLStore: SQLStore, EnrollmentStore {
    let database: PostgreSQLDatabase

    /// What the connection and the server's settings are like.
    var warnings: [String] { database.warnings }

    /// Connects and brings the schema up to date.
    ///
    /// It blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - location: where the database is.
    ///   - mode: whether the tables may be made.
    ///   - options: what tests and measurements set.
    /// - Throws: `unavailable` when it can't be reached or is empty, `newerSchema` when a newer version of this program
    ///   wrote it, `corrupted` when it is something else's.
    init(
        _ location: PostgreSQLLocation,
        mode: OpeningMode,
        options: PostgreSQLOptions = PostgreSQLOptions()
    ) throws(StoreError) {
        database = try PostgreSQLDatabase(location, mayCreate: mode == .create, options: options)
    }
}
