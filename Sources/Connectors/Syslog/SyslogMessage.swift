// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A message of the syslog protocol (RFC 5424).
public struct SyslogMessage: Sendable {
    /// How long a datagram may be: what receivers should accept at least (RFC 5426 §3.2).
    public static let maximumDatagramByteCount = 2048
    /// Facility 13, "log audit" (RFC 5424 §6.2.1).
    private static let facility = 13
    /// How long a parameter's value may be here, so that a datagram has room for it.
    private static let maximumValueByteCount = 256
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// 0 (emergency) to 7 (debug).
    public var severity: Int
    /// When, in RFC 3339.
    public var timestamp: String
    /// The machine that writes.
    public var host: String
    /// The program that writes, and its process.
    public var application: String
    /// The process.
    public var process: String
    /// The kind of message.
    public var kind: String
    /// What of it has names.
    public var parameters: [(name: String, value: String)]
    /// The text.
    public var text: String

    /// Puts a message together.
    public init(
        severity: Int,
        timestamp: String,
        host: String,
        application: String,
        process: String,
        kind: String,
        parameters: [(name: String, value: String)],
        text: String
    ) {
        self.severity = severity
        self.timestamp = timestamp
        self.host = host
        self.application = application
        self.process = process
        self.kind = kind
        self.parameters = parameters
        self.text = text
    }

    /// The message's bytes.
    public var bytes: [UInt8] {
        let head = [
            "<\(Self.facility * 8 + min(max(severity, 0), 7))>1", timestamp, Self.word(host, 255),
            Self.word(application, 48), Self.word(process, 128), Self.word(kind, 32),
            // 32473 is the number that RFC 5612 leaves to everybody.
            "[sceptic@32473" + parameters.map { " \($0.name)=\"\(Self.value($0.value))\"" }.joined() + "]",
        ]
        return Array(head.joined(separator: " ").utf8) + [0x20] + Self.byteOrderMark + Array(Self.line(text).utf8)
    }

    /// The message as a datagram (RFC 5426), cut where it is too long.
    public var datagram: [UInt8] {
        let bytes = bytes
        guard bytes.count > Self.maximumDatagramByteCount else { return bytes }
        var end = Self.maximumDatagramByteCount
        // Not in the middle of a character.
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return Array(bytes.prefix(end))
    }

    /// The message in a stream, after its length (RFC 6587 §3.4.1, RFC 5425 §4.3).
    public var frame: [UInt8] {
        let bytes = bytes
        return Array("\(bytes.count) ".utf8) + bytes
    }

    /// Printable ASCII without spaces; a hyphen if there is nothing.
    private static func word(_ text: String, _ maximum: Int) -> String {
        let bytes = text.utf8.prefix(maximum).map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "_") }
        return bytes.isEmpty ? "-" : String(decoding: bytes, as: UTF8.self)
    }

    /// A parameter's value (RFC 5424 §6.3.3).
    private static func value(_ text: String) -> String {
        var escaped = ""
        for character in line(text).unicodeScalars {
            if escaped.utf8.count >= maximumValueByteCount {
                escaped += "…"
                break
            }
            if "\"\\]".unicodeScalars.contains(character) { escaped += "\\" }
            escaped.unicodeScalars.append(character)
        }
        return escaped
    }

    /// The text without anything that ends a line or moves a cursor.
    private static func line(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
            let isControl = scalar.properties.generalCategory == .control || (0x2028...0x2029).contains(scalar.value)
            return isControl ? "\u{FFFD}" : scalar
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
