// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension Migrations {
    /// The servers that serve this state.
    static let nodes = [
        """
        CREATE TABLE node (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            name {{text}} NOT NULL,
            started_at {{int64}} NOT NULL,
            seen_at {{int64}} NOT NULL,
            configuration_version {{int64}} NOT NULL CHECK (configuration_version >= 0)
        ) {{strict}}
        """
    ]
}
