// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension Migrations {
    /// Who administers the server, and what they asked for under keys.
    ///
    /// Roles and profiles are words with spaces between them.
    static let operators = [
        """
        CREATE TABLE operator (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            name {{text}} NOT NULL UNIQUE CHECK (length(name) > 0),
            password_hash {{text}},
            roles {{text}} NOT NULL,
            profiles {{text}},
            is_enabled {{int64}} NOT NULL CHECK (is_enabled IN (0, 1)),
            created_at {{int64}} NOT NULL,
            version {{int64}} NOT NULL CHECK (version >= 1)
        ) {{strict}}
        """,
        """
        CREATE TABLE api_token (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            name {{text}} NOT NULL CHECK (length(name) > 0),
            operator_id {{text}} REFERENCES operator (id),
            roles {{text}} NOT NULL,
            profiles {{text}},
            lookup {{blob}} NOT NULL UNIQUE,
            created_at {{int64}} NOT NULL,
            expires_at {{int64}} NOT NULL,
            last_used_at {{int64}},
            revoked_at {{int64}}
        ) {{strict}}
        """,
        "CREATE INDEX api_token_operator ON api_token (operator_id) WHERE operator_id IS NOT NULL",
        """
        CREATE TABLE idempotent_request (
            principal {{text}} NOT NULL,
            request_key {{text}} NOT NULL CHECK (length(request_key) > 0),
            digest {{blob}} NOT NULL,
            answer {{blob}},
            created_at {{int64}} NOT NULL,
            expires_at {{int64}} NOT NULL,
            PRIMARY KEY (principal, request_key)
        ) {{strict}}
        """,
        "CREATE INDEX idempotent_request_expiry ON idempotent_request (expires_at)",
        // Who made them, for profiles where nobody approves what they asked for themselves.
        "ALTER TABLE challenge ADD COLUMN maker {{text}}",
        "ALTER TABLE registration ADD COLUMN maker {{text}}",
    ]
}
