// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on `challenge`.
enum ChallengeSQL {
    private static let columns = """
        id, profile, kind, lookup, name, created_at, expires_at, revoked_at, used_at, used_by_key,
        is_generated, transaction_id, sealed_code, bound_subject, bound_names, bound_key_type, ra_profile,
        device, maker
        """

    /// Adds a challenge, unless its lookup or its id is there.
    static let add = SQLStatement(
        """
        INSERT INTO challenge (\(columns))
        VALUES (
            :id, :profile, :kind, :lookup, :name, :created_at, :expires_at, :revoked_at, :used_at, :used_by_key,
            :generated, :transaction_id, :sealed_code, :bound_subject, :bound_names, :bound_key_type, :ra_profile,
            :device, :maker
        )
        ON CONFLICT DO NOTHING
        """
    )

    /// How many one-time challenges of a profile are good.
    static let outstanding = SQLStatement(
        """
        SELECT COUNT(*) FROM challenge
        WHERE profile = :profile AND kind = 'one-time' AND used_at IS NULL AND revoked_at IS NULL
            AND (expires_at IS NULL OR expires_at > :moment)
        """
    )

    /// The challenge with a lookup.
    static let byLookup = SQLStatement(
        "SELECT \(columns) FROM challenge WHERE profile = :profile AND lookup = :lookup"
    )

    /// The challenges that requests with a transactionID may be encrypted under.
    static let sealed = SQLStatement(
        """
        SELECT \(columns) FROM challenge
        WHERE profile = :profile AND transaction_id = :transaction_id
        ORDER BY id DESC LIMIT :limit
        """
    )

    /// A page of all challenges.
    static let page = SQLStatement("SELECT \(columns) FROM challenge WHERE id > :after ORDER BY id LIMIT :limit")

    /// A page of a profile's challenges.
    static let profilePage = SQLStatement(
        "SELECT \(columns) FROM challenge WHERE profile = :profile AND id > :after ORDER BY id LIMIT :limit"
    )

    /// Takes a challenge back that was not taken back before.
    static let revoke = SQLStatement(
        "UPDATE challenge SET revoked_at = :moment WHERE id = :id AND revoked_at IS NULL"
    )

    /// Uses up a one-time challenge that may be used, for a transaction or for a request that waits.
    static let claim = SQLStatement(
        """
        UPDATE challenge
        SET used_at = :moment, used_by_key = :key_digest, used_by_transaction = :transaction_id, used_by_approval = :approval_id
        WHERE id = :id AND kind = 'one-time' AND used_at IS NULL AND revoked_at IS NULL
            AND (expires_at IS NULL OR expires_at > :moment)
        """
    )

    /// Why a challenge could not be used up.
    static let state = SQLStatement(
        """
        SELECT expires_at, revoked_at, used_by_key, used_by_transaction, used_by_approval FROM challenge
        WHERE id = :id AND kind = 'one-time'
        """
    )

    /// Makes the challenges that a transaction used up good again.
    static let release = SQLStatement(
        """
        UPDATE challenge
        SET used_at = NULL, used_by_key = NULL, used_by_transaction = NULL
        WHERE used_by_transaction = :transaction_id
        """
    )
}
