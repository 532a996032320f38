// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension Migrations {
    /// What a challenge source knew of the device whose request waits, as JSON (NULL when it knew nothing), how many people have to
    /// approve the request, and who did.
    static let approvalRules = [
        "ALTER TABLE approval ADD COLUMN attributes {{text}}",
        "ALTER TABLE approval ADD COLUMN needed_votes {{int64}} NOT NULL DEFAULT 1 CHECK (needed_votes >= 1)",
        """
        CREATE TABLE approval_vote (
            approval_id {{text}} NOT NULL REFERENCES approval (id),
            voter {{text}} NOT NULL CHECK (length(voter) > 0),
            voted_at {{int64}} NOT NULL,
            note {{text}},
            PRIMARY KEY (approval_id, voter)
        ) {{strict}}
        """,
    ]
}
