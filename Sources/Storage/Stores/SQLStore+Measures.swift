// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date

/// `StoreMeasuring` over a database.
extension SQLStore {
    /// How busy the database is.
    var measures: StoreMeasures { database.measures }

    /// What waits in it.
    func backlog(at moment: Date, limit: Int) async throws(StoreError) -> StoreBacklog {
        try await database.read { connection in
            let limit = SQLValue.integer(limit)
            let approvals = try connection.first(BacklogSQL.pendingApprovals, ["limit": limit]) {
                row throws(StoreError) in
                try row.int()
            }
            let leases = try connection.first(
                BacklogSQL.expiredLeases,
                ["limit": limit, "moment": .date(moment)]
            ) { row throws(StoreError) in try row.int() }
            return StoreBacklog(pendingApprovals: approvals ?? 0, expiredLeases: leases ?? 0)
        }
    }
}
