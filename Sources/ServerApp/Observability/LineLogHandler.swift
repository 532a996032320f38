// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Logging
internal import PKIX
internal import Synchronization

internal import struct Foundation.Date

#if canImport(Glibc)
internal import Glibc
#endif

/// How log lines look.
public enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// For people.
    case text
    /// One JSON object a line, for programs.
    case json
}

/// The lowest level of log lines, which may change while a server runs.
public final class LogThreshold: Sendable {
    private let index = Atomic(2)

    /// The level.
    public var level: Logger.Level {
        get { Logger.Level.allCases.dropFirst(index.load(ordering: .relaxed)).first ?? .info }
        set { index.store(Logger.Level.allCases.firstIndex(of: newValue) ?? 2, ordering: .relaxed) }
    }

    /// Makes a threshold.
    public init(_ level: Logger.Level = .info) { self.level = level }
}

/// Writes log lines to standard error.
public struct LineLogHandler: LogHandler {
    /// Metadata of every line.
    public var metadata: Logger.Metadata = [:]
    /// The lowest level that is written, by all copies of the handler.
    public var logLevel: Logger.Level {
        get { threshold.level }
        set { threshold.level = newValue }
    }
    private let format: LogFormat
    private let threshold: LogThreshold

    /// Makes a handler.
    public init(format: LogFormat, threshold: LogThreshold = LogThreshold()) {
        self.format = format
        self.threshold = threshold
    }

    /// One value of the metadata of every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    public func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { _, line in line }.sorted { $0.key < $1.key }
        let time = Self.timestamp(Date())
        let line: String
        switch format {
        case .text:
            let pairs = fields.map { " \($0.key)=\(Self.quoted("\($0.value)", always: false))" }.joined()
            line = "\(time) \(event.level) \(event.message)\(pairs)\n"
        case .json:
            let pairs = fields.map {
                ",\(Self.quoted($0.key, always: true)):\(Self.quoted("\($0.value)", always: true))"
            }.joined()
            let message = Self.quoted("\(event.message)", always: true)
            line = "{\"time\":\"\(time)\",\"level\":\"\(event.level)\",\"message\":\(message)\(pairs)}\n"
        }
        let bytes = Array(line.utf8)
        // One call for each line, so that lines of several threads don't mix. Nobody can be told if it fails.
        _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
    }

    /// RFC 3339 with milliseconds, in UTC.
    static func timestamp(_ date: Date) -> String {
        let fields = EncodedTime.fields(date)
        let seconds = date.timeIntervalSince1970
        let milliseconds = Int((seconds - seconds.rounded(.down)) * 1000)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let day = "\(padded(fields.year, 4))-\(padded(fields.month, 2))-\(padded(fields.day, 2))"
        let time = "\(padded(fields.hours, 2)):\(padded(fields.minutes, 2)):\(padded(fields.seconds, 2))"
        return "\(day)T\(time).\(padded(milliseconds, 3))Z"
    }

    /// Quotes a value as JSON does, so that nothing in it can end the line or pass for another field.
    static func quoted(_ text: String, always: Bool) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C && $0 != 0x3D }
        if isPlain, !always { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            default:
                if scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar.value == 0x2028
                    || scalar.value == 0x2029
                {
                    let digits = String(scalar.value, radix: 16)
                    quoted += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
                } else {
                    quoted.unicodeScalars.append(scalar)
                }
            }
        }
        return quoted + "\""
    }
}
