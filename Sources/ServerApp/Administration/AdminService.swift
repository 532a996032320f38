// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment
internal import Logging
internal import SCEPEndpoint
internal import StrictJSON

/// Answers the admin API: finds the operation, learns who asks, reads the input, and writes the answer.
struct AdminService: AdminResponder {
    /// Who asks; a problem if that can't be told.
    typealias Authentication = @Sendable (AdminHTTPRequest) async -> Result<Principal, ProblemDetails>

    let administration: Administration
    let authenticate: Authentication
    let idempotency: Idempotency
    let logger: Logger
    private let operations: [any LocalOperation.Type]
    private let description: [UInt8]

    init(
        administration: Administration,
        operations: [any LocalOperation.Type] = LocalOperations.all,
        time: any TimeSource = SystemTimeSource(),
        logger: Logger,
        authenticate: @escaping Authentication
    ) {
        self.administration = administration
        self.authenticate = authenticate
        self.logger = logger
        idempotency = administration.idempotency(time: time, logger: logger)
        self.operations = operations
        description = Array(OpenAPIDescription(operations, version: ProductVersion.text).json.written.utf8)
    }

    func respond(to request: AdminHTTPRequest) async -> AdminHTTPResponse {
        do {
            return try await answer(request)
        } catch let problem as ProblemDetails {
            return Self.response(problem)
        } catch let error as AppError {
            return Self.response(ProblemDetails(error))
        } catch let error as MethodNotAllowed {
            var response = Self.response(ProblemDetails(.methodNotAllowed, "The path does not know this method."))
            response.fields.append(("Allow", error.methods.joined(separator: ", ")))
            return response
        } catch {
            // Details may hold what was sent.
            logger.error("an administrative request failed", metadata: ["error": "\(type(of: error))"])
            return Self.response(ProblemDetails(.failure, "The server failed, and has logged where."))
        }
    }

    func refusal(status: Int, sentence: String) -> AdminHTTPResponse {
        let code = ProblemCode.allCases.first { $0.status == status } ?? .malformedRequest
        return Self.response(ProblemDetails(code, sentence))
    }

    private func answer(_ request: AdminHTTPRequest) async throws -> AdminHTTPResponse {
        let path = try Self.segments(request.path)
        let method = request.method == "HEAD" ? "GET" : request.method
        if path == ["openapi.json"] {
            guard method == "GET" else { throw Self.methodNotAllowed(["GET"]) }
            return AdminHTTPResponse(status: 200, contentType: "application/json", body: description)
        }
        if path.count == 2, path[0] == "problems", let code = ProblemCode(rawValue: path[1]) {
            guard method == "GET" else { throw Self.methodNotAllowed(["GET"]) }
            return AdminHTTPResponse(status: 200, contentType: "text/plain", body: Array("\(code.title).\n".utf8))
        }
        var methods: [String] = []
        for operation in operations {
            let endpoint = operation.endpoint
            guard let variables = endpoint.match(path) else { continue }
            methods.append(endpoint.method.rawValue)
            guard endpoint.method.rawValue == method else { continue }
            if !operation.isReading { try Self.refuseOtherSites(request) }
            let principal = try await authenticate(request).get()
            return try await perform(operation, variables, request, principal)
        }
        guard methods.isEmpty else { throw Self.methodNotAllowed(methods) }
        throw ProblemDetails(.notFound, "There is nothing at this path.")
    }

    private func perform<Operation: LocalOperation>(
        _ operation: Operation.Type,
        _ variables: [String: String],
        _ request: AdminHTTPRequest,
        _ principal: Principal
    ) async throws -> AdminHTTPResponse {
        // Before anything is read: for whom an operation is does not depend on what is wrong with a request.
        guard principal.roles.contains(where: { $0.allows(Operation.access) }) || Operation.access == .own else {
            throw AppError.denied(principal, Operation.id)
        }
        if !request.body.isEmpty, !Operation.endpoint.usesQuery { try Self.checkMediaType(request) }
        let reader = InputReader(
            variables: variables,
            query: request.query,
            ifMatch: request.field("if-match"),
            body: request.body
        )
        let input = try reader.input(operation)
        if Operation.creates, let key = request.field("idempotency-key") {
            try administration.check(operation, input, principal)
            let body = try await idempotency.once(key, principal, Operation.id, try AdminJSON.value(input)) {
                try AdminJSON.value(try await administration.perform(operation, input, as: principal)).written.bytes
            }
            let value = try JSONValue(strictly: body, maximumDepth: 64)
            return Self.response(operation, try AdminJSON.document(Operation.Output.self, value), body)
        }
        let output = try await administration.perform(operation, input, as: principal)
        return Self.response(operation, output, try AdminJSON.value(output).written.bytes)
    }

    private static func response<Operation: LocalOperation>(
        _ operation: Operation.Type,
        _ output: Operation.Output,
        _ body: [UInt8]
    ) -> AdminHTTPResponse {
        guard Operation.Output.self != NoContent.self else { return AdminHTTPResponse(status: 204) }
        var response = AdminHTTPResponse(
            status: Operation.creates ? 201 : 200,
            contentType: "application/json",
            body: body
        )
        if let tagged = output as? any EntityTagged { response.fields.append(("ETag", "\"\(tagged.entityTag)\"")) }
        return response
    }

    func refusalOfMetrics(_ request: AdminHTTPRequest) async -> AdminHTTPResponse? {
        // Whoever is on this machine needs no name to see numbers without names.
        if Server.isLoopback(request.remoteAddress) { return nil }
        switch await authenticate(request) {
        case .failure(let problem): return Self.response(problem)
        case .success(let principal):
            guard !principal.allows(.monitoring, profile: nil) else { return nil }
            return Self.response(ProblemDetails(.notAllowed, "\(principal.name) may not see the metrics."))
        }
    }

    /// The segments of a path below the root, decoded; none of them may mean something else to somebody else.
    private static func segments(_ path: String) throws -> [String] {
        let notFound = ProblemDetails(.notFound, "There is nothing at this path.")
        guard path.hasPrefix(Endpoint.root + "/") else { throw notFound }
        return try path.dropFirst(Endpoint.root.count + 1).split(separator: "/", omittingEmptySubsequences: false)
            .map { segment in
                guard let text = InputReader.decoded(segment, plusIsSpace: false), !text.isEmpty, text != ".",
                    text != "..", !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
                else { throw notFound }
                return text
            }
    }

    /// Refuses what a browser sends because another site made it: it adds a password that it knows by itself.
    private static func refuseOtherSites(_ request: AdminHTTPRequest) throws {
        guard request.field("authorization")?.lowercased().hasPrefix("basic") == true else { return }
        let site = request.field("sec-fetch-site")?.lowercased()
        let own = request.field("host").map { "\(request.isSecure ? "https" : "http")://\($0)".lowercased() }
        let origins = request.fields.filter { $0.name == "origin" }.map { $0.value.lowercased() }
        guard site != "cross-site", site != "same-site", origins.allSatisfy({ $0 == own }) else {
            throw ProblemDetails(.notAllowed, "A browser sent this on behalf of another site.")
        }
    }

    private static func checkMediaType(_ request: AdminHTTPRequest) throws {
        let type = request.field("content-type")?.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard type == "application/json" else {
            throw ProblemDetails(.unsupportedMediaType, "The body's Content-Type has to be application/json.")
        }
    }

    private static func methodNotAllowed(_ methods: [String]) -> MethodNotAllowed {
        MethodNotAllowed(methods: methods.contains("GET") ? methods + ["HEAD"] : methods)
    }

    static func response(_ problem: ProblemDetails) -> AdminHTTPResponse {
        let body = (try? AdminJSON.value(problem.showable).written) ?? "{}"
        var response = AdminHTTPResponse(
            status: problem.code.status,
            contentType: ProblemDetails.mediaType,
            body: Array(body.utf8)
        )
        if problem.code == .notAuthenticated {
            response.fields.append(("WWW-Authenticate", "Bearer realm=\"sceptic\", Basic realm=\"sceptic\""))
        }
        if let seconds = problem.retryAfter { response.fields.append(("Retry-After", "\(seconds)")) }
        return response
    }
}

extension String {
    fileprivate var bytes: [UInt8] { Array(utf8) }
}

/// The path knows other methods than this one.
private struct MethodNotAllowed: Error {
    var methods: [String]
}
