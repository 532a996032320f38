// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Logging
internal import SCEPEndpoint
internal import StrictJSON
internal import Testing

@testable internal import ServerApp

/// The admin API over an open state, without a listener; who asks is what a test says.
struct AdminBench {
    let state: State
    let service: AdminService

    init(as principal: Principal? = Principal(name: "test", origin: "192.0.2.1", roles: [.administrator])) async throws
    {
        state = try await State()
        service = AdminService(
            administration: Administration(state.opened),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { _ in
            principal.map(Result.success) ?? .failure(ProblemDetails(.notAuthenticated, "Nobody asks."))
        }
    }

    /// Asks, with a body if there is one.
    func ask(
        _ method: String,
        _ path: String,
        query: String = "",
        _ body: String? = nil,
        fields: [(name: String, value: String)] = []
    ) async throws -> (status: Int, body: JSONValue, fields: [String: String]) {
        let type = body == nil ? [] : [(name: "content-type", value: "application/json")]
        let response = await service.respond(
            to: AdminHTTPRequest(
                method: method,
                path: "/api/v1" + path,
                query: query,
                fields: fields.isEmpty ? type : fields,
                body: Array((body ?? "").utf8),
                remoteAddress: "192.0.2.1",
                isSecure: true
            )
        )
        let value = response.body.isEmpty ? .null : try JSONValue(strictly: response.body, maximumDepth: 64)
        return (response.status, value, Dictionary(response.fields.map { ($0.name, $0.value) }) { first, _ in first })
    }
}

@Suite struct AdminServiceTests {
    @Test func everyOperationIsServedAndNoTwoShareAPlace() {
        var described: [String] = []
        var places: Set<Endpoint> = []
        for operation in AdminOperations.all {
            described.append(operation.id)
            places.insert(operation.endpoint)
            let names = Self.names(operation)
            for variable in operation.endpoint.variables { #expect(names.contains(variable), "\(operation.id)") }
        }
        var served: [String] = []
        for operation in LocalOperations.all { served.append(operation.id) }
        #expect(described == served)
        #expect(Set(described).count == described.count)
        #expect(places.count == described.count)
    }

    private static func names<Operation: AdminOperation>(_ operation: Operation.Type) -> [String] {
        Operation.Input.schema.properties.map(\.name)
    }

    @Test func anyStateOfAProfileMatchesTheAsterisk() async throws {
        let bench = try await AdminBench()
        let fields = [(name: "content-type", value: "application/json"), (name: "if-match", value: "*")]
        let body = #"{"approvers":{"needed":2}}"#
        #expect(try await bench.ask("PATCH", "/profiles/default", body, fields: fields).status == 200)
        #expect(try await bench.ask("PATCH", "/profiles/absent", body, fields: fields).status == 404)
    }

    @Test func aQueryOfManyParametersIsRefused() async throws {
        let bench = try await AdminBench()
        let query = [String](repeating: "limit=1", count: 1001).joined(separator: "&")
        let answer = try await bench.ask("GET", "/challenges", query: query)
        #expect(answer.status == 400)
        #expect(answer.body["detail"]?.text?.contains("1000") == true)
    }

    @Test func secretsOfEitherFormAreMasked() {
        let object = ObjectSchema(nil, .required("key", .text, "A key.").secret)
        let schema = Schema.either(.text, .object(object))
        let value = JSONValue.object(["key": .string("hidden")])
        #expect(AuditedDocument.masked(value, schema) == .object(["key": .string("(secret)")]))
        #expect(AuditedDocument.masked(.string("a"), schema) == .string("a"))
    }

    @Test func challengesAreMadeListedAndTakenBack() async throws {
        let bench = try await AdminBench()
        let made = try await bench.ask("POST", "/challenges", #"{"profile":"default","count":3,"device":null}"#)
        #expect(made.status == 400)
        let codes = try await bench.ask("POST", "/challenges", #"{"profile":"default","count":3}"#)
        #expect(codes.status == 201)
        #expect(codes.body["codes"]?.elements.count == 3)
        let first = try await bench.ask("GET", "/challenges", query: "limit=2&profile=default")
        let items = try #require(first.body["items"]).elements
        let next = try #require(first.body["next"]?.text)
        #expect(items.count == 2)
        let rest = try await bench.ask("GET", "/challenges", query: "limit=2&profile=default&after=\(next)")
        #expect(rest.body["next"] == nil)
        let id = try #require(items.first?["id"]?.text)
        #expect(try await bench.ask("DELETE", "/challenges/\(id)").status == 204)
        #expect(try await bench.ask("DELETE", "/challenges/\(id)").status == 404)
    }

    @Test(arguments: [
        ("GET", "/nothing", "", nil, 404), ("PUT", "/challenges", "", nil, 405),
        ("GET", "/../challenges", "", nil, 404),
        ("GET", "/challenges%00", "", nil, 404), ("GET", "/challenges/", "", nil, 404),
        ("GET", "/challenges", "limit=0", nil, 400), ("GET", "/challenges", "limit=1e99", nil, 400),
        ("GET", "/challenges", "stray=1", nil, 400), ("GET", "/challenges", "limit=1&limit=1", nil, 400),
        ("GET", "/challenges", "profile=%ff", nil, 400), ("DELETE", "/challenges/x", "", nil, 400),
        ("POST", "/challenges", "", "{", 400), ("POST", "/challenges", "", "[]", 400),
        ("POST", "/challenges", "", #"{"profile":"default","profile":"default"}"#, 400),
        ("POST", "/challenges", "", #"{"profile":"default","stray":1}"#, 400),
        ("POST", "/challenges", "", #"{"profile":"absent"}"#, 404),
        ("POST", "/challenges", "", #"{"profile":"default","code":"0123456789ab"}"#, 422),
        ("POST", "/challenges", "", #"{"profile":"default","subject":"nonsense"}"#, 422),
        ("POST", "/challenges", "", String(repeating: "[", count: 100_000), 400),
    ])
    func nonsenseIsRefused(
        _ method: String,
        _ path: String,
        _ query: String,
        _ body: String?,
        _ status: Int
    ) async throws {
        let answer = try await AdminBench().ask(method, path, query: query, body)
        #expect(answer.status == status)
        #expect(answer.body["status"] == .integer(status))
        #expect(answer.body["detail"]?.text?.hasSuffix(".") == true)
        #expect((answer.fields["Allow"] != nil) == (status == 405))
    }

    @Test func whatSomebodySentIsShownAndNotRepeated() async throws {
        let answer = try await AdminBench().ask("GET", "/challenges", query: "a%00b=1")
        #expect(answer.body["detail"]?.text == "There is no parameter 'a\u{2400}b' here.")
    }

    @Test func bodiesAreJSONByTheirType() async throws {
        let answer = try await AdminBench().ask(
            "POST",
            "/challenges",
            #"{"profile":"default"}"#,
            fields: [("content-type", "text/plain")]
        )
        #expect(answer.status == 415)
    }

    @Test func nobodyAndTheWrongRoleAreTurnedAway() async throws {
        let nobody = try await AdminBench(as: nil).ask("GET", "/challenges")
        #expect(nobody.status == 401)
        #expect(nobody.fields["WWW-Authenticate"]?.hasPrefix("Bearer") == true)
        let auditor = Principal(name: "a", origin: "-", roles: [.auditor])
        #expect(try await AdminBench(as: auditor).ask("POST", "/challenges", #"{"profile":"default"}"#).status == 403)
        let other = Principal(name: "a", origin: "-", roles: [.codeIssuer], profiles: ["other"])
        #expect(try await AdminBench(as: other).ask("POST", "/challenges", #"{"profile":"default"}"#).status == 403)
        #expect(try await AdminBench(as: other).ask("GET", "/challenges").status == 403)
        let issuer = Principal(name: "a", origin: "-", roles: [.codeIssuer], profiles: ["default"])
        #expect(try await AdminBench(as: issuer).ask("POST", "/challenges", #"{"profile":"default"}"#).status == 201)
    }

    @Test(arguments: [#""staticName":"mine","code":"abcdefghijkl1""#, #""hours":721"#])
    func aCodeIssuersCodesEndAndAreGoodOnce(_ members: String) async throws {
        let issuer = Principal(name: "token:mdm", origin: "-", roles: [.codeIssuer])
        let answer = try await AdminBench(as: issuer).ask("POST", "/challenges", #"{"profile":"default",\#(members)}"#)
        #expect(answer.status == 403)
        let administrator = try await AdminBench().ask("POST", "/challenges", #"{"profile":"default",\#(members)}"#)
        #expect(administrator.status == 201)
    }

    @Test func theDescriptionNamesEveryOperation() async throws {
        let description = try await AdminBench(as: nil).ask("GET", "/openapi.json")
        #expect(description.status == 200)
        let operation = description.body["paths"]?["/api/v1/challenges/{id}"]?["delete"]
        #expect(operation?["operationId"]?.text == "challenge.revoke")
        #expect(description.body["components"]?["schemas"]?["Problem"] != nil)
    }
}
