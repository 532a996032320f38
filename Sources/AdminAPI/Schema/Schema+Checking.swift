// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import StrictJSON

internal import struct Foundation.Date
internal import struct Foundation.UUID

extension ObjectSchema {
    /// What in an object is other than described; at most ten, which is enough to mend.
    public func violations(in value: JSONValue) -> [ProblemDetails.Violation] {
        var checker = SchemaChecker()
        checker.check(value, self, at: "")
        return checker.violations
    }
}

/// Compares a value with its description.
private struct SchemaChecker {
    private static let maximumCount = 10
    private(set) var violations: [ProblemDetails.Violation] = []

    private mutating func note(_ sentence: String, at pointer: String) {
        guard violations.count < Self.maximumCount else { return }
        violations.append(.init(pointer: pointer, sentence: sentence))
    }

    mutating func check(_ value: JSONValue, _ object: ObjectSchema, at pointer: String) {
        guard case .object(let members) = value else { return note("this has to be an object", at: pointer) }
        for property in object.properties {
            let place = Self.pointer(pointer, property.name)
            if let member = members[property.name] {
                check(member, property.schema, at: place)
            } else if property.isRequired {
                note("this is missing", at: place)
            }
        }
        for name in members.keys.sorted() where object.property(name) == nil {
            note("there is nothing of this name", at: Self.pointer(pointer, String(name.prefix(64))))
        }
    }

    private mutating func check(_ value: JSONValue, _ schema: Schema, at pointer: String) {
        guard violations.count < Self.maximumCount else { return }
        switch (schema, value) {
        case (.anything, _), (.boolean, .boolean), (.nullable, .null): return
        case (.nullable(let schema), _): check(value, schema, at: pointer)
        case (.either(let first, let second), _):
            check(value, first.isKind(of: value) ? first : second, at: pointer)
        case (.string(let minimum, let maximum, let pattern, let format), .string(let text)):
            check(text, minimum, maximum, pattern, format, at: pointer)
        case (.integer(let range), .number(let digits)):
            guard let number = Self.whole(digits) else { return note("this has to be a whole number", at: pointer) }
            if !range.contains(number) {
                note("this has to be \(range.lowerBound) to \(range.upperBound)", at: pointer)
            }
        case (.number(let range), .number):
            guard let number = value.number, range.contains(number) else {
                return note("this has to be \(range.lowerBound) to \(range.upperBound)", at: pointer)
            }
        case (.choice(let words), .string(let text)):
            if !words.contains(text) { note("this has to be one of \(words.joined(separator: ", "))", at: pointer) }
        case (.list(let element, let minimum, let maximum), .array(let elements)):
            guard elements.count >= minimum, elements.count <= maximum ?? .max else {
                return note("this has to have \(Self.range(minimum, maximum)) elements", at: pointer)
            }
            for (index, member) in elements.enumerated() { check(member, element, at: "\(pointer)/\(index)") }
        case (.map(let element), .object(let members)):
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                check(member, element, at: Self.pointer(pointer, name))
            }
        case (.object(let object), _): check(value, object, at: pointer)
        case (.union(let member, let kinds), .object):
            check(value, kinds, by: member, at: pointer)
        default: note("this has to be \(Self.words(schema))", at: pointer)
        }
    }

    private mutating func check(
        _ value: JSONValue,
        _ kinds: [String: ObjectSchema],
        by member: String,
        at pointer: String
    ) {
        guard let word = value[member]?.text, var object = kinds[word] else {
            let words = kinds.keys.sorted().joined(separator: ", ")
            return note("this has to be one of \(words)", at: Self.pointer(pointer, member))
        }
        if object.property(member) == nil { object.properties.append(.required(member, .text, "")) }
        check(value, object, at: pointer)
    }

    private mutating func check(
        _ text: String,
        _ minimum: Int,
        _ maximum: Int?,
        _ pattern: String?,
        _ format: StringFormat?,
        at pointer: String
    ) {
        let count = text.unicodeScalars.count
        guard count >= minimum, count <= maximum ?? .max else {
            return note("this has to have \(Self.range(minimum, maximum)) characters", at: pointer)
        }
        // PostgreSQL has no place for it, and no name or note needs it.
        guard !text.unicodeScalars.contains("\0") else { return note("U+0000 is not allowed", at: pointer) }
        if let pattern, !CompiledPatterns.shared.matches(text, pattern) {
            note("this has to look like \(pattern)", at: pointer)
        }
        switch format {
        case .uuid where UUID(uuidString: text) == nil: note("this has to be a UUID", at: pointer)
        case .dateTime where AdminJSON.moment(text) == nil:
            note("this has to be a moment, such as 2026-12-31T12:00:00Z", at: pointer)
        case .uuid, .dateTime, nil: break
        }
    }

    private static func range(_ minimum: Int, _ maximum: Int?) -> String {
        maximum.map { "\(minimum) to \($0)" } ?? "\(minimum) or more"
    }

    /// JSON has one kind of number: 3.0 and 3e0 are whole.
    private static func whole(_ digits: String) -> Int? {
        Int(digits) ?? Double(digits).flatMap { Int(exactly: $0) }
    }

    private static func words(_ schema: Schema) -> String {
        switch schema {
        case .string, .choice: "a text"
        case .integer: "a whole number"
        case .number: "a number"
        case .boolean: "true or false"
        case .list: "a list"
        case .map, .object, .union: "an object"
        case .either(let first, let second): "\(words(first)) or \(words(second))"
        case .nullable(let schema): words(schema) + " or null"
        case .anything: "anything"
        }
    }

    /// A pointer to a member (RFC 6901 §3).
    private static func pointer(_ pointer: String, _ name: String) -> String {
        pointer + "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
    }
}

extension Schema {
    /// Whether a value is of the kind that this is about, which is how two forms are told apart.
    public func isKind(of value: JSONValue) -> Bool {
        switch (self, value) {
        case (.string, .string), (.choice, .string), (.list, .array), (.map, .object), (.object, .object),
            (.union, .object), (.boolean, .boolean), (.integer, .number), (.number, .number), (.anything, _),
            (.nullable, .null):
            true
        case (.nullable(let schema), _): schema.isKind(of: value)
        case (.either(let first, let second), _): first.isKind(of: value) || second.isKind(of: value)
        default: false
        }
    }
}
