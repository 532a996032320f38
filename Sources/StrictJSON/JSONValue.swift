// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A JSON value as others send it (RFC 8259): numbers keep the digits that were sent.
public indirect enum JSONValue: Sendable, Hashable {
    /// Nothing.
    case null
    /// True or false.
    case boolean(Bool)
    /// The digits as they came.
    case number(String)
    /// A text.
    case string(String)
    /// Values in order.
    case array([JSONValue])
    /// Values by name.
    case object([String: JSONValue])

    /// The value of a member; nil when there is none, or this is no object.
    public subscript(_ name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The text, if this is one.
    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The elements; none if this is no array.
    public var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The number, if this is one that a Double holds.
    public var number: Double? {
        guard case .number(let digits) = self, let value = Double(digits), value.isFinite else { return nil }
        return value
    }
}

/// Why a text is no JSON that is accepted here.
public struct MalformedJSON: Error, Hashable {
    /// Makes the error.
    public init() {}
}

extension JSONValue {
    /// Reads one value and nothing after it.
    ///
    /// Stricter than RFC 8259 asks for: no member may occur twice, since two readers would see two different objects.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8.
    ///   - maximumDepth: how deep values may be nested.
    /// - Throws: `MalformedJSON`.
    public init(strictly bytes: some Sequence<UInt8>, maximumDepth: Int = 16) throws(MalformedJSON) {
        guard let text = String(validating: Array(bytes), as: UTF8.self) else { throw MalformedJSON() }
        var reader = Reader(rest: Array(text.utf8)[...], maximumDepth: maximumDepth)
        self = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.rest.isEmpty else { throw MalformedJSON() }
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>
        let maximumDepth: Int

        mutating func skipSpace() {
            rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: character) else { return false }
            rest = rest.dropFirst()
            return true
        }

        private mutating func expect(_ character: Unicode.Scalar) throws(MalformedJSON) {
            guard take(character) else { throw MalformedJSON() }
        }

        mutating func value(depth: Int) throws(MalformedJSON) -> JSONValue {
            guard depth <= maximumDepth else { throw MalformedJSON() }
            skipSpace()
            switch rest.first {
            case UInt8(ascii: "{"): return .object(try object(depth: depth))
            case UInt8(ascii: "["): return .array(try array(depth: depth))
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"): return try word("true", .boolean(true))
            case UInt8(ascii: "f"): return try word("false", .boolean(false))
            case UInt8(ascii: "n"): return try word("null", .null)
            default: return .number(try number())
            }
        }

        private mutating func word(_ word: String, _ value: JSONValue) throws(MalformedJSON) -> JSONValue {
            guard rest.starts(with: word.utf8) else { throw MalformedJSON() }
            rest = rest.dropFirst(word.utf8.count)
            return value
        }

        private mutating func object(depth: Int) throws(MalformedJSON) -> [String: JSONValue] {
            try expect("{")
            var members: [String: JSONValue] = [:]
            skipSpace()
            if take("}") { return members }
            while true {
                skipSpace()
                let name = try string()
                skipSpace()
                try expect(":")
                guard members.updateValue(try value(depth: depth + 1), forKey: name) == nil else {
                    throw MalformedJSON()
                }
                skipSpace()
                if take("}") { return members }
                try expect(",")
            }
        }

        private mutating func array(depth: Int) throws(MalformedJSON) -> [JSONValue] {
            try expect("[")
            var elements: [JSONValue] = []
            skipSpace()
            if take("]") { return elements }
            while true {
                elements.append(try value(depth: depth + 1))
                skipSpace()
                if take("]") { return elements }
                try expect(",")
            }
        }

        private mutating func string() throws(MalformedJSON) -> String {
            try expect("\"")
            var bytes: [UInt8] = []
            while let byte = rest.popFirst() {
                switch byte {
                case UInt8(ascii: "\""):
                    guard let text = String(validating: bytes, as: UTF8.self) else { throw MalformedJSON() }
                    return text
                case UInt8(ascii: "\\"): bytes += try escaped()
                case 0..<0x20: throw MalformedJSON()
                default: bytes.append(byte)
                }
            }
            throw MalformedJSON()
        }

        private mutating func escaped() throws(MalformedJSON) -> [UInt8] {
            switch rest.popFirst() {
            case UInt8(ascii: "\""): return [0x22]
            case UInt8(ascii: "\\"): return [0x5C]
            case UInt8(ascii: "/"): return [0x2F]
            case UInt8(ascii: "b"): return [0x08]
            case UInt8(ascii: "f"): return [0x0C]
            case UInt8(ascii: "n"): return [0x0A]
            case UInt8(ascii: "r"): return [0x0D]
            case UInt8(ascii: "t"): return [0x09]
            case UInt8(ascii: "u"):
                let first = try codeUnit()
                guard UTF16.isLeadSurrogate(first) else { return try utf8([first]) }
                try expect("\\")
                try expect("u")
                return try utf8([first, try codeUnit()])
            default: throw MalformedJSON()
            }
        }

        private mutating func codeUnit() throws(MalformedJSON) -> UInt16 {
            let digits = rest.prefix(4)
            guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
            else { throw MalformedJSON() }
            rest = rest.dropFirst(4)
            return unit
        }

        private func utf8(_ units: [UInt16]) throws(MalformedJSON) -> [UInt8] {
            guard let text = String(validating: units, as: UTF16.self) else { throw MalformedJSON() }
            return Array(text.utf8)
        }

        private mutating func number() throws(MalformedJSON) -> String {
            let start = rest
            _ = take("-")
            if !take("0") { try digits() }
            if take(".") { try digits() }
            if take("e") || take("E") {
                _ = take("+") || take("-")
                try digits()
            }
            return String(decoding: start.prefix(start.count - rest.count), as: UTF8.self)
        }

        private mutating func digits() throws(MalformedJSON) {
            let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
            guard let first = rest.first, isDigit(first) else { throw MalformedJSON() }
            rest = rest.drop(while: isDigit)
        }
    }
}
