// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import StrictJSON

/// Which profile, and which version of it.
public struct ProfileReference<Noun: ProfileNoun>: AdminDocument {
    /// Its name.
    public var name: String
    /// The tag that it has to have.
    public var ifMatch: String?

    /// Names a profile.
    public init(name: String, ifMatch: String? = nil) {
        self.name = name
        self.ifMatch = ifMatch
    }

    /// What its JSON looks like.
    public static var schema: ObjectSchema {
        ObjectSchema(nil, .required("name", .profileName, "The profile's name."), .ifMatch)
    }
}

/// Some settings of a profile, and which profile is meant.
public struct NamedSettings: Codable, Sendable, Hashable {
    /// The profile's name.
    public var name: String
    /// The tag that the profile has to have.
    public var ifMatch: String?
    /// Whether it is to be served.
    public var isEnabled: Bool?
    /// The settings.
    public var settings: [String: JSONValue]

    /// Puts settings together.
    public init(name: String, ifMatch: String? = nil, isEnabled: Bool? = nil, settings: [String: JSONValue]) {
        self.name = name
        self.ifMatch = ifMatch
        self.isEnabled = isEnabled
        self.settings = settings
    }

    /// Reads settings.
    public init(from decoder: any Decoder) throws {
        var members = SettingsMembers(try decoder.container(keyedBy: SettingsMembers.Key.self))
        name = try members.take("name")
        ifMatch = try members.takeIfPresent("ifMatch")
        isEnabled = try members.takeIfPresent("enabled")
        settings = try members.rest()
    }

    /// Writes settings.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: SettingsMembers.Key.self)
        try container.encode(name, forKey: "name")
        try container.encodeIfPresent(ifMatch, forKey: "ifMatch")
        try container.encodeIfPresent(isEnabled, forKey: "enabled")
        for (key, value) in settings { try container.encode(value, forKey: SettingsMembers.Key(key)) }
    }

    static let name = ObjectSchema.Property.required("name", .profileName, "The profile's name.")
    static let enabled = ObjectSchema.Property.optional("enabled", .boolean, "Whether it is to be served.")
}

extension ObjectSchema.Property {
    /// The tag that something has to have; it is a header field on the way.
    static let ifMatch = Self.optional(
        "ifMatch",
        .string(maximum: 128, pattern: "[!#-~]*"),
        "The tag of what was read (ETag): what somebody has changed since then is not changed."
    )
    /// Where a page of things with names begins.
    static let afterName = Self.optional(
        "after",
        .string(minimum: 1, maximum: 64),
        "Begin behind this: the 'next' of the page before."
    )
}

/// Lists profiles.
public enum ListProfiles<Noun: ProfileNoun>: AdminOperation {
    /// Which ones.
    public struct Input: AdminDocument {
        /// Where to begin.
        public var after: String?
        /// How many.
        public var limit: Int?

        /// Says which ones.
        public init(after: String? = nil, limit: Int? = nil) {
            self.after = after
            self.limit = limit
        }

        /// What its JSON looks like.
        public static var schema: ObjectSchema { ObjectSchema(nil, .afterName, .limit) }
    }

    /// What is answered.
    public typealias Output = Page<ProfileDocument<Noun>>

    /// The name of the operation.
    public static var id: String { "\(Noun.command).list" }
    /// Where it is.
    public static var endpoint: Endpoint { Endpoint(.get, "/\(Noun.command)s") }
    /// What it does.
    public static var summary: String { "Lists \(Noun.title)s by name, with all their settings." }
    /// Whom it is for.
    public static var access: Access { .reading }
}

/// Shows a profile.
public enum ShowProfile<Noun: ProfileNoun>: AdminOperation {
    /// Which one.
    public struct Input: AdminDocument {
        /// Its name.
        public var name: String

        /// Names a profile.
        public init(name: String) { self.name = name }

        /// What its JSON looks like.
        public static var schema: ObjectSchema { ObjectSchema(nil, NamedSettings.name) }
    }

    /// What is answered.
    public typealias Output = ProfileDocument<Noun>

    /// The name of the operation.
    public static var id: String { "\(Noun.command).show" }
    /// Where it is.
    public static var endpoint: Endpoint { Endpoint(.get, "/\(Noun.command)s/{name}") }
    /// What it does.
    public static var summary: String { "Shows all settings of the \(Noun.title), and whether it is served." }
    /// Whom it is for.
    public static var access: Access { .reading }
    /// The SCEP profile that it is about.
    public static func profile(of input: Input) -> String? { Noun.command == SCEPProfiles.command ? input.name : nil }
}

/// Makes a profile.
public enum NewProfile<Noun: ProfileNoun>: AdminOperation {
    /// What it is to be like.
    public struct Input: AdminDocument {
        /// Its name and settings.
        public var profile: NamedSettings

        /// Says what it is to be like.
        public init(_ profile: NamedSettings) { self.profile = profile }

        /// Reads an input.
        public init(from decoder: any Decoder) throws { profile = try NamedSettings(from: decoder) }

        /// Writes an input.
        public func encode(to encoder: any Encoder) throws { try profile.encode(to: encoder) }

        /// What its JSON looks like.
        public static var schema: ObjectSchema {
            ObjectSchema(
                "New\(Noun.document)",
                [NamedSettings.name, NamedSettings.enabled.usually(true)] + Noun.settings.properties
            )
        }
    }

    /// What is answered.
    public typealias Output = ProfileDocument<Noun>

    /// The name of the operation.
    public static var id: String { "\(Noun.command).new" }
    /// Where it is.
    public static var endpoint: Endpoint { Endpoint(.post, "/\(Noun.command)s") }
    /// What it does.
    public static var summary: String { "Makes the \(Noun.title); what is left out has its default." }
    /// Whom it is for.
    public static var access: Access { .administering }
    /// It makes something.
    public static var creates: Bool { true }
}

/// Makes a profile what an input says.
public enum ReplaceProfile<Noun: ProfileNoun>: AdminOperation {
    /// What it is to be like.
    public struct Input: AdminDocument {
        /// Its name and settings.
        public var profile: NamedSettings

        /// Says what it is to be like.
        public init(_ profile: NamedSettings) { self.profile = profile }

        /// Reads an input.
        public init(from decoder: any Decoder) throws { profile = try NamedSettings(from: decoder) }

        /// Writes an input.
        public func encode(to encoder: any Encoder) throws { try profile.encode(to: encoder) }

        /// What its JSON looks like.
        public static var schema: ObjectSchema {
            ObjectSchema(
                "\(Noun.document)Replacement",
                [NamedSettings.name, .ifMatch, NamedSettings.enabled] + Noun.settings.properties
            )
        }
    }

    /// What is answered.
    public typealias Output = ProfileDocument<Noun>

    /// The name of the operation.
    public static var id: String { "\(Noun.command).replace" }
    /// Where it is.
    public static var endpoint: Endpoint { Endpoint(.put, "/\(Noun.command)s/{name}") }
    /// What it does.
    public static var summary: String {
        "Makes the \(Noun.title) what the body says: what is left out has its default, but for 'enabled', which stays."
    }
    /// Whom it is for.
    public static var access: Access { .administering }
}

/// Changes some settings of a profile.
public enum SetProfile<Noun: ProfileNoun>: AdminOperation {
    /// What is to change.
    public struct Input: AdminDocument {
        /// The name and the settings that change; null gives a setting its default.
        public var profile: NamedSettings

        /// Says what is to change.
        public init(_ profile: NamedSettings) { self.profile = profile }

        /// Reads an input.
        public init(from decoder: any Decoder) throws { profile = try NamedSettings(from: decoder) }

        /// Writes an input.
        public func encode(to encoder: any Encoder) throws { try profile.encode(to: encoder) }

        /// What its JSON looks like.
        public static var schema: ObjectSchema {
            ObjectSchema(
                "\(Noun.document)Change",
                [NamedSettings.name, .ifMatch, NamedSettings.enabled] + Noun.settings.change.properties
            )
        }
    }

    /// What is answered.
    public typealias Output = ProfileDocument<Noun>

    /// The name of the operation.
    public static var id: String { "\(Noun.command).set" }
    /// Where it is.
    public static var endpoint: Endpoint { Endpoint(.patch, "/\(Noun.command)s/{name}") }
    /// What it does.
    public static var summary: String {
        "Changes the settings of the \(Noun.title) that the body names (RFC 7396): objects are merged, lists replaced, and null is the default."
    }
    /// Whom it is for.
    public static var access: Access { .administering }
}
