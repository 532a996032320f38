// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.UUID

/// An id as documents write it: a UUID in small letters.
public struct Identifier: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The id.
    public let uuid: UUID

    /// Wraps an id.
    public init(_ uuid: UUID) { self.uuid = uuid }

    /// Reads an id as somebody types it.
    public init?(_ text: String) {
        guard let uuid = UUID(uuidString: text) else { return nil }
        self.uuid = uuid
    }

    /// Reads an id.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let identifier = Identifier(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "this is no UUID")
        }
        self = identifier
    }

    /// Writes an id.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// The id in small letters.
    public var description: String { uuid.uuidString.lowercased() }
}
