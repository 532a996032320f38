// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `AuditStore` in storage transactions.
extension SQLStore {
    /// Events by streams and numbers.
    func auditEvents(
        after position: AuditPosition?,
        in stream: UUID?,
        limit: Int
    ) async throws(StoreError) -> [AuditRecord] {
        try await database.readLong {
            try AuditTables(connection: $0).events(after: position, in: stream, limit: limit)
        }
    }

    /// Events, newest first.
    func newestAuditEvents(
        _ filter: AuditFilter,
        behind last: (at: Date, position: AuditPosition)?,
        limit: Int
    ) async throws(StoreError) -> [AuditRecord] {
        try await database.readLong {
            try AuditTables(connection: $0).newest(filter, behind: last, limit: limit)
        }
    }

    /// Streams by their ids.
    func auditStreams(after id: UUID?, limit: Int) async throws(StoreError) -> [AuditStreamRecord] {
        try await database.readLong { try AuditTables(connection: $0).streams(after: id, limit: limit) }
    }

    /// A stream.
    func auditStream(_ id: UUID) async throws(StoreError) -> AuditStreamRecord? {
        try await database.read { try AuditTables(connection: $0).stream(id) }
    }

    /// Checkpoints by their numbers.
    func auditCheckpoints(after number: Int64, limit: Int) async throws(StoreError) -> [AuditCheckpointRecord] {
        try await database.readLong { try AuditTables(connection: $0).checkpoints(after: number, limit: limit) }
    }

    /// Writes a checkpoint, if any stream has grown.
    @discardableResult
    func writeAuditCheckpoint(at moment: Date) async throws(StoreError) -> Bool {
        let ledger = database.ledger
        let own = ledger.heads
        // What other processes wrote, some of whom are dead by now: clocks differ, and commits come after their events' moments.
        let others = try await database.readLong { connection in
            let tables = AuditTables(connection: connection)
            let last = try tables.lastCheckpoint()
            if let last { ledger.cover(last.heads) }
            let grown = try tables.grown(since: last?.at.addingTimeInterval(-300) ?? .distantPast)
            let unknown = grown.filter { place in
                !ledger.isCovered(place) && !own.contains { $0.position.stream == place.stream }
            }
            return try unknown.compactMap { try tables.head(at: $0) }
        }
        let heads = own.filter { !ledger.isCovered($0.position) } + others
        guard !heads.isEmpty else { return false }
        try await database.maintain { connection throws(StoreError) in
            try connection.takeTurn(of: Array("audit checkpoint".utf8))
            let tables = AuditTables(connection: connection)
            let last = try tables.lastCheckpoint()
            let (number, isBeyond) = (last?.number ?? 0).addingReportingOverflow(1)
            guard !isBeyond else {
                throw .corrupted("No number is left for a checkpoint of the audit log: somebody has put one in.")
            }
            var checkpoint = AuditCheckpointRecord(
                number: number,
                at: moment,
                writer: ledger.writer,
                heads: heads,
                previousHash: last?.hash ?? AuditSeal.start,
                hash: []
            )
            checkpoint.hash = ledger.seal.hash(of: checkpoint)
            try tables.add(checkpoint)
            return .keep(())
        }
        ledger.cover(heads)
        return true
    }

    /// How far this process's own streams have come.
    var ownAuditHeads: [AuditPosition] { database.ledger.heads.map(\.position) }

    /// How far an output has come in the streams that have more for it.
    func auditBacklog(of output: String, limit: Int) async throws(StoreError) -> [AuditPosition] {
        try await database.readLong { try AuditTables(connection: $0).backlog(of: output, limit: limit) }
    }

    /// Takes or keeps an output.
    func holdAuditOutput(_ output: String, _ lease: Lease, at moment: Date) async throws(StoreError) -> Bool {
        try await database.maintain { connection throws(StoreError) in
            try AuditTables(connection: connection).hold(output, lease, at: moment)
        }
    }

    /// Notes how far an output has come.
    func advanceAuditOutput(_ output: String, to positions: [AuditPosition]) async throws(StoreError) {
        try await database.maintain { connection throws(StoreError) in
            try AuditTables(connection: connection).advance(output, to: positions)
        }
    }
}
