// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import StrictJSON

/// One of the two kinds of profile, as administrators name it.
public protocol ProfileNoun: Sendable {
    /// The noun of the command line.
    static var command: String { get }
    /// What people call it.
    static var title: String { get }
    /// The name of the document among the description's components.
    static var document: String { get }
    /// What its settings look like.
    static var settings: ObjectSchema { get }
}

/// SCEP profiles.
public enum SCEPProfiles: ProfileNoun {
    /// The noun of the command line.
    public static let command = "profile"
    /// What people call them.
    public static let title = "SCEP profile"
    /// The name of the document.
    public static let document = "SCEPProfile"
    /// What their settings look like.
    public static let settings = SettingsSchema.scepProfile
}

/// RA profiles.
public enum RAProfiles: ProfileNoun {
    /// The noun of the command line.
    public static let command = "ra-profile"
    /// What people call them.
    public static let title = "RA profile"
    /// The name of the document.
    public static let document = "RAProfile"
    /// What their settings look like.
    public static let settings = SettingsSchema.raProfile
}

/// A profile with all its settings, and what becomes of it.
public struct ProfileDocument<Noun: ProfileNoun>: ListedDocument, EntityTagged, Hashable {
    /// Its id.
    public var id: Identifier
    /// Its name.
    public var name: String
    /// Counts its changes, from 1.
    public var version: Int
    /// Whether somebody wants it to be served.
    public var isEnabled: Bool
    /// Whether its own URL is served.
    public var isServed: Bool
    /// Why it is not.
    public var reason: String?
    /// Its settings; none if they can't be read.
    public var settings: [String: JSONValue]

    /// Puts a document together.
    public init(
        id: Identifier,
        name: String,
        version: Int,
        isEnabled: Bool,
        isServed: Bool,
        reason: String?,
        settings: [String: JSONValue]
    ) {
        self.id = id
        self.name = name
        self.version = version
        self.isEnabled = isEnabled
        self.isServed = isServed
        self.reason = reason
        self.settings = settings
    }

    /// The version, and the end of the id: a profile that was made anew is another one.
    public var entityTag: String { "\(version)-\(id.description.suffix(12))" }

    private static var own: [ObjectSchema.Property] {
        [
            .required("id", .identifier, "Its id."),
            .required("name", .profileName, "Its name."),
            .required("version", .integer(1...Int(Int32.max)), "Counts its changes, from 1."),
            .required("enabled", .boolean, "Whether somebody wants it to be served."),
            .required("served", .boolean, "Whether its own URL is served."),
            .optional("reason", .text, "Why its own URL is not served."),
        ]
    }

    /// What its JSON looks like.
    public static var schema: ObjectSchema { ObjectSchema(Noun.document, own + Noun.settings.properties) }

    /// Reads a document.
    public init(from decoder: any Decoder) throws {
        var members = SettingsMembers(try decoder.container(keyedBy: SettingsMembers.Key.self))
        id = try members.take("id")
        name = try members.take("name")
        version = try members.take("version")
        isEnabled = try members.take("enabled")
        isServed = try members.take("served")
        reason = try members.takeIfPresent("reason")
        settings = try members.rest()
    }

    /// Writes a document.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: SettingsMembers.Key.self)
        try container.encode(id, forKey: "id")
        try container.encode(name, forKey: "name")
        try container.encode(version, forKey: "version")
        try container.encode(isEnabled, forKey: "enabled")
        try container.encode(isServed, forKey: "served")
        try container.encodeIfPresent(reason, forKey: "reason")
        for (key, value) in settings { try container.encode(value, forKey: SettingsMembers.Key(key)) }
    }
}

/// The members of a document of which some are its own and the rest are settings.
struct SettingsMembers {
    struct Key: CodingKey, ExpressibleByStringLiteral {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ text: String) { stringValue = text }
        init(stringLiteral text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let container: KeyedDecodingContainer<Key>
    private var taken: Set<String> = []

    init(_ container: KeyedDecodingContainer<Key>) { self.container = container }

    mutating func take<Value: Decodable>(_ key: Key) throws -> Value {
        taken.insert(key.stringValue)
        return try container.decode(Value.self, forKey: key)
    }

    mutating func takeIfPresent<Value: Decodable>(_ key: Key) throws -> Value? {
        taken.insert(key.stringValue)
        return try container.decodeIfPresent(Value.self, forKey: key)
    }

    func rest() throws -> [String: JSONValue] {
        try container.allKeys.reduce(into: [:]) { rest, key in
            guard !taken.contains(key.stringValue) else { return }
            rest[key.stringValue] = try container.decode(JSONValue.self, forKey: key)
        }
    }
}

extension Schema {
    /// What a change to such a value looks like: the members that become another one (RFC 7396).
    var change: Schema {
        switch self {
        case .object(let object): .object(object.change)
        case .map(let element): .map(of: .nullable(element.change))
        default: self
        }
    }
}

extension ObjectSchema {
    /// What a change looks like: each member may be missing, which leaves it as it is, or null, which gives it its default.
    var change: ObjectSchema {
        ObjectSchema(
            name.map { $0 + "Change" },
            properties.map { property in
                var property = property
                property.schema = .nullable(property.schema.change)
                property.isRequired = false
                property.defaultValue = nil
                return property
            }
        )
    }
}
