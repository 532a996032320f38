// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on `node`.
enum NodeSQL {
    /// Adds a server, or replaces what it said before.
    static let report = SQLStatement(
        """
        INSERT INTO node (id, name, started_at, seen_at, configuration_version)
        VALUES (:id, :name, :started_at, :seen_at, :configuration_version)
        ON CONFLICT (id) DO UPDATE
        SET seen_at = excluded.seen_at, configuration_version = excluded.configuration_version
        """
    )

    /// Removes the servers that were last seen before a moment.
    static let prune = SQLStatement("DELETE FROM node WHERE seen_at < :moment")

    /// The servers that were seen after a moment.
    static let all = SQLStatement(
        """
        SELECT id, name, started_at, seen_at, configuration_version FROM node WHERE seen_at > :moment
        ORDER BY started_at, id
        """
    )

    /// Removes a server.
    static let remove = SQLStatement("DELETE FROM node WHERE id = :id")
}
