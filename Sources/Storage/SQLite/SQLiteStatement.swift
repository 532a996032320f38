// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import GRDB
import GRDBSQLite

/// A prepared statement, stepped by hand.
///
/// All of this target's calls into C are here.
///
/// Safe, because GRDB's statement keeps the handle alive, and GRDB's access to the database keeps other threads out.
@safe
struct SQLiteStatement {
    private let handle: OpaquePointer
    private let statement: Statement

    init(_ statement: Statement) {
        unsafe self.handle = statement.sqliteStatement
        self.statement = statement
    }

    /// Makes it ready to run again, and forgets what was bound.
    func reset() {
        unsafe sqlite3_reset(handle)
        unsafe sqlite3_clear_bindings(handle)
    }

    /// Takes one step.
    ///
    /// - Returns: whether it stands on a row now.
    func step() throws(StoreError) -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code)
        }
    }

    /// How many rows the last statement of the connection changed.
    var changes: Int { Int(unsafe sqlite3_changes(sqlite3_db_handle(handle))) }

    /// Binds a copy of a value to a parameter, counted from 1.
    func bind(_ value: SQLValue, at index: Int) throws(StoreError) {
        let code = unsafe Self.bind(value, at: CInt(index), handle)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    private static func bind(_ value: SQLValue, at index: CInt, _ handle: OpaquePointer) -> CInt {
        switch value {
        case .null(_):
            return unsafe sqlite3_bind_null(handle, index)
        case .int64(let number):
            return unsafe sqlite3_bind_int64(handle, index, number)
        case .text(var text):
            return text.withUTF8 { bytes in
                guard let start = bytes.baseAddress else {
                    return unsafe sqlite3_bind_text(handle, index, "", 0, copied)
                }
                return unsafe start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { characters in
                    unsafe sqlite3_bind_text(handle, index, characters, CInt(clamping: bytes.count), copied)
                }
            }
        case .blob(let bytes):
            // A null pointer would bind NULL.
            if bytes.isEmpty { return unsafe sqlite3_bind_zeroblob(handle, index, 0) }
            return unsafe bytes.withUnsafeBytes { bytes in
                unsafe sqlite3_bind_blob(handle, index, bytes.baseAddress, CInt(clamping: bytes.count), copied)
            }
        case .uuid(let id):
            return unsafe bind(.text(id.lowercaseText), at: index, handle)
        }
    }

    /// Tells SQLite to copy what it is given (`SQLITE_TRANSIENT`, a macro that Swift can't see).
    private static var copied: sqlite3_destructor_type { unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func failure(_ code: CInt) -> StoreError {
        let message = unsafe sqlite3_errmsg(sqlite3_db_handle(handle)).map { unsafe String(cString: $0) }
        return StoreError(sqliteCode: code, message: message)
    }
}

/// The row that a statement stands on.
extension SQLiteStatement: SQLRow {
    func isNull(_ column: Int) -> Bool { type(of: column) == SQLITE_NULL }

    func int64(_ column: Int) throws(StoreError) -> Int64 {
        guard type(of: column) == SQLITE_INTEGER else { throw .wrongColumn }
        return unsafe sqlite3_column_int64(handle, CInt(column))
    }

    func text(_ column: Int) throws(StoreError) -> String {
        guard type(of: column) == SQLITE_TEXT, let start = unsafe sqlite3_column_text(handle, CInt(column)) else {
            throw .wrongColumn
        }
        let count = Int(unsafe sqlite3_column_bytes(handle, CInt(column)))
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func blob(_ column: Int) throws(StoreError) -> [UInt8] {
        guard type(of: column) == SQLITE_BLOB else { throw .wrongColumn }
        guard let start = unsafe sqlite3_column_blob(handle, CInt(column)) else { return [] }
        let count = Int(unsafe sqlite3_column_bytes(handle, CInt(column)))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    private func type(of column: Int) -> CInt { unsafe sqlite3_column_type(handle, CInt(column)) }
}

extension StoreError {
    fileprivate static let wrongColumn = StoreError.corrupted("A column has another type than this program writes.")
}
