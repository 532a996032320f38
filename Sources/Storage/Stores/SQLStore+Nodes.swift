// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `NodeStore` in storage transactions.
extension SQLStore {
    /// Adds a server, or replaces what it said before.
    func report(_ node: NodeRecord, forgetting moment: Date) async throws(StoreError) {
        try await database.maintain { connection throws(StoreError) in
            try NodeTable(connection: connection).report(node, forgetting: moment)
        }
    }

    /// The servers that were seen after a moment.
    func nodes(seenAfter moment: Date) async throws(StoreError) -> [NodeRecord] {
        try await database.readLong { try NodeTable(connection: $0).nodes(seenAfter: moment) }
    }

    /// Removes a server that stops.
    func forget(_ id: UUID) async throws(StoreError) {
        try await database.maintain { connection throws(StoreError) in
            try NodeTable(connection: connection).forget(id)
        }
    }
}
