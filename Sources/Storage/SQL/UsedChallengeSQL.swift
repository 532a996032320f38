// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on `used_challenge`.
enum UsedChallengeSQL {
    /// Uses a challenge up, unless it was used.
    static let claim = SQLStatement(
        """
        INSERT INTO used_challenge (
            id, profile, source, key_digest, used_at, expires_at, used_by_transaction, used_by_approval
        )
        VALUES (:id, :profile, :source, :key_digest, :moment, :expires_at, :transaction_id, :approval_id)
        ON CONFLICT DO NOTHING
        """
    )

    /// Who used a challenge.
    static let user = SQLStatement(
        "SELECT key_digest, used_by_transaction, used_by_approval FROM used_challenge WHERE id = :id"
    )

    /// Makes the challenges that a transaction used up good again.
    static let release = SQLStatement("DELETE FROM used_challenge WHERE used_by_transaction = :transaction_id")

    /// Forgets challenges whose time is over.
    static let forget = SQLStatement(
        """
        DELETE FROM used_challenge
        WHERE id IN (
            SELECT id FROM used_challenge WHERE expires_at <= :moment ORDER BY expires_at LIMIT :limit
        )
        """
    )
}
