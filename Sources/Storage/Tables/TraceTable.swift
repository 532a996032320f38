// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// What keeps a trace.
enum TraceHold: String {
    /// The transaction that names it.
    case transaction
    /// It was somebody who had authenticated.
    case record
    /// It stays until newer ones push it out.
    case ring
}

/// `TraceStore` in statements.
struct TraceTable<Connection: SQLConnection> {
    /// How many rows a part of a search reads at most, which takes some hundredths of a second.
    private static var scanned: Int { 20_000 }
    /// How far a trace's id may be from the moment when its request came, in seconds.
    private static var margin: Double { 3600 }

    let connection: Connection

    /// Adds a trace; `steps` are its steps, already encoded.
    func add(_ trace: TraceRecord, steps: String, hold: TraceHold) throws(StoreError) {
        _ = try connection.execute(
            TraceSQL.add,
            [
                "id": .uuid(trace.id),
                "occurred_at": .date(trace.at),
                "profile": .text(trace.profile),
                "transaction_id": .optional(trace.transactionID),
                "authenticated": .boolean(trace.isAuthenticated),
                "hold": .text(hold.rawValue),
                "remote_address": .text(trace.remoteAddress),
                "reason_code": .text(trace.reasonCode),
                "steps": .text(steps),
            ]
        )
    }

    /// Adds traces and removes what the ring has no room for.
    func append(_ traces: [TraceRecord], ringSize: Int) throws(StoreError) -> WriteResult<Void> {
        for trace in traces {
            try add(trace, steps: TraceSteps.encode(trace.steps), hold: trace.isAuthenticated ? .record : .ring)
        }
        _ = try connection.execute(TraceSQL.trim, ["ring_size": .integer(max(0, ringSize))])
        return .keep(())
    }

    func traces(transactionID: String, limit: Int) throws(StoreError) -> [TraceRecord] {
        try connection.query(
            TraceSQL.byTransaction,
            ["transaction_id": .text(transactionID), "limit": .integer(max(0, limit))],
            TraceRecord.init(from:)
        )
    }

    /// Forgets the oldest traces: their ids begin with their time (RFC 9562 §5.7).
    func forget(before moment: Date, limit: Int) throws(StoreError) -> WriteResult<Int> {
        let bound = UUID.lowest(at: moment)
        return .keep(
            try connection.execute(TraceSQL.forget, ["before": .uuid(bound), "limit": .integer(max(0, limit))])
        )
    }

    func trace(_ id: UUID) throws(StoreError) -> TraceRecord? {
        try connection.first(TraceSQL.byID, ["id": .uuid(id)], TraceRecord.init(from:))
    }

    func traces(matching query: TraceQuery, before id: UUID?, limit: Int) throws(StoreError) -> Found<TraceRecord> {
        let limit = max(1, limit)
        var filters: [(String, SQLValue)] = [
            ("profile", .optional(query.profile)), ("reason_code", .optional(query.reasonCode)),
            ("remote_address", .optional(query.remoteAddress)),
            ("authenticated", query.isAuthenticated.map { .boolean($0) } ?? .null(.int64)),
            ("since", query.since.map { .date($0) } ?? .int64(.min)),
            ("until", query.until.map { .date($0) } ?? .int64(.max)), ("limit", .integer(limit)),
        ]
        // Ids begin with a moment near the one when the request came.
        let newest = query.until.map { UUID.prefix(at: $0, margin: Self.margin) + "g" } ?? "g"
        let oldest = query.since.map { UUID.prefix(at: $0, margin: -Self.margin) } ?? ""
        let before = min(id?.lowercaseText ?? newest, newest)
        filters.append(("before", .text(before)))
        let statement: SQLStatement
        var end: UUID?
        if let transactionID = query.transactionID {
            statement = TraceSQL.matchingTransaction
            filters.append(("transaction_id", .text(transactionID)))
        } else {
            statement = TraceSQL.matching
            end = try connection.first(
                TraceSQL.end,
                ["before": .text(before), "after": .text(oldest), "scanned": .integer(Self.scanned - 1)]
            ) { row throws(StoreError) in try row.uuid() }
            filters.append(("last", end.map { .uuid($0) } ?? .text(oldest)))
        }
        let records = try connection.query(statement, SQLValues(filters), TraceRecord.init(from:))
        return Found(records: records, next: records.count < limit ? end : records.last?.id)
    }

    func traces(before id: UUID?, limit: Int) throws(StoreError) -> [TraceRecord] {
        try connection.query(
            TraceSQL.page,
            // Every id comes before a text that begins with a letter beyond the hexadecimal ones.
            ["before": id.map { .uuid($0) } ?? .text("g"), "limit": .integer(max(0, limit))],
            TraceRecord.init(from:)
        )
    }
}

extension TraceRecord {
    /// Reads the columns that `TraceSQL` selects.
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(
            id: try row.uuid(),
            at: try row.date(),
            profile: try row.text(),
            transactionID: try row.optional { row throws(StoreError) in try row.text() },
            isAuthenticated: try row.boolean(),
            remoteAddress: try row.text(),
            reasonCode: try row.text(),
            steps: try TraceSteps.decode(try row.text())
        )
    }
}
