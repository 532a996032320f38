// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on `certificate`.
enum CertificateSQL {
    /// What `CertificateRecord` is read from.
    static let columns = """
        id, transaction_id, issuer_id, serial_number, der, subject, public_key_digest, profile, not_before, not_after,
        issued_at, crl_shard, revoked_at, revocation_reason
        """

    /// Adds a certificate, unless its serial number or its transaction has one.
    static let add = SQLStatement(
        """
        INSERT INTO certificate (
            id, transaction_id, issuer_id, serial_number, der, subject, public_key_digest, profile, not_before,
            not_after, issued_at, crl_shard, comparable_subject
        )
        VALUES (
            :id, :transaction_id, :issuer_id, :serial_number, :der, :subject, :key_digest, :profile, :not_before,
            :not_after, :issued_at, :crl_shard, :comparable_subject
        )
        ON CONFLICT DO NOTHING
        """
    )

    /// The certificate of a transaction.
    static let byTransaction = SQLStatement("SELECT \(columns) FROM certificate WHERE transaction_id = :transaction_id")

    /// The certificate with a serial number.
    static let bySerialNumber = SQLStatement(
        "SELECT \(columns) FROM certificate WHERE issuer_id = :issuer_id AND serial_number = :serial_number"
    )

    /// The certificates with a serial number, each found by its issuer: there are few of those.
    static let ofAnyIssuer = SQLStatement(
        """
        SELECT \(columns) FROM certificate
        WHERE issuer_id IN (SELECT id FROM issuer) AND serial_number = :serial_number
        ORDER BY id
        """
    )

    /// A page of certificates.
    static let page = SQLStatement("SELECT \(columns) FROM certificate WHERE id > :after ORDER BY id LIMIT :limit")

    /// How many there are.
    static let count = SQLStatement("SELECT COUNT(*) FROM certificate")
}
