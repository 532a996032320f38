// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements on `trace`.
enum TraceSQL {
    /// Adds a trace once.
    static let add = SQLStatement(
        """
        INSERT INTO trace (
            id, occurred_at, profile, transaction_id, is_authenticated, hold, remote_address, reason_code, steps
        )
        VALUES (
            :id, :occurred_at, :profile, :transaction_id, :authenticated, :hold, :remote_address,
            :reason_code, :steps
        )
        ON CONFLICT DO NOTHING
        """
    )

    /// Removes what the ring has no room for: everything up to the newest trace that is one too many.
    static let trim = SQLStatement(
        """
        DELETE FROM trace
        WHERE hold = 'ring' AND id <= (
            SELECT id FROM trace WHERE hold = 'ring' ORDER BY id DESC LIMIT 1 OFFSET :ring_size
        )
        """
    )

    private static let columns = """
        id, occurred_at, profile, transaction_id, is_authenticated, remote_address, reason_code, steps
        """

    /// The newest traces of a transactionID.
    static let byTransaction = SQLStatement(
        """
        SELECT \(columns) FROM trace
        WHERE transaction_id = :transaction_id AND hold <> 'transaction'
        UNION ALL
        SELECT \(columns) FROM trace
        WHERE hold = 'transaction' AND id IN (
            SELECT trace_id FROM enrollment_transaction
            WHERE transaction_id = :transaction_id AND state <> 'abandoned'
        )
        ORDER BY id DESC LIMIT :limit
        """
    )

    /// A trace by its id.
    static let byID = SQLStatement("SELECT \(columns) FROM trace WHERE id = :id")

    /// Forgets the oldest traces before an id.
    static let forget = SQLStatement(
        "DELETE FROM trace WHERE id IN (SELECT id FROM trace WHERE id < :before ORDER BY id LIMIT :limit)"
    )

    /// The newest traces before an id.
    static let page = SQLStatement("SELECT \(columns) FROM trace WHERE id < :before ORDER BY id DESC LIMIT :limit")

    private static let filters = """
        (:profile IS NULL OR profile = :profile) AND (:reason_code IS NULL OR reason_code = :reason_code)
            AND (:remote_address IS NULL OR remote_address = :remote_address)
            AND (:authenticated IS NULL OR is_authenticated = :authenticated)
            AND occurred_at >= :since AND occurred_at < :until
        """

    /// The trace down to which a part of a search reads.
    static let end = SQLStatement(
        "SELECT id FROM trace WHERE id < :before AND id > :after ORDER BY id DESC LIMIT 1 OFFSET :scanned"
    )

    /// What there is between two ids.
    static let matching = SQLStatement(
        """
        SELECT \(columns) FROM trace WHERE id < :before AND id >= :last AND \(filters) ORDER BY id DESC LIMIT :limit
        """
    )

    /// What there is of a transactionID.
    static let matchingTransaction = SQLStatement(
        """
        SELECT \(columns) FROM trace
        WHERE transaction_id = :transaction_id AND hold <> 'transaction' AND id < :before AND \(filters)
        UNION ALL
        SELECT \(columns) FROM trace
        WHERE hold = 'transaction' AND id < :before AND \(filters) AND id IN (
            SELECT trace_id FROM enrollment_transaction
            WHERE transaction_id = :transaction_id AND state <> 'abandoned'
        )
        ORDER BY id DESC LIMIT :limit
        """
    )
}
