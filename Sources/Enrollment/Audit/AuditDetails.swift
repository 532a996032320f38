// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What an event tells of a thing, as a JSON object on one line.
///
/// Written directly, since each enrolment has one.
public struct AuditDetails: Sendable {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    /// Begins with nothing.
    public init() { bytes.reserveCapacity(512) }

    /// The object.
    public var text: String { String(decoding: bytes + [UInt8(ascii: "}")], as: UTF8.self) }

    /// Adds a member; none if there is no value.
    public mutating func add(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        begin(name)
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20, 0x7F: bytes += Self.escaped(byte)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Adds a member with a number.
    public mutating func add(_ name: StaticString, _ value: Int) {
        begin(name)
        bytes += Array(String(value).utf8)
    }

    /// Adds a member with bytes in hexadecimal.
    public mutating func add(_ name: StaticString, hexadecimal value: [UInt8]) { add(name, value.hexadecimal) }

    private mutating func begin(_ name: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        bytes += Array(name.description.utf8)
        bytes += [UInt8(ascii: "\""), UInt8(ascii: ":")]
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
