// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CLibPQ
import Enrollment

/// What the server answered to a statement.
///
/// Safe, because the handle is freed here, and what is read of it is copied.
@safe
final class PostgreSQLResult {
    private let handle: OpaquePointer

    /// Takes a result over.
    init(_ handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe PQclear(handle) }

    /// How many rows it has.
    var count: Int { Int(unsafe PQntuples(handle)) }

    /// How many rows the statement changed or found.
    var changes: Int { Int(unsafe String(cString: PQcmdTuples(handle))) ?? 0 }

    /// What the server says it has done, such as "COMMIT".
    var command: String { unsafe String(cString: PQcmdStatus(handle)) }

    /// What the server refused, if it did.
    ///
    /// Only the primary message is taken: the others may hold values.
    var refusal: PostgreSQLRefusal? {
        switch unsafe PQresultStatus(handle) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: nil
        default:
            PostgreSQLRefusal(
                state: unsafe Self.field("C", of: handle) ?? "",
                message: unsafe Self.field("M", of: handle) ?? "the connection is gone",
                isLast: ["FATAL", "PANIC"].contains(unsafe Self.field("V", of: handle))
            )
        }
    }

    /// Whether a notice is a warning.
    static func isWarning(_ notice: OpaquePointer) -> Bool { unsafe field("V", of: notice) == "WARNING" }

    private static func field(_ code: Character, of handle: OpaquePointer) -> String? {
        let code = CInt(code.asciiValue ?? 0)
        return unsafe PQresultErrorField(handle, code).map { unsafe String(cString: $0) }
    }

    /// A value's bytes; nil when it is NULL or there is no such column.
    func bytes(_ row: Int, _ column: Int) -> [UInt8]? {
        guard !isNull(row, column), let start = unsafe PQgetvalue(handle, CInt(row), CInt(column)) else { return nil }
        let count = Int(unsafe PQgetlength(handle, CInt(row), CInt(column)))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// A value's bytes as text; nil when it is NULL or there is no such column.
    func string(_ row: Int, _ column: Int) -> String? {
        guard !isNull(row, column), let start = unsafe PQgetvalue(handle, CInt(row), CInt(column)) else { return nil }
        let count = Int(unsafe PQgetlength(handle, CInt(row), CInt(column)))
        return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// Whether a value is NULL; one that is not there is.
    func isNull(_ row: Int, _ column: Int) -> Bool {
        guard row < count, column < Int(unsafe PQnfields(handle)) else { return true }
        return unsafe PQgetisnull(handle, CInt(row), CInt(column)) == 1
    }

    /// A column's type.
    func type(_ column: Int) -> ColumnType? {
        guard column < Int(unsafe PQnfields(handle)) else { return nil }
        return ColumnType(rawValue: unsafe PQftype(handle, CInt(column)))
    }

    /// The parameters that a connection URL names; nil when libpq can't read it.
    static func parameters(ofURL url: String) -> [String: String]? {
        guard let options = unsafe PQconninfoParse(url, nil) else { return nil }
        defer { unsafe PQconninfoFree(options) }
        var found: [String: String] = [:]
        var index = 0
        while let key = unsafe options[index].keyword {
            if let value = unsafe options[index].val { unsafe found[String(cString: key)] = String(cString: value) }
            index += 1
        }
        return found
    }

    /// The types that this program reads, by their object identifiers in `pg_type`, which never change.
    enum ColumnType: Oid {
        case bool = 16
        case bytea = 17
        case name = 19
        case int8 = 20
        case int2 = 21
        case int4 = 23
        case text = 25
        case varchar = 1043
    }

    /// The type of a parameter.
    static func objectID(_ type: SQLType) -> Oid {
        switch type {
        case .int64: ColumnType.int8.rawValue
        case .text: ColumnType.text.rawValue
        case .blob: ColumnType.bytea.rawValue
        }
    }
}

/// The values of a statement as libpq takes them: all in one piece of memory.
struct PostgreSQLParameters {
    private(set) var types: [SQLType] = []
    private var bytes: [UInt8] = []
    /// Where each value starts; nil for NULL.
    private var starts: [Int?] = []
    private var lengths: [CInt] = []

    init(_ values: [SQLValue]) {
        for value in values { append(value) }
        // So that a value of no bytes has an address all the same: none would be NULL.
        bytes.append(0)
    }

    private mutating func append(_ value: SQLValue) {
        let start = bytes.count
        var isNull = false
        switch value {
        case .null(let type):
            types.append(type)
            isNull = true
        case .int64(let number):
            types.append(.int64)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        case .text(let text):
            types.append(.text)
            bytes += text.withoutNull.utf8
        case .blob(let blob):
            types.append(.blob)
            bytes += blob
        case .uuid(let id):
            types.append(.text)
            bytes += id.lowercaseText.utf8
        }
        starts.append(isNull ? nil : start)
        lengths.append(CInt(clamping: bytes.count - start))
    }

    /// Calls with the addresses, the lengths and the formats, all of them binary.
    func withPointers<Value>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, [CInt], [CInt]) -> Value
    ) -> Value {
        let formats = [CInt](repeating: 1, count: lengths.count)
        return unsafe bytes.withUnsafeBytes { memory in
            let base = unsafe memory.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers: [UnsafePointer<CChar>?] = unsafe starts.map { start in
                guard let start, let base = unsafe base else { return nil }
                return unsafe base + start
            }
            return unsafe pointers.withUnsafeBufferPointer { pointers in
                // Without parameters nothing is read there.
                guard let first = pointers.baseAddress else { return unsafe body([nil], lengths, formats) }
                return unsafe body(first, lengths, formats)
            }
        }
    }
}
