// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import StrictJSON

/// What a JSON value looks like: the part of JSON Schema (draft 2020-12) that is needed here.
public indirect enum Schema: Sendable, Hashable {
    /// A text with bounds on its Unicode code points, a pattern (ECMA-262, matched whole), or a named format.
    case string(minimum: Int = 0, maximum: Int? = nil, pattern: String? = nil, format: StringFormat? = nil)
    /// A whole number.
    case integer(ClosedRange<Int>)
    /// A number.
    case number(ClosedRange<Double>)
    /// True or false.
    case boolean
    /// One of some words.
    case choice([String])
    /// Values in order.
    case list(of: Schema, minimum: Int = 0, maximum: Int? = nil)
    /// Values by names that the document chooses.
    case map(of: Schema)
    /// Members with names that are known.
    case object(ObjectSchema)
    /// Objects of several kinds, told apart by the word in one member.
    case union(by: String, [String: ObjectSchema])
    /// One of two forms that differ in the kind of value.
    case either(Schema, Schema)
    /// Null, or something.
    case nullable(Schema)
    /// Anything.
    case anything

    /// A text of any length.
    public static var text: Schema { .string() }
    /// A UUID (RFC 9562).
    public static var identifier: Schema { .string(format: .uuid) }
    /// A moment (RFC 3339).
    public static var moment: Schema { .string(format: .dateTime) }
    /// The name of a profile.
    public static var profileName: Schema { .string(minimum: 1, maximum: 64, pattern: "[a-z0-9-]+") }
}

/// The formats of texts that are checked.
public enum StringFormat: String, Sendable, Hashable, CaseIterable {
    /// A UUID (RFC 9562).
    case uuid
    /// A moment (RFC 3339).
    case dateTime = "date-time"
}

/// The members of an object.
public struct ObjectSchema: Sendable, Hashable {
    /// One member.
    public struct Property: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// What its value looks like.
        public var schema: Schema
        /// What it means.
        public var description: String
        /// Whether it has to be there.
        public var isRequired: Bool
        /// Whether its value is a secret, which no log may hold.
        public var isSecret = false
        /// What it is taken for when it is left out, if that is one value.
        public var defaultValue: JSONValue?

        /// A member that has to be there.
        public static func required(_ name: String, _ schema: Schema, _ description: String) -> Property {
            Property(name: name, schema: schema, description: description, isRequired: true)
        }

        /// A member that may be missing.
        public static func optional(_ name: String, _ schema: Schema, _ description: String) -> Property {
            Property(name: name, schema: schema, description: description, isRequired: false)
        }

        /// The same member, which has a default.
        public func defaulting(to value: JSONValue) -> Property {
            var property = self
            property.defaultValue = value
            return property
        }

        /// The same member, as a secret.
        public var secret: Property {
            var property = self
            property.isSecret = true
            return property
        }
    }

    /// The name among the description's components; nil for one that has a single user.
    public var name: String?
    /// The members.
    public var properties: [Property]

    /// Puts an object's description together.
    public init(_ name: String? = nil, _ properties: Property...) {
        self.init(name, properties)
    }

    /// Puts an object's description together.
    public init(_ name: String?, _ properties: [Property]) {
        self.name = name
        self.properties = properties
    }

    /// A member by its name.
    public func property(_ name: String) -> Property? { properties.first { $0.name == name } }
}
