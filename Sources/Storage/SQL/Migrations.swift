// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The steps that make the schema, oldest first.
///
/// The list only grows: a step that was released never changes.
///
/// `{{int64}}`, `{{text}}` and `{{blob}}` stand for the database's types, `{{strict}}` for what makes it hold to them
/// (`{{keyed}}` where a table is nothing but its key).
/// Ids are lower-case UUIDs as text, times are milliseconds since 1970, booleans are 0 or 1.
enum Migrations {
    static let all: [Migration] = [
        Migration(
            version: 1,
            name: "enrollment",
            statements: configuration + transactions + traces
        ),
        Migration(
            version: 2,
            name: "approval and revocation",
            statements: approvals + revocations + authorities
        ),
        Migration(version: 3, name: "nodes", statements: nodes),
        Migration(version: 4, name: "bound challenges", statements: boundChallenges),
        Migration(version: 5, name: "approval rules", statements: approvalRules),
        Migration(
            version: 6,
            name: "registrations and duplicates",
            statements: registrations + challengePurposes + duplicates
        ),
        Migration(version: 7, name: "used challenges", statements: usedChallenges),
        Migration(version: 8, name: "audit log", statements: audit),
        Migration(version: 9, name: "operators", statements: operators),
        Migration(version: 10, name: "searches", statements: searches),
    ]

    /// The steps, and some more that do nothing: the history of a newer program, for tests.
    static func all(andExtra count: Int) -> [Migration] {
        all + (0..<count).map { Migration(version: (all.last?.version ?? 0) + 1 + $0, name: "extra", statements: []) }
    }

    private static func profiles(_ table: String) -> String {
        """
        CREATE TABLE \(table) (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            name {{text}} NOT NULL UNIQUE CHECK (length(name) > 0),
            is_enabled {{int64}} NOT NULL CHECK (is_enabled IN (0, 1)),
            settings {{text}} NOT NULL,
            version {{int64}} NOT NULL CHECK (version >= 1)
        ) {{strict}}
        """
    }

    private static let configuration = [
        """
        CREATE TABLE configuration_version (
            id {{int64}} NOT NULL PRIMARY KEY CHECK (id = 1),
            version {{int64}} NOT NULL CHECK (version >= 0)
        ) {{strict}}
        """,
        "INSERT INTO configuration_version (id, version) VALUES (1, 0)",
        """
        CREATE TABLE issuer (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            name {{text}} NOT NULL CHECK (length(name) > 0),
            key_generation {{int64}} NOT NULL CHECK (key_generation >= 1),
            certificate {{blob}} NOT NULL,
            chain {{blob}} NOT NULL,
            public_url {{text}} NOT NULL,
            wrapped_key {{blob}} NOT NULL,
            created_at {{int64}} NOT NULL,
            UNIQUE (name, key_generation)
        ) {{strict}}
        """,
        """
        CREATE TABLE ra_credential (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            issuer_id {{text}} NOT NULL REFERENCES issuer (id),
            generation {{int64}} NOT NULL CHECK (generation >= 1),
            state {{text}} NOT NULL CHECK (state IN ('prepared', 'active', 'decrypt-only', 'retired')),
            certificate {{blob}} NOT NULL,
            encryption_certificate {{blob}},
            wrapped_key {{blob}} NOT NULL,
            created_at {{int64}} NOT NULL,
            UNIQUE (issuer_id, generation)
        ) {{strict}}
        """,
        profiles("scep_profile"),
        profiles("ra_profile"),
    ]

    // Profiles are named, not referenced, from here on: what happened outlives the profile it happened in.
    private static let transactions = [
        // A request that waits for a decision is a row of `approval`, since version 2.
        """
        CREATE TABLE enrollment_transaction (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            state {{text}} NOT NULL CHECK (state IN ('reserved', 'issued', 'abandoned')),
            profile {{text}} NOT NULL,
            transaction_id {{text}} NOT NULL,
            signer_digest {{blob}} NOT NULL,
            request_digest {{blob}} NOT NULL,
            public_key_digest {{blob}} NOT NULL,
            request {{blob}} NOT NULL,
            ra_profile {{text}} NOT NULL,
            issuer_id {{text}} NOT NULL REFERENCES issuer (id),
            serial_number {{blob}} NOT NULL CHECK (length(serial_number) BETWEEN 1 AND 20),
            to_be_signed {{blob}},
            lease_owner {{text}},
            lease_until {{int64}},
            trace_id {{text}},
            reserved_at {{int64}} NOT NULL,
            ended_at {{int64}},
            UNIQUE (issuer_id, serial_number),
            CHECK ((state = 'reserved') = (to_be_signed IS NOT NULL)),
            CHECK ((state = 'reserved') = (lease_owner IS NOT NULL)),
            CHECK ((state = 'reserved') = (lease_until IS NOT NULL)),
            CHECK ((state = 'reserved') = (ended_at IS NULL))
        ) {{strict}}
        """,
        """
        CREATE UNIQUE INDEX enrollment_transaction_request
        ON enrollment_transaction (transaction_id, profile, signer_digest, request_digest) WHERE state <> 'abandoned'
        """,
        """
        CREATE UNIQUE INDEX enrollment_transaction_open
        ON enrollment_transaction (transaction_id, profile, signer_digest) WHERE state = 'reserved'
        """,
        "CREATE INDEX enrollment_transaction_lease ON enrollment_transaction (lease_until) WHERE state = 'reserved'",
        """
        CREATE TABLE certificate (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            transaction_id {{text}} UNIQUE REFERENCES enrollment_transaction (id),
            issuer_id {{text}} NOT NULL REFERENCES issuer (id),
            serial_number {{blob}} NOT NULL CHECK (length(serial_number) BETWEEN 1 AND 20),
            der {{blob}} NOT NULL,
            subject {{text}} NOT NULL,
            public_key_digest {{blob}} NOT NULL,
            profile {{text}} NOT NULL,
            not_before {{int64}} NOT NULL,
            not_after {{int64}} NOT NULL,
            issued_at {{int64}} NOT NULL,
            crl_shard {{int64}} NOT NULL CHECK (crl_shard >= 0),
            UNIQUE (issuer_id, serial_number)
        ) {{strict}}
        """,
        """
        CREATE TABLE challenge (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            profile {{text}} NOT NULL,
            kind {{text}} NOT NULL CHECK (kind IN ('one-time', 'static')),
            lookup {{blob}} NOT NULL,
            name {{text}},
            created_at {{int64}} NOT NULL,
            expires_at {{int64}},
            revoked_at {{int64}},
            used_at {{int64}},
            used_by_key {{blob}},
            used_by_transaction {{text}} REFERENCES enrollment_transaction (id),
            UNIQUE (profile, lookup),
            CHECK ((used_at IS NULL) = (used_by_key IS NULL)),
            CHECK (used_at IS NOT NULL OR used_by_transaction IS NULL),
            CHECK (kind = 'one-time' OR used_at IS NULL)
        ) {{strict}}
        """,
        "CREATE INDEX challenge_profile ON challenge (profile, id)",
        """
        CREATE INDEX challenge_transaction ON challenge (used_by_transaction) WHERE used_by_transaction IS NOT NULL
        """,
    ]

    // A trace is held by the transaction that names it, for the record, or by the ring. Those that a transaction holds
    // are found through it: another index with clients' transactionIDs would cost each enrolment another page.
    private static let traces = [
        """
        CREATE TABLE trace (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            occurred_at {{int64}} NOT NULL,
            profile {{text}} NOT NULL,
            transaction_id {{text}},
            is_authenticated {{int64}} NOT NULL CHECK (is_authenticated IN (0, 1)),
            hold {{text}} NOT NULL CHECK (hold IN ('transaction', 'record', 'ring')),
            remote_address {{text}} NOT NULL,
            reason_code {{text}} NOT NULL,
            steps {{text}} NOT NULL
        ) {{strict}}
        """,
        """
        CREATE INDEX trace_transaction ON trace (transaction_id, id)
        WHERE hold <> 'transaction' AND transaction_id IS NOT NULL
        """,
        "CREATE INDEX trace_ring ON trace (id) WHERE hold = 'ring'",
    ]
}
