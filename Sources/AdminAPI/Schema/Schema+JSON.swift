// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import StrictJSON

extension Schema {
    /// Where an OpenAPI description explains named objects.
    static let components = "#/components/schemas/"

    /// The schema as JSON Schema; named objects become references, which `components` has to explain.
    public var json: JSONValue { json(referringTo: Self.components) }

    func json(referringTo definitions: String) -> JSONValue {
        switch self {
        case .string(let minimum, let maximum, let pattern, let format):
            var members: [String: JSONValue] = ["type": .string("string")]
            if minimum > 0 { members["minLength"] = .integer(minimum) }
            if let maximum { members["maxLength"] = .integer(maximum) }
            // Beside what the pattern says, U+0000 is never taken: it has no place in PostgreSQL.
            if format == nil { members["pattern"] = .string(pattern.map { "^(?:\($0))$" } ?? #"^[^\u0000]*$"#) }
            if let format { members["format"] = .string(format.rawValue) }
            return .object(members)
        case .integer(let range):
            return Self.typed(
                "integer",
                ["minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
            )
        case .number(let range):
            return Self.typed(
                "number",
                ["minimum": .number("\(range.lowerBound)"), "maximum": .number("\(range.upperBound)")]
            )
        case .boolean: return Self.typed("boolean", [:])
        case .choice(let words):
            return Self.typed("string", ["enum": .array(words.map(JSONValue.string))])
        case .list(let element, let minimum, let maximum):
            var members: [String: JSONValue] = ["items": element.json(referringTo: definitions)]
            if minimum > 0 { members["minItems"] = .integer(minimum) }
            if let maximum { members["maxItems"] = .integer(maximum) }
            return Self.typed("array", members)
        case .map(let element):
            return Self.typed("object", ["additionalProperties": element.json(referringTo: definitions)])
        case .object(let object):
            guard let name = object.name else { return object.json(referringTo: definitions) }
            return .object(["$ref": .string(definitions + name)])
        case .union(let member, let kinds):
            return Self.union(by: member, kinds, definitions)
        case .either(let first, let second):
            return .object(["anyOf": .array([first, second].map { $0.json(referringTo: definitions) })])
        case .nullable(let schema):
            return .object(["anyOf": .array([schema.json(referringTo: definitions), Self.typed("null", [:])])])
        case .anything: return .object([:])
        }
    }

    private static func typed(_ type: String, _ members: [String: JSONValue]) -> JSONValue {
        .object(members.merging(["type": .string(type)]) { first, _ in first })
    }

    private static func union(by member: String, _ kinds: [String: ObjectSchema], _ definitions: String) -> JSONValue {
        let objects = kinds.sorted { $0.key < $1.key }.map { word, object in
            var tagged = object
            tagged.name = nil
            tagged.properties.removeAll { $0.name == member }
            tagged.properties.insert(.required(member, .choice([word]), "The kind."), at: 0)
            return tagged.json(referringTo: definitions)
        }
        return .object(["oneOf": .array(objects)])
    }

    /// The named objects in it, also those inside others.
    var namedObjects: [ObjectSchema] {
        switch self {
        case .list(let element, _, _), .map(let element), .nullable(let element): element.namedObjects
        case .either(let first, let second): first.namedObjects + second.namedObjects
        case .object(let object): object.namedObjects
        case .union(_, let kinds):
            kinds.values.flatMap { object in
                var object = object
                object.name = nil
                return object.namedObjects
            }
        case .string, .integer, .number, .boolean, .choice, .anything: []
        }
    }
}

extension ObjectSchema {
    /// The object's description itself.
    public var json: JSONValue { json(referringTo: Schema.components) }

    func json(referringTo definitions: String) -> JSONValue {
        var members: [String: JSONValue] = ["type": .string("object"), "additionalProperties": .boolean(false)]
        members["properties"] = .object(
            Dictionary(
                properties.map { property in
                    var described = JSONValue.object([:])
                    if case .object(var value) = property.schema.json(referringTo: definitions) {
                        value["description"] = .string(property.description)
                        if let usual = property.defaultValue { value["default"] = usual }
                        described = .object(value)
                    }
                    return (property.name, described)
                },
                uniquingKeysWith: { first, _ in first }
            )
        )
        let required = properties.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { members["required"] = .array(required) }
        return .object(members)
    }

    var namedObjects: [ObjectSchema] {
        (name == nil ? [] : [self]) + properties.flatMap(\.schema.namedObjects)
    }
}
