// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import StrictJSON

public import struct Foundation.Data
public import struct Foundation.Date
public import class Foundation.JSONDecoder
public import class Foundation.JSONEncoder

/// How documents become JSON and come back: moments as RFC 3339 in UTC, identifiers in small letters.
public enum AdminJSON: Sendable {
    /// How deep what others send may be nested: settings of profiles have eight levels.
    public static let maximumDepth = 32

    /// The JSON of a document.
    public static func value(_ document: some Encodable) throws -> JSONValue {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(text(date))
        }
        return try JSONValue(strictly: encoder.encode(document), maximumDepth: 64)
    }

    /// Reads a document.
    public static func document<Document: Decodable>(_ type: Document.Type, _ value: JSONValue) throws -> Document {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            guard let date = moment(try container.decode(String.self)) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "this is no moment")
            }
            return date
        }
        return try decoder.decode(type, from: Data(value.written.utf8))
    }

    /// A moment to the second, in UTC.
    public static func text(_ date: Date) -> String { date.formatted(.iso8601) }

    /// Reads a moment (RFC 3339), with or without fractions of a second and in whatever zone.
    public static func moment(_ text: String) -> Date? {
        // Foundation takes more than RFC 3339, and knows fewer zones: its shape is looked at here, and its zone read.
        guard text.utf8.count <= 64, let parts = text.wholeMatch(of: shape)?.output else { return nil }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: parts.1.contains("."))
        guard let local = try? Date(parts.1.uppercased() + "Z", strategy: style),
            // The 30th of February is no day in March.
            local.formatted(.iso8601).prefix(19) == parts.1.uppercased().prefix(19)
        else { return nil }
        guard let sign = parts.2, let hours = parts.3.flatMap({ Int($0) }), let minutes = parts.4.flatMap({ Int($0) })
        else { return local }
        guard hours <= 23, minutes <= 59 else { return nil }
        let ahead = Double(hours * 3600 + minutes * 60)
        return local.addingTimeInterval(sign == "+" ? -ahead : ahead)
    }

    private typealias Parts = (Substring, Substring, Substring?, Substring?, Substring?)

    private static var shape: Regex<Parts> {
        /([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))/
    }
}
