// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on `schema_migration`.
enum MigrationSQL {
    /// Makes the table where there is none yet.
    static let createTable = """
        CREATE TABLE IF NOT EXISTS schema_migration (
            version {{int64}} NOT NULL PRIMARY KEY CHECK (version >= 1),
            name {{text}} NOT NULL,
            applied_at {{int64}} NOT NULL
        ) {{strict}}
        """

    /// What was done, in order.
    static let all = SQLStatement("SELECT version, name FROM schema_migration ORDER BY version")

    /// Records a step.
    static let add = SQLStatement(
        "INSERT INTO schema_migration (version, name, applied_at) VALUES (:version, :name, :applied_at)"
    )
}
