// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

// New tables and columns only: no table that may have millions of rows is written anew.
extension Migrations {
    /// Requests that wait for somebody's decision.
    static let approvals = [
        """
        CREATE TABLE approval (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            state {{text}} NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'expired')),
            profile {{text}} NOT NULL,
            transaction_id {{text}} NOT NULL,
            signer_digest {{blob}} NOT NULL,
            request_digest {{blob}} NOT NULL,
            public_key_digest {{blob}} NOT NULL,
            request {{blob}} NOT NULL,
            subject {{text}} NOT NULL,
            ra_profile {{text}} NOT NULL,
            issuer_id {{text}} NOT NULL REFERENCES issuer (id),
            renewed_certificate {{blob}},
            sealed_challenge {{blob}},
            remote_address {{text}} NOT NULL,
            created_at {{int64}} NOT NULL,
            expires_at {{int64}} NOT NULL,
            decided_at {{int64}},
            decided_by {{text}},
            note {{text}},
            issued_transaction {{text}} REFERENCES enrollment_transaction (id),
            CHECK ((state = 'pending') = (decided_at IS NULL)),
            CHECK ((state IN ('approved', 'denied')) = (decided_by IS NOT NULL)),
            CHECK ((state = 'approved') = (issued_transaction IS NOT NULL)),
            CHECK (state IN ('pending', 'approved') OR sealed_challenge IS NULL)
        ) {{strict}}
        """,
        """
        CREATE UNIQUE INDEX approval_pending
        ON approval (transaction_id, profile, signer_digest) WHERE state = 'pending'
        """,
        "CREATE INDEX approval_key ON approval (transaction_id, profile, signer_digest, id)",
        "CREATE INDEX approval_state ON approval (state, id)",
        // Not of those that wait alone: SQLite would take the index before for them, and read them all.
        "CREATE INDEX approval_expiry ON approval (state, expires_at)",
        """
        CREATE UNIQUE INDEX approval_issued
        ON approval (issued_transaction) WHERE issued_transaction IS NOT NULL
        """,
        // A challenge is used by a transaction or by a request that waits, which may become one.
        """
        ALTER TABLE challenge ADD COLUMN used_by_approval {{text}} REFERENCES approval (id)
        CHECK (used_by_approval IS NULL OR (used_at IS NOT NULL AND used_by_transaction IS NULL))
        """,
        // Whether this server made the code, which is then one of 128 bits or more; one-time codes always are.
        """
        ALTER TABLE challenge ADD COLUMN is_generated {{int64}} NOT NULL DEFAULT 0 CHECK (is_generated IN (0, 1))
        """,
        // A code that a request may be encrypted under is found by the transactionID, before the request can be read.
        "ALTER TABLE challenge ADD COLUMN transaction_id {{text}}",
        """
        ALTER TABLE challenge ADD COLUMN sealed_code {{blob}}
        CHECK ((sealed_code IS NULL) = (transaction_id IS NULL))
        """,
        """
        CREATE INDEX challenge_sealed ON challenge (transaction_id, profile, id) WHERE transaction_id IS NOT NULL
        """,
        // What a poll finds must not be older than what its issuer refused. An enrolment does not touch this index.
        """
        CREATE INDEX enrollment_transaction_abandoned
        ON enrollment_transaction (transaction_id, profile, signer_digest, id) WHERE state = 'abandoned'
        """,
    ]

    /// Revoked certificates and the CRLs that tell of them.
    static let revocations = [
        "ALTER TABLE certificate ADD COLUMN revoked_at {{int64}}",
        // The CRLReason numbers of RFC 5280 §5.3.1 without removeFromCRL, which is no reason to revoke.
        """
        ALTER TABLE certificate ADD COLUMN revocation_reason {{int64}}
        CHECK (
            (revoked_at IS NULL) = (revocation_reason IS NULL)
            AND (revocation_reason IS NULL OR revocation_reason IN (0, 1, 2, 3, 4, 5, 6, 9, 10))
        )
        """,
        """
        CREATE INDEX certificate_revoked
        ON certificate (issuer_id, crl_shard, serial_number) WHERE revoked_at IS NOT NULL
        """,
        """
        CREATE TABLE revocation_count (
            issuer_id {{text}} NOT NULL REFERENCES issuer (id),
            shard {{int64}} NOT NULL CHECK (shard >= 0),
            revision {{int64}} NOT NULL CHECK (revision >= 1),
            PRIMARY KEY (issuer_id, shard)
        ) {{strict}}
        """,
        // The newest CRL of each shard.
        """
        CREATE TABLE certificate_list (
            issuer_id {{text}} NOT NULL REFERENCES issuer (id),
            shard {{int64}} NOT NULL CHECK (shard >= 0),
            number {{int64}} NOT NULL CHECK (number >= 1),
            this_update {{int64}} NOT NULL,
            next_update {{int64}} NOT NULL,
            der {{blob}} NOT NULL,
            revision {{int64}} NOT NULL CHECK (revision >= 0),
            PRIMARY KEY (issuer_id, shard)
        ) {{strict}}
        """,
    ]

    /// The generations of this server's CAs, and the CAs of others.
    static let authorities = [
        """
        ALTER TABLE issuer ADD COLUMN state {{text}} NOT NULL DEFAULT 'active'
        CHECK (state IN ('next', 'active', 'former'))
        """,
        """
        CREATE TABLE alternate_authority (
            id {{text}} NOT NULL PRIMARY KEY CHECK (length(id) = 36),
            name {{text}} NOT NULL UNIQUE CHECK (length(name) > 0),
            certificate {{blob}} NOT NULL,
            certificate_list {{blob}},
            created_at {{int64}} NOT NULL
        ) {{strict}}
        """,
    ]
}
