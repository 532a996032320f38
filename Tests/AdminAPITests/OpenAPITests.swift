// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import AdminAPI
import StrictJSON
import Testing

@Suite struct OpenAPITests {
    private static let description = OpenAPIDescription(AdminOperations.all, version: "1").json

    @Test func everyReferenceLeadsSomewhere() {
        let schemas = Self.description["components"]?["schemas"]
        let references = Self.references(Self.description)
        #expect(references.contains("#/components/schemas/Problem"))
        for reference in references {
            #expect(schemas?[String(reference.dropFirst("#/components/schemas/".count))] != nil, "\(reference)")
        }
    }

    private static func references(_ value: JSONValue) -> Set<String> {
        switch value {
        case .object(let members):
            members.reduce(into: []) { found, member in
                if member.key == "$ref", let text = member.value.text { found.insert(text) }
                found.formUnion(references(member.value))
            }
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(references($1)) }
        case .null, .boolean, .number, .string: []
        }
    }

    /// What is no pattern would forbid nothing.
    @Test func everyPatternCanBeCompiled() {
        let patterns = Self.patterns(Self.description)
        #expect(patterns.count > 5)
        for pattern in patterns { #expect((try? Regex(pattern)) != nil, "\(pattern)") }
    }

    private static func patterns(_ value: JSONValue) -> Set<String> {
        switch value {
        case .object(let members):
            members.reduce(into: []) { found, member in
                if member.key == "pattern", let text = member.value.text { found.insert(text) }
                found.formUnion(patterns(member.value))
            }
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(patterns($1)) }
        case .null, .boolean, .number, .string: []
        }
    }

    @Test func twoObjectsOfOneNameAreTheSame() {
        var named: [String: ObjectSchema] = [:]
        for operation in AdminOperations.all {
            for object in Self.objects(operation) {
                guard let name = object.name else { continue }
                if let other = named.updateValue(object, forKey: name) { #expect(other == object, "\(name)") }
            }
        }
        #expect(named["Challenge"] != nil)
    }

    private static func objects<Operation: AdminOperation>(_ operation: Operation.Type) -> [ObjectSchema] {
        inside(.object(Operation.Input.schema)) + inside(.object(Operation.Output.schema))
    }

    private static func inside(_ schema: Schema) -> [ObjectSchema] {
        switch schema {
        case .list(let element, _, _), .map(let element), .nullable(let element): inside(element)
        case .object(let object): [object] + object.properties.flatMap { inside($0.schema) }
        case .union(_, let kinds): kinds.values.flatMap { inside(.object($0)) }
        case .either(let first, let second): inside(first) + inside(second)
        case .string, .integer, .number, .boolean, .choice, .anything: []
        }
    }

    @Test func everyOperationSaysWhatItDoesAndIsNamedAsACommandIs() {
        for operation in AdminOperations.all {
            #expect(operation.summary.hasSuffix("."), "\(operation.id)")
            #expect(operation.id.wholeMatch(of: /[a-z-]+(?:\.[a-z-]+)?/) != nil, "\(operation.id)")
        }
    }
}
