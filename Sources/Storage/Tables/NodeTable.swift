// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `NodeStore` in statements.
struct NodeTable<Connection: SQLConnection> {
    let connection: Connection

    func report(_ node: NodeRecord, forgetting moment: Date) throws(StoreError) -> WriteResult<Void> {
        _ = try connection.execute(
            NodeSQL.report,
            [
                "id": .uuid(node.id), "name": .text(node.name), "started_at": .date(node.startedAt),
                "seen_at": .date(node.seenAt), "configuration_version": .integer(node.configurationVersion),
            ]
        )
        _ = try connection.execute(NodeSQL.prune, ["moment": .date(moment)])
        return .keep(())
    }

    func nodes(seenAfter moment: Date) throws(StoreError) -> [NodeRecord] {
        try connection.query(NodeSQL.all, ["moment": .date(moment)], NodeRecord.init(from:))
    }

    func forget(_ id: UUID) throws(StoreError) -> WriteResult<Void> {
        _ = try connection.execute(NodeSQL.remove, ["id": .uuid(id)])
        return .keep(())
    }
}

extension NodeRecord {
    /// Reads the columns that `NodeSQL` selects.
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(
            id: try row.uuid(),
            name: try row.text(),
            startedAt: try row.date(),
            seenAt: try row.date(),
            configurationVersion: try row.int()
        )
    }
}
