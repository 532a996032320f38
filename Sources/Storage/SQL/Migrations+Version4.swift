// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension Migrations {
    /// What a one-time challenge is bound to; NULL leaves it free.
    static let boundChallenges = [
        """
        ALTER TABLE challenge ADD COLUMN bound_subject {{blob}}
        CHECK (bound_subject IS NULL OR kind = 'one-time')
        """,
        """
        ALTER TABLE challenge ADD COLUMN bound_names {{blob}}
        CHECK (bound_names IS NULL OR kind = 'one-time')
        """,
        """
        ALTER TABLE challenge ADD COLUMN bound_key_type {{text}}
        CHECK (bound_key_type IS NULL OR kind = 'one-time')
        """,
    ]
}
