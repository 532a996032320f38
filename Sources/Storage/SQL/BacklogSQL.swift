// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The statements that count what waits, each no further than a limit and along an index.
enum BacklogSQL {
    /// The requests that wait for a decision.
    static let pendingApprovals = SQLStatement(
        """
        SELECT count(*) FROM (SELECT 1 AS present FROM approval WHERE state = 'pending' LIMIT :limit) AS waiting
        """
    )

    /// The transactions that somebody reserved who is gone.
    static let expiredLeases = SQLStatement(
        """
        SELECT count(*) FROM (
            SELECT 1 AS present FROM enrollment_transaction WHERE state = 'reserved' AND lease_until < :moment LIMIT :limit
        ) AS waiting
        """
    )
}
