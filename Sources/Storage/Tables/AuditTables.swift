// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `AuditStore` in statements; events are written by `AuditTrail`.
struct AuditTables<Connection: SQLConnection> {
    let connection: Connection

    func events(
        after position: AuditPosition?,
        in stream: UUID?,
        limit: Int
    ) throws(StoreError) -> [AuditRecord] {
        if let stream {
            return try connection.query(
                AuditSQL.streamPage,
                [
                    "stream": .uuid(stream), "sequence": .int64(position?.sequence ?? 0),
                    "limit": .integer(max(0, limit)),
                ],
                AuditRecord.init(from:)
            )
        }
        return try connection.query(
            AuditSQL.page,
            [
                "stream": .start(position?.stream), "sequence": .int64(position?.sequence ?? 0),
                "limit": .integer(max(0, limit)),
            ],
            AuditRecord.init(from:)
        )
    }

    func newest(
        _ filter: AuditFilter,
        behind last: (at: Date, position: AuditPosition)?,
        limit: Int
    ) throws(StoreError) -> [AuditRecord] {
        // Before `until` is before its first place.
        let end = filter.until.map { ($0.storedMilliseconds, "", Int64(0)) } ?? (Int64.max, "", 0)
        let start = last.map { ($0.at.storedMilliseconds, $0.position.stream.lowercaseText, $0.position.sequence) }
        let from = start.map { $0 < end ? $0 : end } ?? end
        return try connection.query(
            AuditSQL.newest,
            [
                "at": .int64(from.0), "stream": .text(from.1), "sequence": .int64(from.2),
                "since": .int64(filter.since?.storedMilliseconds ?? .min),
                "actor": .text(filter.actor?.withoutNull ?? ""), "action": .text(filter.action?.withoutNull ?? ""),
                "target": .text(filter.target?.withoutNull ?? ""), "limit": .integer(max(0, limit)),
            ],
            AuditRecord.init(from:)
        )
    }

    func streams(after id: UUID?, limit: Int) throws(StoreError) -> [AuditStreamRecord] {
        try connection.query(
            AuditSQL.streams,
            ["after": .start(id), "limit": .integer(max(0, limit))],
            AuditStreamRecord.init(from:)
        )
    }

    func stream(_ id: UUID) throws(StoreError) -> AuditStreamRecord? {
        try connection.first(AuditSQL.stream, ["id": .uuid(id)], AuditStreamRecord.init(from:))
    }

    func checkpoints(after number: Int64, limit: Int) throws(StoreError) -> [AuditCheckpointRecord] {
        try connection.query(
            AuditSQL.checkpoints,
            ["after": .int64(number), "limit": .integer(max(0, limit))],
            AuditCheckpointRecord.init(from:)
        )
    }

    func lastCheckpoint() throws(StoreError) -> AuditCheckpointRecord? {
        try connection.first(AuditSQL.lastCheckpoint, [:], AuditCheckpointRecord.init(from:))
    }

    /// The ends of the streams that have events since a moment.
    func grown(since moment: Date) throws(StoreError) -> [AuditPosition] {
        try connection.query(AuditSQL.grown, ["since": .date(moment)], AuditPosition.init(from:))
    }

    /// The end of a stream at one of its events.
    func head(at position: AuditPosition) throws(StoreError) -> AuditHead? {
        try connection.first(
            AuditSQL.hash,
            ["stream": .uuid(position.stream), "sequence": .int64(position.sequence)]
        ) { row throws(StoreError) in AuditHead(position: position, hash: try row.blob()) }
    }

    func add(_ checkpoint: AuditCheckpointRecord) throws(StoreError) {
        _ = try connection.execute(
            AuditSQL.addCheckpoint,
            [
                "number": .int64(checkpoint.number), "occurred_at": .date(checkpoint.at),
                "writer": .text(checkpoint.writer), "heads": .blob(AuditHeads.encode(checkpoint.heads)),
                "previous_hash": .blob(checkpoint.previousHash), "hash": .blob(checkpoint.hash),
            ]
        )
    }

    func backlog(of output: String, limit: Int) throws(StoreError) -> [AuditPosition] {
        try connection.query(
            AuditSQL.backlog,
            ["output": .text(output), "limit": .integer(max(0, limit))],
            AuditPosition.init(from:)
        )
    }

    func hold(_ output: String, _ lease: Lease, at moment: Date) throws(StoreError) -> WriteResult<Bool> {
        let added = try connection.execute(
            AuditSQL.addOutput,
            ["name": .text(output), "owner": .uuid(lease.owner), "until": .date(lease.until)]
        )
        if added == 1 { return .keep(true) }
        let held = try connection.execute(
            AuditSQL.holdOutput,
            [
                "owner": .uuid(lease.owner), "until": .date(lease.until), "name": .text(output),
                "moment": .date(moment),
            ]
        )
        return held == 1 ? .keep(true) : .undo(false)
    }

    func advance(_ output: String, to positions: [AuditPosition]) throws(StoreError) -> WriteResult<Void> {
        for position in positions {
            _ = try connection.execute(
                AuditSQL.advanceOutput,
                [
                    "output": .text(output), "stream": .uuid(position.stream), "sequence": .int64(position.sequence),
                ]
            )
        }
        return positions.isEmpty ? .undo(()) : .keep(())
    }
}

/// The heads of a checkpoint as one blob: for each the stream's 16 bytes, the number's 8 and the hash's 32.
enum AuditHeads {
    private static let size = 16 + 8 + 32

    static func encode(_ heads: [AuditHead]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(heads.count * size)
        for head in heads {
            unsafe withUnsafeBytes(of: head.position.stream.uuid) { unsafe bytes.append(contentsOf: $0) }
            let sequence = UInt64(bitPattern: head.position.sequence)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: sequence >> shift))
            }
            bytes += head.hash
        }
        return bytes
    }

    /// Reads them; what somebody has changed to something else gives no heads, and no hash that fits.
    static func decode(_ bytes: [UInt8]) -> [AuditHead] {
        guard bytes.count % size == 0 else { return [] }
        return stride(from: 0, to: bytes.count, by: size).compactMap { start in
            let part = bytes[start..<start + size]
            let digits = part.prefix(16).hexadecimal
            let groups = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)].map { digits.dropFirst($0).prefix($1 - $0) }
            guard let stream = UUID(uuidString: groups.joined(separator: "-")) else { return nil }
            let sequence = part.dropFirst(16).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return AuditHead(
                position: AuditPosition(stream: stream, sequence: Int64(bitPattern: sequence)),
                hash: Array(part.suffix(32))
            )
        }
    }
}

extension AuditPosition {
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(stream: try row.uuid(), sequence: try row.int64())
    }
}

extension AuditStreamRecord {
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(id: try row.uuid(), startedAt: try row.date(), writer: try row.text(), hash: try row.blob())
    }
}

extension AuditCheckpointRecord {
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(
            number: try row.int64(),
            at: try row.date(),
            writer: try row.text(),
            heads: AuditHeads.decode(try row.blob()),
            previousHash: try row.blob(),
            hash: try row.blob()
        )
    }
}

extension AuditRecord {
    private static let noID = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    /// Reads the columns that `AuditSQL` selects.
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        let position = try AuditPosition(from: &row)
        let (previousHash, hash) = (try row.blob(), try row.blob())
        let at = try row.date()
        // Whoever changed a row by hand shall be told, not stopped: an id that is none is as good as another one.
        let actID = try row.optional { row throws(StoreError) in UUID(storedText: try row.text()) ?? Self.noID }
        var event = AuditEvent(
            at: at,
            actID: actID,
            action: try row.text(),
            actor: try row.text(),
            origin: try row.text()
        )
        event.target = try row.optional { row throws(StoreError) in try row.text() }
        event.before = try row.optional { row throws(StoreError) in try row.text() }
        event.after = try row.optional { row throws(StoreError) in try row.text() }
        event.input = try row.optional { row throws(StoreError) in try row.text() }
        event.outcome = try row.text()
        self.init(position: position, previousHash: previousHash, hash: hash, event: event)
    }
}
