// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension Migrations {
    /// One-time challenges that others made and that were used, until they would have ended by themselves.
    static let usedChallenges = [
        // The id is a digest of profile, maker and their id: what makes a use the same.
        """
        CREATE TABLE used_challenge (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 64),
            profile {{text}} NOT NULL,
            source {{text}} NOT NULL,
            key_digest {{blob}} NOT NULL,
            used_at {{int64}} NOT NULL,
            expires_at {{int64}} NOT NULL,
            used_by_transaction {{text}} REFERENCES enrollment_transaction (id),
            used_by_approval {{text}} REFERENCES approval (id),
            CHECK ((used_by_transaction IS NULL) <> (used_by_approval IS NULL))
        ) {{strict}}
        """,
        """
        CREATE INDEX used_challenge_transaction
        ON used_challenge (used_by_transaction) WHERE used_by_transaction IS NOT NULL
        """,
        "CREATE INDEX used_challenge_expiry ON used_challenge (expires_at)",
    ]
}
