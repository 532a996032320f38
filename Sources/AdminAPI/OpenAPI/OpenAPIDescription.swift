// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import StrictJSON

/// The description of the API (OpenAPI 3.1), made from the operations themselves.
public struct OpenAPIDescription: Sendable {
    /// The operations.
    public var operations: [any AdminOperation.Type]
    /// The version of the program.
    public var version: String

    /// Puts a description together.
    public init(_ operations: [any AdminOperation.Type], version: String) {
        self.operations = operations
        self.version = version
    }

    /// The description as JSON.
    public var json: JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        var components: [ObjectSchema] = ProblemDetails.schema.namedObjects
        for operation in operations {
            let endpoint = operation.endpoint
            paths[endpoint.template, default: [:]][endpoint.method.rawValue.lowercased()] = Self.describe(operation)
            components += Self.documents(operation)
        }
        let schemas = Dictionary(
            components.compactMap { object in object.name.map { ($0, object.json) } },
            uniquingKeysWith: { first, _ in first }
        )
        return .object([
            "openapi": .string("3.1.0"),
            "info": .object([
                "title": .string("Sceptic"), "version": .string(version),
                "summary": .string("Administration of a certificate-enrolment server."),
                "license": .object(["name": .string("Apache-2.0"), "identifier": .string("Apache-2.0")]),
            ]),
            "servers": .array([.object(["url": .string("/")])]),
            "paths": .object(paths.mapValues(JSONValue.object)),
            "components": .object([
                "schemas": .object(schemas),
                "securitySchemes": .object([
                    "token": .object([
                        "type": .string("http"), "scheme": .string("bearer"),
                        "description": .string("A token that 'sceptic token new' made."),
                    ]),
                    "password": .object([
                        "type": .string("http"), "scheme": .string("basic"),
                        "description": .string("An operator's name and password."),
                    ]),
                ]),
            ]),
            "security": .array([.object(["token": .array([])]), .object(["password": .array([])])]),
        ])
    }

    private static func documents<Operation: AdminOperation>(_ operation: Operation.Type) -> [ObjectSchema] {
        (inputBody(operation)?.namedObjects ?? []) + Operation.Output.schema.namedObjects
    }

    /// What of an input goes into the body; nil if nothing does.
    private static func inputBody<Operation: AdminOperation>(_ operation: Operation.Type) -> ObjectSchema? {
        guard !Operation.endpoint.usesQuery else { return nil }
        var schema = Operation.Input.schema
        let elsewhere = Operation.endpoint.variables + ["ifMatch"]
        schema.properties.removeAll { elsewhere.contains($0.name) }
        return schema.properties.isEmpty ? nil : schema
    }

    private static func describe<Operation: AdminOperation>(_ operation: Operation.Type) -> JSONValue {
        var members: [String: JSONValue] = [
            "operationId": .string(Operation.id),
            "summary": .string(Operation.summary),
            "description": .string("For: \(audience(Operation.access))."),
            "tags": .array([.string(String(Operation.id.prefix { $0 != "." }))]),
            "responses": .object(responses(operation)),
        ]
        let parameters = parameters(operation)
        if !parameters.isEmpty { members["parameters"] = .array(parameters) }
        if let body = inputBody(operation) {
            members["requestBody"] = .object([
                "required": .boolean(body.properties.contains(where: \.isRequired)),
                "content": content("application/json", .object(body)),
            ])
        }
        return .object(members)
    }

    private static func audience(_ access: Access) -> String {
        let roles = Role.allCases.filter { $0.allows(access) }.map(\.rawValue)
        return roles.joined(separator: ", ")
    }

    private static func parameters<Operation: AdminOperation>(_ operation: Operation.Type) -> [JSONValue] {
        let endpoint = Operation.endpoint
        var list: [JSONValue] = Operation.Input.schema.properties.compactMap { property in
            let place: String
            if endpoint.variables.contains(property.name) {
                place = "path"
            } else if property.name == "ifMatch" {
                return parameter(
                    "If-Match",
                    "header",
                    .string(maximum: 130),
                    property.description,
                    property.isRequired
                )
            } else if endpoint.usesQuery {
                place = "query"
            } else {
                return nil
            }
            return parameter(property.name, place, property.schema, property.description, property.isRequired)
        }
        if Operation.creates {
            list.append(
                parameter(
                    IdempotencyKey.field,
                    "header",
                    IdempotencyKey.schema,
                    "Whoever asks again with the same key and the same body within a day gets the first answer again.",
                    false
                )
            )
        }
        return list
    }

    private static func parameter(
        _ name: String,
        _ place: String,
        _ schema: Schema,
        _ description: String,
        _ isRequired: Bool
    ) -> JSONValue {
        .object([
            "name": .string(name), "in": .string(place), "required": .boolean(isRequired),
            "description": .string(description), "schema": schema.json,
        ])
    }

    private static func content(_ type: String, _ schema: Schema) -> JSONValue {
        .object([type: .object(["schema": schema.json])])
    }

    /// The problems that an operation may answer with.
    static func problems<Operation: AdminOperation>(_ operation: Operation.Type) -> [ProblemCode] {
        var codes: [ProblemCode] = [
            .malformedRequest, .notAuthenticated, .notAllowed, .notFound, .bodyTooLarge, .tooManyRequests, .failure,
            .unavailable, .invalidValue, .conflict,
        ]
        if !Operation.endpoint.usesQuery { codes.append(.unsupportedMediaType) }
        if Operation.isConditional { codes.append(.changedMeanwhile) }
        return codes
    }

    private static func responses<Operation: AdminOperation>(_ operation: Operation.Type) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for code in problems(operation) {
            responses["\(code.status)"] = .object([
                "description": .string(code.title + "."),
                "content": content(ProblemDetails.mediaType, .object(ProblemDetails.schema)),
            ])
        }
        if Operation.Output.self == NoContent.self {
            responses["204"] = .object(["description": .string("It is done.")])
        } else {
            var success: [String: JSONValue] = [
                "description": .string("It is done."),
                "content": content("application/json", .object(Operation.Output.schema)),
            ]
            if Operation.Output.self is any EntityTagged.Type {
                success["headers"] = .object([
                    "ETag": .object([
                        "description": .string("Names the thing as it is now, for If-Match."),
                        "schema": Schema.text.json,
                    ])
                ])
            }
            responses[Operation.creates ? "201" : "200"] = .object(success)
        }
        return responses
    }
}
