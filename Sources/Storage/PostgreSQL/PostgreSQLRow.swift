// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// A row of a result.
struct PostgreSQLRow: SQLRow {
    let result: PostgreSQLResult
    let row: Int

    func isNull(_ column: Int) -> Bool { result.isNull(row, column) }

    func int64(_ column: Int) throws(StoreError) -> Int64 {
        switch result.type(column) {
        case .int8, .int4, .int2, .bool: break
        default: throw .wrongColumn
        }
        guard let bytes = result.bytes(row, column), let first = bytes.first else { throw .wrongColumn }
        // The sign is that of the first byte; a boolean's is 0 or 1.
        return bytes.dropFirst().reduce(Int64(Int8(bitPattern: first))) { $0 << 8 | Int64($1) }
    }

    func text(_ column: Int) throws(StoreError) -> String {
        switch result.type(column) {
        case .text, .varchar, .name: break
        default: throw .wrongColumn
        }
        guard let text = result.string(row, column) else { throw .wrongColumn }
        return text
    }

    func blob(_ column: Int) throws(StoreError) -> [UInt8] {
        guard result.type(column) == .bytea, let bytes = result.bytes(row, column) else { throw .wrongColumn }
        return bytes
    }
}

extension StoreError {
    fileprivate static let wrongColumn = StoreError.corrupted("A column has another type than this program writes.")
}
