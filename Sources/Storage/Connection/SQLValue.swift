// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import struct Foundation.Date
import struct Foundation.UUID

/// What a column or a parameter holds.
enum SQLType: Sendable, Hashable, CaseIterable {
    case int64
    case text
    case blob
}

/// A value that is bound to a parameter.
enum SQLValue: Sendable, Hashable {
    /// No value, of a type that PostgreSQL wants to know all the same.
    case null(SQLType)
    case int64(Int64)
    case text(String)
    case blob([UInt8])
    /// Kept as lower-case text.
    case uuid(UUID)

    /// What kind of column it goes into.
    var type: SQLType {
        switch self {
        case .null(let type): type
        case .int64: .int64
        case .text, .uuid: .text
        case .blob: .blob
        }
    }

    static func integer(_ value: Int) -> SQLValue { .int64(Int64(value)) }

    static func boolean(_ value: Bool) -> SQLValue { .int64(value ? 1 : 0) }

    /// A time, kept as whole milliseconds since 1970.
    static func date(_ value: Date) -> SQLValue { .int64(value.storedMilliseconds) }

    static func optional(_ value: Date?) -> SQLValue { value.map { .date($0) } ?? .null(.int64) }

    static func optional(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null(.text) }

    static func optional(_ value: [UInt8]?) -> SQLValue { value.map { .blob($0) } ?? .null(.blob) }

    static func optional(_ value: UUID?) -> SQLValue { value.map { .uuid($0) } ?? .null(.text) }
}

extension Date {
    /// Milliseconds since 1970, rounded; the ends of the range stand for what lies beyond it.
    var storedMilliseconds: Int64 {
        let milliseconds = (timeIntervalSince1970 * 1000).rounded()
        // Within ±2^53 every whole number of milliseconds has its own Double.
        let limit = 9_007_199_254_740_992.0
        guard milliseconds == milliseconds else { return 0 }
        return Int64(Swift.min(Swift.max(milliseconds, -limit), limit))
    }

    /// The moment that was stored; what lies beyond the range, and was put in by hand, is its end.
    init(storedMilliseconds: Int64) {
        let limit: Int64 = 9_007_199_254_740_992
        self.init(timeIntervalSince1970: Double(Swift.min(Swift.max(storedMilliseconds, -limit), limit)) / 1000)
    }
}
