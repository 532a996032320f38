// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension Migrations {
    /// Devices that are registered beforehand.
    static let registrations = [
        """
        CREATE TABLE registration (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            profile {{text}} NOT NULL,
            name {{text}} NOT NULL,
            comparable_name {{text}} NOT NULL CHECK (length(comparable_name) > 0),
            lookup {{blob}} NOT NULL,
            is_generated {{int64}} NOT NULL CHECK (is_generated IN (0, 1)),
            ra_profile {{text}},
            bound_subject {{blob}},
            bound_names {{blob}},
            bound_key_type {{text}},
            attributes {{text}},
            uses {{text}} NOT NULL CHECK (uses IN ('once', 'many')),
            created_at {{int64}} NOT NULL,
            expires_at {{int64}},
            revoked_at {{int64}},
            failed_guesses {{int64}} NOT NULL CHECK (failed_guesses >= 0),
            last_guess {{blob}},
            locked_at {{int64}},
            used_at {{int64}},
            used_by_key {{blob}},
            used_by_transaction {{text}} REFERENCES enrollment_transaction (id),
            used_by_approval {{text}} REFERENCES approval (id),
            UNIQUE (profile, comparable_name),
            CHECK ((used_at IS NULL) = (used_by_key IS NULL)),
            CHECK (used_at IS NOT NULL OR (used_by_transaction IS NULL AND used_by_approval IS NULL)),
            CHECK (used_by_transaction IS NULL OR used_by_approval IS NULL),
            CHECK (uses = 'once' OR used_at IS NULL)
        ) {{strict}}
        """,
        "CREATE INDEX registration_profile ON registration (profile, id)",
        """
        CREATE INDEX registration_transaction ON registration (used_by_transaction)
        WHERE used_by_transaction IS NOT NULL
        """,
    ]

    /// What else a one-time challenge is for; NULL leaves it free.
    static let challengePurposes = [
        """
        ALTER TABLE challenge ADD COLUMN ra_profile {{text}}
        CHECK (ra_profile IS NULL OR kind = 'one-time')
        """,
        """
        ALTER TABLE challenge ADD COLUMN device {{text}}
        CHECK (device IS NULL OR kind = 'one-time')
        """,
    ]

    /// What RA profiles that refuse or replace duplicates have issued: others have no rows here.
    static let duplicates = [
        """
        CREATE TABLE unique_certificate (
            transaction_id {{text}} NOT NULL PRIMARY KEY REFERENCES enrollment_transaction (id),
            ra_profile {{text}} NOT NULL,
            subject_digest {{blob}} NOT NULL,
            public_key_digest {{blob}} NOT NULL,
            serial_number {{blob}} NOT NULL,
            is_renewed {{int64}} NOT NULL CHECK (is_renewed IN (0, 1)),
            renews {{blob}},
            replaces_after {{int64}} CHECK (replaces_after >= 0),
            revoke_at {{int64}}
        ) {{strict}}
        """,
        "CREATE INDEX unique_certificate_subject ON unique_certificate (ra_profile, subject_digest)",
        "CREATE INDEX unique_certificate_key ON unique_certificate (ra_profile, public_key_digest)",
        "CREATE INDEX unique_certificate_revoke ON unique_certificate (revoke_at) WHERE revoke_at IS NOT NULL",
    ]
}
