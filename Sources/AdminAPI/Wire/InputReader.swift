// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import StrictJSON

/// Reads an operation's input from a request as it came.
public struct InputReader: Sendable {
    /// No operation has a use for more.
    static let maximumParameterCount = 1000

    /// The values of the path's variables, decoded.
    public var variables: [String: String]
    /// The query, percent-encoded.
    public var query: String
    /// The value of `If-Match`; nil if there is none.
    public var ifMatch: String?
    /// The body's bytes.
    public var body: [UInt8]

    /// Puts a reader together.
    public init(variables: [String: String], query: String, ifMatch: String?, body: [UInt8]) {
        self.variables = variables
        self.query = query
        self.ifMatch = ifMatch
        self.body = body
    }

    /// The input, checked against its description.
    ///
    /// - Throws: `ProblemDetails`, with the places that are wrong.
    public func input<Operation: AdminOperation>(_ operation: Operation.Type) throws -> Operation.Input {
        let schema = Operation.Input.schema
        var members: [String: JSONValue] = [:]
        let endpoint = Operation.endpoint
        if endpoint.usesQuery {
            guard body.isEmpty else { throw ProblemDetails(.malformedRequest, "This method takes no body.") }
            members = try queryMembers(schema, besides: endpoint.variables)
        } else {
            guard query.isEmpty else { throw ProblemDetails(.malformedRequest, "This method takes no query.") }
            members = try bodyMembers(schema, besides: endpoint.variables)
        }
        for (name, text) in variables {
            members[name] = Self.value(text, schema.property(name)?.schema ?? .text)
        }
        if Operation.isConditional, let tag = try ifMatch.flatMap(Self.tag) { members["ifMatch"] = .string(tag) }
        let value = JSONValue.object(members)
        let violations = schema.violations(in: value)
        guard violations.isEmpty else {
            let first = violations.first.map { "\($0.pointer.isEmpty ? "body" : $0.pointer): \($0.sentence)" } ?? ""
            throw ProblemDetails(.malformedRequest, "The input is wrong at \(first).", violations: violations)
        }
        do {
            return try AdminJSON.document(Operation.Input.self, value)
        } catch let error as DecodingError {
            throw ProblemDetails(.invalidValue, error)
        }
    }

    private func bodyMembers(_ schema: ObjectSchema, besides variables: [String]) throws -> [String: JSONValue] {
        let wanted = schema.properties.filter { !variables.contains($0.name) && $0.name != "ifMatch" }
        // What has nothing to say, or only what may be left out, needs no body.
        if body.isEmpty, wanted.allSatisfy({ !$0.isRequired }) { return [:] }
        let value: JSONValue
        do {
            value = try JSONValue(strictly: body, maximumDepth: AdminJSON.maximumDepth)
        } catch {
            throw ProblemDetails(
                .malformedRequest,
                "The body is not JSON, or not strictly so: UTF-8, no name twice, nested \(AdminJSON.maximumDepth) deep at most."
            )
        }
        guard case .object(let members) = value else {
            throw ProblemDetails(.malformedRequest, "The body has to be a JSON object.")
        }
        if let stray = (variables + ["ifMatch"]).first(where: { members[$0] != nil }) {
            throw ProblemDetails(.malformedRequest, "'\(stray)' does not belong in the body.")
        }
        return members
    }

    private func queryMembers(_ schema: ObjectSchema, besides variables: [String]) throws -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        var lists: [String: [JSONValue]] = [:]
        let pairs = query.split(separator: "&", maxSplits: Self.maximumParameterCount)
        guard pairs.count <= Self.maximumParameterCount else {
            throw ProblemDetails(
                .malformedRequest,
                "The query has more than \(Self.maximumParameterCount) parameters."
            )
        }
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts.first ?? ""), let text = Self.decoded(parts.dropFirst().first ?? "")
            else {
                throw ProblemDetails(.malformedRequest, "The query is not percent-encoded UTF-8.")
            }
            guard let property = schema.property(name), !variables.contains(name), name != "ifMatch" else {
                throw ProblemDetails(.malformedRequest, "There is no parameter '\(name.prefix(64))' here.")
            }
            if case .list(let element, _, _) = property.schema {
                lists[name, default: []].append(Self.value(text, element))
            } else if members.updateValue(Self.value(text, property.schema), forKey: name) != nil {
                throw ProblemDetails(.malformedRequest, "The parameter '\(name)' is there twice.")
            }
        }
        for (name, list) in lists { members[name] = .array(list) }
        return members
    }

    /// A text as the kind of value that is wanted; what is none of it stays a text, and is told as a violation.
    private static func value(_ text: String, _ schema: Schema) -> JSONValue {
        switch schema {
        case .integer, .number:
            if let number = try? JSONValue(strictly: text.utf8), case .number = number { return number }
        case .boolean:
            if text == "true" || text == "false" { return .boolean(text == "true") }
        case .nullable(let schema): return value(text, schema)
        default: break
        }
        return .string(text)
    }

    /// The one strong tag that an If-Match names (RFC 9110 §13.1.1); nil for `*`, which whatever is there matches.
    ///
    /// - Throws: `ProblemDetails`; what is no such tag matches nothing.
    private static func tag(_ field: String) throws -> String? {
        let text = field.drop { $0 == " " }
        if text == "*" { return nil }
        let tag = text.dropFirst().dropLast()
        guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\""), tag.utf8.count <= 128,
            tag.utf8.allSatisfy({ $0 == 0x21 || (0x23...0x7E).contains($0) })
        else {
            throw ProblemDetails(
                .changedMeanwhile,
                "What If-Match names matches nothing: it has to be one entity tag in quotation marks, or *."
            )
        }
        return String(tag)
    }

    /// Undoes percent-encoding, and `+` for a space; nil for what is none or no UTF-8.
    public static func decoded(_ text: Substring, plusIsSpace: Bool = true) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(nibble), let low = rest.popFirst().flatMap(nibble) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        Character(UnicodeScalar(digit)).hexDigitValue.flatMap { UInt8(exactly: $0) }
    }
}

extension ProblemDetails {
    /// Puts into words why a document that looks right can't be read.
    init(_ code: ProblemCode, _ error: DecodingError) {
        let context: DecodingError.Context
        switch error {
        case .dataCorrupted(let found), .keyNotFound(_, let found), .typeMismatch(_, let found),
            .valueNotFound(_, let found):
            context = found
        @unknown default:
            self.init(code, "A value makes no sense.")
            return
        }
        let pointer = context.codingPath.map { "/" + ($0.intValue.map(String.init) ?? $0.stringValue) }.joined()
        let sentence = context.debugDescription
        self.init(
            code,
            "The input is wrong at \(pointer.isEmpty ? "body" : pointer): \(sentence).",
            violations: [Violation(pointer: pointer, sentence: sentence)]
        )
    }
}
