// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOCore
import NIOHTTP1

extension HTTPConnection {
    /// Answers a complete request, at once where no responder is needed.
    func respond(to incoming: IncomingRequest) {
        switch incoming.route {
        case .nowhere:
            send(.sentence(404, "There is nothing at this path."))
        case .scep(let profile):
            respondSCEP(to: incoming, profile: profile)
        case .publication(let path):
            respondToReading(incoming) { responders in
                Answer(await responders.publication?.document(at: path) ?? .absent)
            }
        case .health:
            guard allowsReading(incoming) else { return send(.methodNotAllowed(allow: "GET, HEAD")) }
            send(.sentence(200, "ok"))
        case .readiness:
            respondToReading(incoming) { responders in
                await responders.health.isReady() ? .sentence(200, "ready") : .sentence(503, "not ready")
            }
        case .admin:
            respondAdministration(to: incoming)
        case .metrics:
            respondWithMetrics(to: incoming)
        }
    }

    private func respondAdministration(to incoming: IncomingRequest) {
        guard let responder = environment.responders.admin else {
            return send(.sentence(404, "There is nothing at this path."))
        }
        let bytes = body.map { Array($0.readableBytesView) } ?? []
        body = nil
        let request = administrative(incoming, body: bytes)
        perform(onLoop: false) { Answer(await responder.respond(to: request)) }
    }

    private func administrative(_ incoming: IncomingRequest, body: [UInt8]) -> AdminHTTPRequest {
        AdminHTTPRequest(
            method: incoming.method.rawValue,
            path: incoming.target.path,
            query: String(decoding: incoming.target.query, as: UTF8.self),
            fields: incoming.fields,
            body: body,
            remoteAddress: remoteAddress,
            isSecure: environment.isSecure
        )
    }

    private func respondWithMetrics(to incoming: IncomingRequest) {
        let request = administrative(incoming, body: [])
        let isAdministrative = environment.roles.contains(.admin)
        respondToReading(incoming) { responders in
            if isAdministrative, let refusal = await responders.admin?.refusalOfMetrics(request) {
                return Answer(refusal)
            }
            return Answer(
                status: 200,
                contentType: "text/plain; version=0.0.4",
                body: Array(await responders.health.metrics().utf8)
            )
        }
    }

    private func respondSCEP(to incoming: IncomingRequest, profile: ProfileSelector) {
        guard let responder = environment.responders.scep else {
            return send(.sentence(404, "There is nothing at this path."))
        }
        let target = incoming.target
        let operation: SCEPHTTPRequest.Operation
        switch incoming.method {
        case .GET:
            guard let read = SCEPHTTPRequest.Operation(query: target) else {
                return send(.sentence(400, "The message parameter is missing or is not base64."))
            }
            operation = read
        case .POST:
            let bytes = body.map { Array($0.readableBytesView) } ?? []
            body = nil
            guard let read = SCEPHTTPRequest.Operation(body: bytes) else {
                return send(.sentence(400, "The body is empty, but should be a pkiMessage."))
            }
            operation = read
        default:
            return send(.methodNotAllowed(allow: "GET, POST"))
        }
        let isPKIOperation = operation.isPKIOperation
        let request = SCEPHTTPRequest(
            profile: profile,
            operation: operation,
            message: isPKIOperation ? nil : target.parameter("message").map { PercentDecoding.string($0) },
            remoteAddress: remoteAddress,
            isSecure: environment.isSecure
        )
        perform {
            Answer(await responder.respond(to: request), caching: isPKIOperation ? .noStore : .unspecified)
        }
    }

    private func respondToReading(
        _ incoming: IncomingRequest,
        _ respond: @escaping @Sendable (ListenerResponders) async -> Answer
    ) {
        guard allowsReading(incoming) else { return send(.methodNotAllowed(allow: "GET, HEAD")) }
        let responders = environment.responders
        perform { await respond(responders) }
    }

    private func allowsReading(_ incoming: IncomingRequest) -> Bool {
        incoming.method == .GET || incoming.method == .HEAD
    }

    /// Asks the responder in a task, and takes the answer when it is there.
    ///
    /// - Parameters:
    ///   - onLoop: whether it runs on the connection's event loop: what administrators ask may take long, and devices would wait behind it.
    ///   - respond: what asks.
    private func perform(onLoop: Bool = true, _ respond: @escaping @Sendable () async -> Answer) {
        guard let context else { return }
        let channel = context.channel
        let promise = context.eventLoop.makePromise(of: Answer.self)
        promise.futureResult.assumeIsolated().whenSuccess { [self] answer in
            work = nil
            if case .responding = state {
                send(answer)
            } else {
                // The client has gone; its connection was kept on the books until this moment.
                environment.registry.remove(channel)
                putBodyBack()
            }
        }
        work = Task(executorPreference: onLoop ? EventLoopExecutor(context.eventLoop) : nil) {
            promise.succeed(await respond())
        }
    }
}
