// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on `approval`.
enum ApprovalSQL {
    private static let columns = """
        id, state, profile, transaction_id, signer_digest, request_digest, public_key_digest, request, subject, ra_profile,
        issuer_id, renewed_certificate, sealed_challenge, remote_address, created_at, expires_at, decided_at, decided_by,
        note, issued_transaction, attributes, needed_votes
        """

    /// Adds a request that waits.
    ///
    /// Nothing is added when the same request is issued a certificate that is valid, or when one is open or waits under the
    /// same key.
    static let add = SQLStatement(
        """
        INSERT INTO approval (
            id, state, profile, transaction_id, signer_digest, request_digest, public_key_digest, request, subject,
            ra_profile, issuer_id, renewed_certificate, sealed_challenge, remote_address, created_at, expires_at,
            attributes, needed_votes
        )
        SELECT
            :id, 'pending', :profile, :transaction_id, :signer_digest, :request_digest, :key_digest, :request, :subject,
            :ra_profile, :issuer_id, :renewed_certificate, :sealed_challenge, :remote_address, :created_at, :expires_at,
            :attributes, :needed_votes
        WHERE NOT EXISTS (
            SELECT 1 FROM enrollment_transaction
            WHERE profile = :profile AND transaction_id = :transaction_id AND signer_digest = :signer_digest
                AND state = 'reserved'
        )
        AND NOT EXISTS (
            SELECT 1 FROM enrollment_transaction
            WHERE profile = :profile AND transaction_id = :transaction_id AND signer_digest = :signer_digest
                AND request_digest = :request_digest AND state <> 'abandoned' AND state = 'issued'
                AND NOT EXISTS (
                    SELECT 1 FROM certificate
                    WHERE certificate.transaction_id = enrollment_transaction.id
                        AND certificate.not_after <= :created_at
                )
        )
        ON CONFLICT DO NOTHING
        """
    )

    /// Ends the request that waits under a key, if nobody decided in time.
    static let outlive = SQLStatement(
        """
        UPDATE approval SET state = 'expired', decided_at = :moment, sealed_challenge = NULL
        WHERE profile = :profile AND transaction_id = :transaction_id AND signer_digest = :signer_digest
            AND state = 'pending' AND expires_at <= :moment
        RETURNING id
        """
    )

    /// The request that waits under a key.
    static let waiting = SQLStatement(
        """
        SELECT \(columns) FROM approval
        WHERE profile = :profile AND transaction_id = :transaction_id AND signer_digest = :signer_digest
            AND state = 'pending'
        """
    )

    /// Whether another request than the claimed one waits under a key.
    static let isOtherWaiting = SQLStatement(
        """
        SELECT 1 FROM approval
        WHERE profile = :profile AND transaction_id = :transaction_id AND signer_digest = :signer_digest
            AND state = 'pending' AND expires_at > :moment AND id <> :claimed_approval
        """
    )

    /// The newest request under a key.
    static let newest = SQLStatement(
        """
        SELECT \(columns) FROM approval
        WHERE profile = :profile AND transaction_id = :transaction_id AND signer_digest = :signer_digest
        ORDER BY id DESC LIMIT 1
        """
    )

    /// A request by its id.
    static let byID = SQLStatement("SELECT \(columns) FROM approval WHERE id = :id")

    /// The newest requests with a transactionID.
    static let byTransactionID = SQLStatement(
        "SELECT \(columns) FROM approval WHERE transaction_id = :transaction_id ORDER BY id DESC LIMIT :limit"
    )

    /// A page of the requests in a state.
    static let page = SQLStatement(
        "SELECT \(columns) FROM approval WHERE state = :state AND id > :after ORDER BY id LIMIT :limit"
    )

    /// Notes that somebody is for a request that waits; a second time changes nothing.
    static let vote = SQLStatement(
        """
        INSERT INTO approval_vote (approval_id, voter, voted_at, note)
        SELECT id, :voter, :voted_at, :note FROM approval
        WHERE id = :id AND state = 'pending' AND expires_at > :voted_at
        ON CONFLICT DO NOTHING
        """
    )

    /// Who is for a request, the first one first.
    static let votes = SQLStatement(
        """
        SELECT voter, voted_at, note FROM approval_vote WHERE approval_id = :id ORDER BY voted_at, voter
        """
    )

    /// Approves a request that waits, if it is the one that the transaction was reserved for and enough people are for it.
    static let approve = SQLStatement(
        """
        UPDATE approval
        SET state = 'approved', decided_at = :decided_at, decided_by = :decided_by, note = :note,
            issued_transaction = :issued_transaction
        WHERE id = :id AND state = 'pending' AND expires_at > :moment AND profile = :profile
            AND transaction_id = :transaction_id AND signer_digest = :signer_digest AND request_digest = :request_digest
            AND needed_votes <= (SELECT count(*) FROM approval_vote WHERE approval_id = :id)
        """
    )

    /// Denies a request that waits.
    static let deny = SQLStatement(
        """
        UPDATE approval
        SET state = 'denied', decided_at = :decided_at, decided_by = :decided_by, note = :note, sealed_challenge = NULL
        WHERE id = :id AND state = 'pending' AND expires_at > :decided_at
        """
    )

    /// Denies the request that was approved by a transaction which its issuer refused, so that polls end.
    static let refuse = SQLStatement(
        """
        UPDATE approval
        SET state = 'denied', decided_at = :moment, note = :note, issued_transaction = NULL, sealed_challenge = NULL
        WHERE issued_transaction = :transaction_id
        """
    )

    /// Ends all requests that nobody decided in time.
    static let expire = SQLStatement(
        """
        UPDATE approval SET state = 'expired', decided_at = :moment, sealed_challenge = NULL
        WHERE state = 'pending' AND expires_at <= :moment
        RETURNING id
        """
    )
}
