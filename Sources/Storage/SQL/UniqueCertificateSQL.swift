// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on `unique_certificate`.
///
/// What is good: reserved, or issued and neither expired nor revoked; what is on hold may come back.
enum UniqueCertificateSQL {
    /// Enters a transaction that was just reserved.
    static let add = SQLStatement(
        """
        INSERT INTO unique_certificate (
            transaction_id, ra_profile, subject_digest, public_key_digest, serial_number, is_renewed, renews, replaces_after
        )
        VALUES (:id, :ra_profile, :subject_digest, :key_digest, :serial_number, 0, :renews, :replaces_after)
        """
    )

    /// Another certificate with the same subject that is good, and whose place no renewal has taken.
    static let sameSubject = SQLStatement(
        """
        SELECT u.serial_number FROM unique_certificate u
        JOIN enrollment_transaction t ON t.id = u.transaction_id
        LEFT JOIN certificate c ON c.transaction_id = u.transaction_id
        WHERE u.ra_profile = :ra_profile AND u.subject_digest = :subject_digest AND u.serial_number <> :renewed
            AND u.is_renewed = 0 AND t.state <> 'abandoned'
            AND (c.id IS NULL OR (c.not_after > :moment AND (c.revoked_at IS NULL OR c.revocation_reason = :hold)))
        ORDER BY u.transaction_id LIMIT 1
        """
    )

    /// Another certificate for the same key that has not expired, revoked or not, unless it was renewed with this subject.
    static let sameKey = SQLStatement(
        """
        SELECT u.serial_number FROM unique_certificate u
        JOIN enrollment_transaction t ON t.id = u.transaction_id
        LEFT JOIN certificate c ON c.transaction_id = u.transaction_id
        WHERE u.ra_profile = :ra_profile AND u.public_key_digest = :key_digest AND u.serial_number <> :renewed
            AND NOT (u.is_renewed = 1 AND u.subject_digest = :subject_digest) AND t.state <> 'abandoned'
            AND (c.id IS NULL OR c.not_after > :moment)
        ORDER BY u.transaction_id LIMIT 1
        """
    )

    /// What a transaction replaces and renews.
    static let entry = SQLStatement(
        "SELECT ra_profile, subject_digest, renews, replaces_after FROM unique_certificate WHERE transaction_id = :id"
    )

    /// Lets its successor stand for a certificate that is renewed.
    static let renew = SQLStatement(
        """
        UPDATE unique_certificate SET is_renewed = 1
        WHERE ra_profile = :ra_profile AND subject_digest = :subject_digest AND serial_number = :renewed
        """
    )

    /// Marks what a certificate replaces.
    static let replace = SQLStatement(
        """
        UPDATE unique_certificate SET revoke_at = :revoke_at
        WHERE ra_profile = :ra_profile AND subject_digest = :subject_digest AND transaction_id <> :id
            AND serial_number <> :renewed AND (revoke_at IS NULL OR revoke_at > :revoke_at)
            AND EXISTS (
                SELECT 1 FROM certificate c
                WHERE c.transaction_id = unique_certificate.transaction_id AND c.not_after > :moment
                    AND (c.revoked_at IS NULL OR c.revocation_reason = :hold)
            )
        """
    )

    /// What one subject's certificates are to be revoked now.
    static let dueOfSubject = SQLStatement(
        """
        SELECT u.transaction_id, c.issuer_id, c.serial_number FROM unique_certificate u
        JOIN certificate c ON c.transaction_id = u.transaction_id
        WHERE u.ra_profile = :ra_profile AND u.subject_digest = :subject_digest AND u.revoke_at <= :moment
        ORDER BY u.transaction_id
        """
    )

    /// What is to be revoked now, oldest first.
    static let due = SQLStatement(
        """
        SELECT u.transaction_id, c.issuer_id, c.serial_number FROM unique_certificate u
        JOIN certificate c ON c.transaction_id = u.transaction_id
        WHERE u.revoke_at <= :moment
        ORDER BY u.revoke_at, u.transaction_id LIMIT :limit
        """
    )

    /// Takes it on oneself to revoke a certificate.
    static let takeOn = SQLStatement(
        "UPDATE unique_certificate SET revoke_at = NULL WHERE transaction_id = :id AND revoke_at <= :moment"
    )
}
