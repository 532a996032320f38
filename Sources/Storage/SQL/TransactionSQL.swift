// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on `enrollment_transaction`.
enum TransactionSQL {
    /// Adds a transaction as it is when its certificate comes at once; `hold` is for those that have to wait.
    ///
    /// Nothing is added when the same request is issued or open, when another is open or waits for a decision under the same
    /// key, or when the serial number is taken.
    static let add = SQLStatement(
        """
        INSERT INTO enrollment_transaction (
            id, state, profile, transaction_id, signer_digest, request_digest, public_key_digest, request, ra_profile,
            issuer_id, serial_number, trace_id, reserved_at, ended_at
        )
        SELECT
            :id, 'issued', :profile, :transaction_id, :signer_digest, :request_digest, :key_digest, :request,
            :ra_profile, :issuer_id, :serial_number, :trace_id, :reserved_at, :reserved_at
        WHERE NOT EXISTS (
            SELECT 1 FROM enrollment_transaction
            WHERE profile = :profile AND transaction_id = :transaction_id AND signer_digest = :signer_digest
                AND state = 'reserved'
        )
        AND NOT EXISTS (
            SELECT 1 FROM certificate WHERE issuer_id = :issuer_id AND serial_number = :serial_number
        )
        AND NOT EXISTS (
            SELECT 1 FROM approval
            WHERE profile = :profile AND transaction_id = :transaction_id AND signer_digest = :signer_digest
                AND state = 'pending' AND expires_at > :reserved_at AND id <> :claimed_approval
        )
        ON CONFLICT DO NOTHING
        """
    )

    /// Lets go of the transaction that the same request made, when its certificate has expired.
    static let outlive = SQLStatement(
        """
        UPDATE enrollment_transaction
        SET state = 'abandoned'
        WHERE profile = :profile AND transaction_id = :transaction_id AND signer_digest = :signer_digest
            AND request_digest = :request_digest AND state <> 'abandoned' AND state = 'issued'
            AND EXISTS (
                SELECT 1 FROM certificate
                WHERE certificate.transaction_id = enrollment_transaction.id AND certificate.not_after <= :moment
            )
        """
    )

    /// Turns the transaction that was just added into one whose certificate is still to be signed.
    static let hold = SQLStatement(
        """
        UPDATE enrollment_transaction
        SET state = 'reserved', ended_at = NULL, trace_id = NULL, to_be_signed = :to_be_signed, lease_owner = :lease_owner,
            lease_until = :lease_until
        WHERE id = :id
        """
    )

    /// The columns of an open transaction; those that only an open one has are NULL in the others.
    private static let columns = """
        id, state, profile, transaction_id, signer_digest, public_key_digest, issuer_id, serial_number, to_be_signed,
        ra_profile, lease_owner, lease_until
        """

    /// The transaction that the same request made, unless it was abandoned.
    static let same = SQLStatement(
        """
        SELECT \(columns) FROM enrollment_transaction
        WHERE profile = :profile AND transaction_id = :transaction_id AND signer_digest = :signer_digest
            AND request_digest = :request_digest AND state <> 'abandoned'
        """
    )

    /// The newest transaction under a key, unless the newest of all is an abandoned one.
    static let newest = SQLStatement(
        """
        SELECT \(columns) FROM enrollment_transaction
        WHERE profile = :profile AND transaction_id = :transaction_id AND signer_digest = :signer_digest
            AND state <> 'abandoned'
            AND NOT EXISTS (
                SELECT 1 FROM enrollment_transaction AS later
                WHERE later.profile = :profile AND later.transaction_id = :transaction_id
                    AND later.signer_digest = :signer_digest AND later.state = 'abandoned'
                    AND later.id > enrollment_transaction.id
            )
        ORDER BY id DESC LIMIT 1
        """
    )

    /// Whether a request is open under a key.
    static let open = SQLStatement(
        """
        SELECT 1 FROM enrollment_transaction
        WHERE profile = :profile AND transaction_id = :transaction_id AND signer_digest = :signer_digest
            AND state = 'reserved'
        """
    )

    /// Whether an issuer's serial number is taken.
    static let serialNumber = SQLStatement(
        """
        SELECT 1 FROM enrollment_transaction WHERE issuer_id = :issuer_id AND serial_number = :serial_number
        UNION ALL
        SELECT 1 FROM certificate WHERE issuer_id = :issuer_id AND serial_number = :serial_number
        """
    )

    /// A transaction by its id.
    static let byID = SQLStatement("SELECT \(columns) FROM enrollment_transaction WHERE id = :id")

    /// Ends an open transaction with a certificate that is the one that was ordered.
    static let finish = SQLStatement(
        """
        UPDATE enrollment_transaction
        SET state = 'issued', ended_at = :ended_at, to_be_signed = NULL, lease_owner = NULL, lease_until = NULL
        WHERE id = :id AND state = 'reserved' AND issuer_id = :issuer_id AND serial_number = :serial_number
        """
    )

    /// Gives an open transaction up.
    static let abandon = SQLStatement(
        """
        UPDATE enrollment_transaction
        SET state = 'abandoned', ended_at = :ended_at, to_be_signed = NULL, lease_owner = NULL, lease_until = NULL
        WHERE id = :id AND state = 'reserved'
        """
    )

    /// Gives the oldest open transactions whose lease ran out a new lease.
    static let takeOver = SQLStatement(
        """
        UPDATE enrollment_transaction
        SET lease_owner = :lease_owner, lease_until = :lease_until
        WHERE state = 'reserved' AND lease_until < :moment AND id IN (
            SELECT id FROM enrollment_transaction
            WHERE state = 'reserved' AND lease_until < :moment
            ORDER BY reserved_at, id
            LIMIT :limit
        )
        RETURNING \(columns), reserved_at
        """
    )
}
