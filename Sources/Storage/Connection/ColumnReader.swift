// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// A row of a result with typed columns, numbered from 0.
protocol SQLRow: SendableMetatype {
    /// Whether a column is NULL.
    func isNull(_ column: Int) -> Bool
    /// An integer column.
    func int64(_ column: Int) throws(StoreError) -> Int64
    /// A text column.
    func text(_ column: Int) throws(StoreError) -> String
    /// A blob column.
    func blob(_ column: Int) throws(StoreError) -> [UInt8]
}

/// Reads the columns of a row in the order in which the statement names them.
struct ColumnReader<Row: SQLRow> {
    private let row: Row
    private var column = 0

    init(_ row: Row) { self.row = row }

    private mutating func next() -> Int {
        defer { column += 1 }
        return column
    }

    mutating func int64() throws(StoreError) -> Int64 { try row.int64(next()) }

    mutating func int() throws(StoreError) -> Int {
        guard let value = Int(exactly: try int64()) else { throw .corrupted("A number is out of range.") }
        return value
    }

    mutating func boolean() throws(StoreError) -> Bool { try int64() != 0 }

    mutating func text() throws(StoreError) -> String { try row.text(next()) }

    mutating func blob() throws(StoreError) -> [UInt8] { try row.blob(next()) }

    mutating func date() throws(StoreError) -> Date { Date(storedMilliseconds: try int64()) }

    mutating func uuid() throws(StoreError) -> UUID {
        guard let value = UUID(storedText: try text()) else { throw .corrupted("An id is not a UUID.") }
        return value
    }

    /// A text column that holds the raw value of an enum.
    mutating func value<Value: RawRepresentable<String>>(
        _ type: Value.Type = Value.self
    ) throws(StoreError) -> Value {
        guard let value = Value(rawValue: try text()) else { throw .corrupted("A state has an unknown name.") }
        return value
    }

    /// A column that may be NULL.
    mutating func optional<Value>(
        _ read: (inout Self) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        guard row.isNull(column) else { return try read(&self) }
        column += 1
        return nil
    }
}
