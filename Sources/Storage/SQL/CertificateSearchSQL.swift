// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements that look for certificates: each reads a bounded number of rows.
///
/// What is free is NULL, or the end of the range.
enum CertificateSearchSQL {
    private static let filters = """
        (:profile IS NULL OR profile = :profile)
            AND (:issuer IS NULL OR issuer_id IN (SELECT id FROM issuer WHERE name = :issuer))
            AND (:subject IS NULL OR comparable_subject LIKE :subject ESCAPE '~')
            AND issued_at >= :issued_since AND issued_at < :issued_before
            AND not_after >= :expires_since AND not_after < :expires_before
            AND CASE
                WHEN revoked_at IS NULL AND not_after < :moment THEN :expired
                WHEN revoked_at IS NULL THEN :valid
                WHEN revocation_reason = :hold THEN :on_hold
                ELSE :revoked
            END = 1
        """

    /// The certificate up to which a part reads, in the order of the ids.
    static let end = SQLStatement(
        "SELECT id FROM certificate WHERE id > :after AND id < :before ORDER BY id LIMIT 1 OFFSET :scanned"
    )

    /// What there is between two ids.
    static let page = SQLStatement(
        """
        SELECT \(CertificateSQL.columns) FROM certificate
        WHERE id > :after AND id <= :last AND \(filters)
        ORDER BY id LIMIT :limit
        """
    )

    /// When a certificate ends.
    static let expiry = SQLStatement("SELECT not_after FROM certificate WHERE id = :id")

    /// The certificate up to which a part reads, in the order of the ends.
    static let expiryEnd = SQLStatement(
        """
        SELECT not_after, id FROM certificate
        WHERE (not_after, id) > (:after_end, :after) AND not_after < :expires_before
        ORDER BY not_after, id LIMIT 1 OFFSET :scanned
        """
    )

    /// What there is between two ends.
    static let expiryPage = SQLStatement(
        """
        SELECT \(CertificateSQL.columns) FROM certificate
        WHERE (not_after, id) > (:after_end, :after) AND (not_after, id) <= (:last_end, :last) AND \(filters)
        ORDER BY not_after, id LIMIT :limit
        """
    )

    /// The certificate up to which a part reads among those of a term.
    static let termEnd = SQLStatement(
        """
        SELECT certificate_id FROM certificate_term WHERE term = :term AND certificate_id > :after
        ORDER BY certificate_id LIMIT 1 OFFSET :scanned
        """
    )

    /// What there is of a term.
    static let termPage = SQLStatement(
        """
        SELECT \(CertificateSQL.columns) FROM certificate_term JOIN certificate ON id = certificate_id
        WHERE term = :term AND certificate_id > :after AND certificate_id <= :last AND \(filters)
        ORDER BY certificate_id LIMIT :limit
        """
    )

    /// What there is of a serial number, each found by its issuer: there are few of those.
    static let serialNumberPage = SQLStatement(
        """
        SELECT \(CertificateSQL.columns) FROM certificate
        WHERE issuer_id IN (SELECT id FROM issuer) AND serial_number = :serial_number AND id > :after AND \(filters)
        ORDER BY id LIMIT :limit
        """
    )

    /// Lets a certificate be found by a term.
    static let addTerm = SQLStatement(
        "INSERT INTO certificate_term (term, certificate_id) VALUES (:term, :id) ON CONFLICT DO NOTHING"
    )

    /// Certificates that can't be found yet.
    static let unsearchable = SQLStatement(
        """
        SELECT \(CertificateSQL.columns) FROM certificate WHERE comparable_subject IS NULL ORDER BY id LIMIT :limit
        """
    )

    /// Ends that.
    static let makeSearchable = SQLStatement("UPDATE certificate SET comparable_subject = :subject WHERE id = :id")
}
