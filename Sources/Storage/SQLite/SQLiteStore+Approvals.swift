// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment

public import struct Foundation.Date
public import struct Foundation.UUID

extension SQLiteStore: ApprovalStore {
    /// Lets a request wait, with its claims used up.
    public func wait(_ approval: ApprovalRecord, claims: [Claim]) async throws(StoreError) -> PendingOutcome {
        try await database.change { connection throws(StoreError) in
            try ApprovalTable(connection: connection).wait(approval, claims: claims)
        }
    }

    /// The newest request under a key.
    public func newestApproval(_ key: TransactionKey) async throws(StoreError) -> ApprovalRecord? {
        try database.read { try ApprovalTable(connection: $0).newest(key) }
    }

    /// A request by its id.
    public func approval(_ id: UUID) async throws(StoreError) -> ApprovalRecord? {
        try database.read { try ApprovalTable(connection: $0).approval(id) }
    }

    /// Requests with a transactionID, newest first.
    public func approvals(transactionID: String, limit: Int) async throws(StoreError) -> [ApprovalRecord] {
        try await database.readLong {
            try ApprovalTable(connection: $0).approvals(transactionID: transactionID, limit: limit)
        }
    }

    /// A page of the requests in a state.
    public func approvals(
        _ state: ApprovalState,
        after id: UUID?,
        limit: Int
    ) async throws(StoreError) -> [ApprovalRecord] {
        try await database.readLong {
            try ApprovalTable(connection: $0).approvals(state, after: id, limit: limit)
        }
    }

    /// Denies a request that waits.
    public func deny(_ id: UUID, _ decision: ApprovalDecision) async throws(StoreError) -> Bool {
        try await database.change { connection throws(StoreError) in
            try ApprovalTable(connection: connection).deny(id, decision)
        }
    }

    /// Ends the requests that nobody decided in time.
    public func expireApprovals(at moment: Date) async throws(StoreError) -> Int {
        try await database.change { connection throws(StoreError) in
            try ApprovalTable(connection: connection).expire(at: moment)
        }
    }
}
