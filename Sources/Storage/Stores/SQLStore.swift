// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// The ports over a database, written once for every engine.
///
/// An engine's store is a class that names its database and conforms to this and to `EnrollmentStore`: the compiler then
/// makes the ports' methods for that engine alone.
protocol SQLStore: Sendable {
    /// What is below.
    associatedtype Database: SQLDatabase

    /// The open database.
    var database: Database { get }
}

extension SQLStore {
    /// Reads something small; false when that fails.
    func isReadable() async -> Bool {
        (try? await database.read { try ConfigurationTables(connection: $0).version() }) != nil
    }

    /// Waits for the writes that were begun, and closes the database.
    ///
    /// What is asked of it later fails with `unavailable`.
    func close() async throws(StoreError) {
        try await database.close()
    }
}
