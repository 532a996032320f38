// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Crypto
import Enrollment

/// A row on its way from one database to another.
struct CopiedRow: Sendable, Equatable {
    /// The columns' values, those of the primary key first.
    let values: [SQLValue]

    /// Reads the columns that a statement selects.
    ///
    /// Texts are read as PostgreSQL can hold them, whatever the databases are, so that both sides are compared by one rule.
    init<Row>(from row: inout ColumnReader<Row>, _ columns: [CopiedTable.Column]) throws(StoreError) {
        var values: [SQLValue] = []
        values.reserveCapacity(columns.count)
        for column in columns {
            let value = try row.optional { row throws(StoreError) in
                switch column.type {
                case .int64: SQLValue.int64(try row.int64())
                case .text: SQLValue.text(try row.text().withoutNull)
                case .blob: SQLValue.blob(try row.blob())
                }
            }
            values.append(value ?? .null(column.type))
        }
        self.values = values
    }

    /// About how many bytes the row has.
    var byteCount: Int {
        values.reduce(0) { sum, value in
            switch value {
            case .null(_), .int64(_): sum + 8
            case .text(let text): sum + text.utf8.count
            case .blob(let bytes): sum + bytes.count
            case .uuid(_): sum + 36
            }
        }
    }

    /// Adds the row to a digest, in a way that no two rows share: type, length and content of each value.
    func add(to digest: inout SHA256) {
        for value in values {
            switch value {
            case .null(_): digest.update(data: [0])
            case .int64(let number): digest.update(data: [1] + Self.bytes(UInt64(bitPattern: number)))
            case .text(let text): Self.add([UInt8](text.utf8), 2, to: &digest)
            case .blob(let bytes): Self.add(bytes, 3, to: &digest)
            case .uuid(let id): Self.add([UInt8](id.lowercaseText.utf8), 2, to: &digest)
            }
        }
    }

    private static func add(_ content: [UInt8], _ type: UInt8, to digest: inout SHA256) {
        digest.update(data: [type] + bytes(UInt64(content.count)))
        digest.update(data: content)
    }

    /// A number's bytes, the highest first.
    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }
}

extension SQLValue {
    /// Whether a key comes before another of the same types, in the order in which databases sort them.
    static func isOrdered(_ first: [SQLValue], before second: [SQLValue]) -> Bool {
        for (one, other) in zip(first, second) where one != other {
            switch (one, other) {
            case (.int64(let one), .int64(let other)): return one < other
            case (.text(let one), .text(let other)): return one.utf8.lexicographicallyPrecedes(other.utf8)
            default: return false
            }
        }
        return false
    }
}
