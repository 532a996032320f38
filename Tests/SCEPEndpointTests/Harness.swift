// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Logging
import SCEPEndpoint
import ServiceLifecycle
import Synchronization

/// Keeps what it was asked, and answers by a closure.
final class RecordingResponder: SCEPResponder {
    private let recorded = Mutex<[SCEPHTTPRequest]>([])
    private let answer: @Sendable (SCEPHTTPRequest) async -> SCEPHTTPResponse

    init(_ answer: @escaping @Sendable (SCEPHTTPRequest) async -> SCEPHTTPResponse = RecordingResponder.echo) {
        self.answer = answer
    }

    var requests: [SCEPHTTPRequest] { recorded.withLock { $0 } }
    var operations: [SCEPHTTPRequest.Operation] { requests.map(\.operation) }

    func respond(to request: SCEPHTTPRequest) async -> SCEPHTTPResponse {
        recorded.withLock { $0.append(request) }
        return await answer(request)
    }

    /// Gives a pkiMessage back as it came.
    @Sendable static func echo(_ request: SCEPHTTPRequest) async -> SCEPHTTPResponse {
        switch request.operation {
        case .getCACaps: .success(body: Array("POSTPKIOperation\nSHA-256\n".utf8), contentType: "text/plain")
        case .getCACert, .getNextCACert:
            .success(body: [0x30, 0x00], contentType: "application/x-x509-ca-cert")
        case .pkiOperation(let bytes): .success(body: bytes, contentType: "application/x-pki-message")
        case .unknown, .missing:
            .refusal(status: 501, sentence: "The operation is not known here.", retryAfter: nil)
        }
    }
}

struct FixedPublication: PublicationResponder {
    func document(at path: String) async -> Publication {
        switch path {
        case "/crl/issuing-1.crl":
            .document(
                PublishedDocument(
                    body: [1, 2, 3, 4],
                    contentType: "application/pkix-crl",
                    lastModified: 784_111_777,
                    maxAge: .seconds(300)
                )
            )
        case "/ca/issuing-1.cer":
            .document(PublishedDocument(body: [5, 6], contentType: "application/pkix-cert"))
        case "/crl/unavailable-1.crl":
            .unavailable(retryAfter: .seconds(7))
        default: .absent
        }
    }
}

struct FixedHealth: HealthResponder {
    var ready = true
    func isReady() async -> Bool { ready }
    func metrics() async -> String { "sceptic_up 1\n" }
}

/// Tells what it was asked, in the answer.
struct EchoingAdmin: AdminResponder {
    func respond(to request: AdminHTTPRequest) async -> AdminHTTPResponse {
        if request.path == "/api/v1/executor" {
            let isOnLoop = unsafe withUnsafeCurrentTask { unsafe $0?.unownedTaskExecutor != nil }
            return AdminHTTPResponse(
                status: 200,
                contentType: "text/plain",
                body: Array((isOnLoop ? "loop" : "elsewhere").utf8)
            )
        }
        if request.method == "DELETE" { return AdminHTTPResponse(status: 204) }
        let text =
            "\(request.method) \(request.path)?\(request.query) \(request.field("if-match") ?? "-") \(request.body.count)"
        return AdminHTTPResponse(
            status: 201,
            contentType: "application/json",
            body: Array(text.utf8),
            fields: [("ETag", "\"3\"")]
        )
    }

    func refusalOfMetrics(_ request: AdminHTTPRequest) async -> AdminHTTPResponse? { nil }

    func refusal(status: Int, sentence: String) -> AdminHTTPResponse {
        AdminHTTPResponse(status: status, contentType: "application/problem+json", body: Array(sentence.utf8))
    }
}

/// Runs a listener on a port of its own while the body runs, then stops it gracefully.
func withListener(
    roles: Set<ListenerRole> = [.scep],
    tls: ListenerConfiguration.TLS? = nil,
    limits: ListenerLimits = ListenerLimits(),
    health: FixedHealth = FixedHealth(),
    responder: RecordingResponder = RecordingResponder(),
    _ body: @Sendable (Int) async throws -> Void
) async throws {
    try await withStoppableListener(roles: roles, tls: tls, limits: limits, health: health, responder: responder) {
        port,
        _ in
        try await body(port)
    }
}

/// The same, with the service group for those who stop it themselves.
func withStoppableListener(
    roles: Set<ListenerRole> = [.scep],
    tls: ListenerConfiguration.TLS? = nil,
    limits: ListenerLimits = ListenerLimits(),
    health: FixedHealth = FixedHealth(),
    responder: RecordingResponder = RecordingResponder(),
    _ body: @Sendable (Int, ServiceGroup) async throws -> Void
) async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let listener = SCEPListener(
        configuration: ListenerConfiguration(port: 0, roles: roles, tls: tls, limits: limits),
        responders: ListenerResponders(
            scep: responder,
            publication: FixedPublication(),
            admin: EchoingAdmin(),
            health: health
        ),
        logger: logger
    )
    let services = ServiceGroup(services: [listener], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await services.run() }
        do {
            try await body(listener.boundAddress().port, services)
        } catch {
            group.cancelAll()
            throw error
        }
        await services.triggerGracefulShutdown()
        try await group.waitForAll()
    }
}

/// Sends bytes on a connection of their own, and gives all that comes back until the server ends it.
func exchange(_ port: Int, _ text: String) async throws -> String {
    try await offPool {
        let client = try RawClient(port: port)
        try client.send(text)
        return try client.receiveAll()
    }
}

/// The same for a request after which the server may keep the connection: one response.
func ask(_ port: Int, _ text: String) async throws -> RawResponse {
    try await offPool {
        let client = try RawClient(port: port)
        try client.send(text)
        return try client.receiveResponse()
    }
}

/// Bytes that begin like a pkiMessage, and whose base64 has `+`, `/` and `=` in it.
let message: [UInt8] = [0x30, 0x82, 0x01, 0xFB, 0xEF, 0xBE, 0xFF, 0xFF, 0xFF, 0x3E, 0x3F, 0x00, 0x01]
/// Its base64, standard alphabet.
let messageBase64 = "MIIB++++////Pj8AAQ=="
