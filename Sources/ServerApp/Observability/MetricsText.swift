// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment

internal import struct Foundation.Date

/// Text in Prometheus' exposition format, version 0.0.4, put together family by family.
struct MetricsText {
    /// What the values of a family are.
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    /// A label with its value.
    typealias Label = (name: String, value: String)

    private var lines: [String] = []
    private var name = ""

    /// The text.
    var text: String { lines.joined(separator: "\n") + "\n" }

    /// Begins a family, to which the samples that follow belong.
    mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        lines.append("# HELP \(name) \(help)")
        lines.append("# TYPE \(name) \(kind.rawValue)")
    }

    /// A family of one value without labels.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: some CustomStringConvertible) {
        begin(name, kind, help)
        sample([], value)
    }

    /// One value.
    mutating func sample(_ labels: [Label], _ value: some CustomStringConvertible) {
        lines.append("\(name)\(Self.text(labels)) \(value)")
    }

    /// One moment, as seconds since 1970.
    mutating func sample(_ labels: [Label], _ moment: Date) {
        sample(labels, Int(moment.timeIntervalSince1970.rounded(.down)))
    }

    /// One histogram.
    mutating func sample(_ labels: [Label], _ histogram: DurationHistogram) {
        for (bound, number) in zip(DurationHistogram.bounds, histogram.buckets) {
            lines.append("\(name)_bucket\(Self.text(labels + [("le", "\(bound)")])) \(number)")
        }
        lines.append("\(name)_bucket\(Self.text(labels + [("le", "+Inf")])) \(histogram.count)")
        lines.append("\(name)_sum\(Self.text(labels)) \(histogram.sum)")
        lines.append("\(name)_count\(Self.text(labels)) \(histogram.count)")
    }

    private static func text(_ labels: [Label]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        var escaped = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
