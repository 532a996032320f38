// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on revoked certificates, `revocation_count` and `certificate_list`.
enum RevocationSQL {
    /// Revokes a certificate that is not revoked, or that is on hold and is to be revoked for another reason.
    static let revoke = SQLStatement(
        """
        UPDATE certificate SET revoked_at = COALESCE(revoked_at, :moment), revocation_reason = :reason
        WHERE issuer_id = :issuer_id AND serial_number = :serial_number
            AND (revoked_at IS NULL OR (revocation_reason = :hold AND :reason <> :hold))
        RETURNING crl_shard
        """
    )

    /// Makes a certificate good again that is on hold.
    static let release = SQLStatement(
        """
        UPDATE certificate SET revoked_at = NULL, revocation_reason = NULL
        WHERE issuer_id = :issuer_id AND serial_number = :serial_number AND revocation_reason = :hold
        RETURNING crl_shard
        """
    )

    /// Counts a change in a shard.
    static let count = SQLStatement(
        """
        INSERT INTO revocation_count (issuer_id, shard, revision) VALUES (:issuer_id, :shard, 1)
        ON CONFLICT (issuer_id, shard) DO UPDATE SET revision = revocation_count.revision + 1
        """
    )

    /// How many changes a shard has seen.
    static let revision = SQLStatement(
        "SELECT revision FROM revocation_count WHERE issuer_id = :issuer_id AND shard = :shard"
    )

    /// A page of a shard's revoked certificates.
    static let page = SQLStatement(
        """
        SELECT serial_number, revoked_at, revocation_reason FROM certificate
        WHERE issuer_id = :issuer_id AND crl_shard = :shard AND revoked_at IS NOT NULL AND serial_number > :after
            AND not_after >= :moment
        ORDER BY serial_number LIMIT :limit
        """
    )

    /// The newest CRL of a shard.
    static let certificateList = SQLStatement(
        """
        SELECT issuer_id, shard, number, this_update, next_update, der, revision FROM certificate_list
        WHERE issuer_id = :issuer_id AND shard = :shard
        """
    )

    /// Keeps a CRL as a shard's first one or in place of the one with the number below.
    static let put = SQLStatement(
        """
        INSERT INTO certificate_list (issuer_id, shard, number, this_update, next_update, der, revision)
        VALUES (:issuer_id, :shard, :number, :this_update, :next_update, :der, :revision)
        ON CONFLICT (issuer_id, shard) DO UPDATE
        SET number = excluded.number, this_update = excluded.this_update, next_update = excluded.next_update,
            der = excluded.der, revision = excluded.revision
        WHERE certificate_list.number = excluded.number - 1
        """
    )
}
