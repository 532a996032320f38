// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `ApprovalStore` in storage transactions.
extension SQLStore {
    /// Lets a request wait, with its claims used up.
    func wait(_ approval: ApprovalRecord, claims: [Claim]) async throws(StoreError) -> PendingOutcome {
        let event = PreparedAuditEvent(.waiting(approval))
        return try await database.maintain { connection throws(StoreError) in
            let result = try ApprovalTable(connection: connection).wait(approval, claims: claims)
            if case .keep = result { try connection.audit(event) }
            return result
        }
    }

    /// The newest request under a key.
    func newestApproval(_ key: TransactionKey) async throws(StoreError) -> ApprovalRecord? {
        try await database.read { try ApprovalTable(connection: $0).newest(key) }
    }

    /// A request by its id.
    func approval(_ id: UUID) async throws(StoreError) -> ApprovalRecord? {
        try await database.read { try ApprovalTable(connection: $0).approval(id) }
    }

    /// Requests with a transactionID, newest first.
    func approvals(transactionID: String, limit: Int) async throws(StoreError) -> [ApprovalRecord] {
        try await database.readLong {
            try ApprovalTable(connection: $0).approvals(transactionID: transactionID, limit: limit)
        }
    }

    /// A page of the requests in a state.
    func approvals(
        _ state: ApprovalState,
        after id: UUID?,
        limit: Int
    ) async throws(StoreError) -> [ApprovalRecord] {
        try await database.readLong {
            try ApprovalTable(connection: $0).approvals(state, after: id, limit: limit)
        }
    }

    /// Notes that somebody is for a request that waits.
    func vote(_ id: UUID, _ decision: ApprovalDecision) async throws(StoreError) -> VoteOutcome {
        try await database.change(auditing: .decision("request.vote", on: id, decision)) {
            connection throws(StoreError) in
            try ApprovalTable(connection: connection).vote(id, decision)
        }
    }

    /// Who is for a request, the first one first.
    func votes(on id: UUID) async throws(StoreError) -> [ApprovalDecision] {
        try await database.read { try ApprovalTable(connection: $0).votes(on: id) }
    }

    /// Denies a request that waits.
    func deny(_ id: UUID, _ decision: ApprovalDecision) async throws(StoreError) -> Bool {
        try await database.change(auditing: .decision("request.deny", on: id, decision)) {
            connection throws(StoreError) in
            try ApprovalTable(connection: connection).deny(id, decision)
        }
    }

    /// Ends the requests that nobody decided in time.
    func expireApprovals(at moment: Date) async throws(StoreError) -> Int {
        try await database.maintain { connection throws(StoreError) in
            try ApprovalTable(connection: connection).expire(at: moment)
        }
    }
}
