// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Enrollment
internal import StrictJSON

public import struct Foundation.Date

/// An operation that can be carried out where the state is open.
public protocol LocalOperation: AdminOperation {
    /// Carries it out; whoever asks is known and entitled.
    ///
    /// - Throws: `AppError`.
    static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output
}

/// What an operation is carried out with.
public struct AdministrationContext: Sendable {
    /// The state.
    public let state: OpenedState
    /// Who asks.
    public let principal: Principal
    /// The moment.
    public let now: Date

    /// Tells the audit log what is changed, before it is: documents lose their secrets on the way.
    func audit<Document: AdminDocument>(_ target: String, before: Document? = nil, after: Document? = nil) throws {
        AuditAct.current?.describe(
            target: target,
            before: try before.map { try AuditedDocument.text($0) },
            after: try after.map { try AuditedDocument.text($0) }
        )
    }

    /// Tells the audit log what is changed, where there is nothing to show of it.
    func audit(_ target: String) { AuditAct.current?.describe(target: target) }
}

/// Documents as the audit log keeps them.
enum AuditedDocument {
    /// The JSON of a document, with its secrets replaced by a word.
    static func text<Document: AdminDocument>(_ document: Document) throws -> String {
        masked(try AdminJSON.value(document), .object(Document.schema)).written
    }

    static func masked(_ value: JSONValue, _ schema: Schema) -> JSONValue {
        switch (value, schema) {
        case (.object(let members), .object(let object)):
            .object(
                members.reduce(into: [:]) { masked, member in
                    guard let property = object.property(member.key) else { return }
                    masked[member.key] =
                        property.isSecret ? .string("(secret)") : Self.masked(member.value, property.schema)
                }
            )
        case (.object(let members), .map(let element)): .object(members.mapValues { masked($0, element) })
        case (.object, .union(let member, let kinds)):
            value[member]?.text.flatMap { kinds[$0] }.map { kind in
                var kind = kind
                if kind.property(member) == nil { kind.properties.append(.required(member, .text, "")) }
                return masked(value, .object(kind))
            } ?? .null
        case (.array(let elements), .list(let element, _, _)): .array(elements.map { masked($0, element) })
        case (_, .either(let first, let second)): masked(value, first.isKind(of: value) ? first : second)
        case (_, .nullable(let schema)) where value != .null: masked(value, schema)
        default: value
        }
    }
}
