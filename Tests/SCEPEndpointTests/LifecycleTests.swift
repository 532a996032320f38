// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import Logging
import SCEPEndpoint
import ServiceLifecycle
import Synchronization
import Testing

struct LifecycleTests {
    private static let caps = "GET /scep?operation=GetCACaps HTTP/1.1\r\n\r\n"

    @Test func gracefulStopFinishesWhatIsInFlight() async throws {
        let responder = RecordingResponder { request in
            try? await Task.sleep(for: .milliseconds(500))
            return await RecordingResponder.echo(request)
        }
        try await withStoppableListener(responder: responder) { port, services in
            async let answer = exchange(port, Self.caps + Self.caps)
            while responder.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            await services.triggerGracefulShutdown()
            try await Task.sleep(for: .milliseconds(100))
            // Nothing new is taken meanwhile, neither a connection nor the pipelined second request.
            await #expect(throws: RawClient.Failure.self) { try await exchange(port, Self.caps) }
            let text = try await answer
            #expect(text.ranges(of: "HTTP/1.1 200 OK\r\n").count == 1)
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(responder.requests.count == 1)
        }
    }

    @Test func gracefulStopClosesIdleConnectionsAtOnce() async throws {
        let client = Mutex<RawClient?>(nil)
        let start = Date()
        try await withListener { port in
            let connected = try await offPool {
                let client = try RawClient(port: port)
                try client.send(Self.caps)
                _ = try client.receiveResponse()
                return client
            }
            client.withLock { $0 = connected }
        }
        #expect(Date().timeIntervalSince(start) < 1.5)
        let idle = try #require(client.withLock { $0 })
        let rest = try? await offPool { try idle.receiveAll() }
        #expect((rest ?? "").isEmpty)
    }

    @Test func gracefulStopDoesNotWaitForever() async throws {
        var limits = ListenerLimits()
        limits.stopTimeout = .milliseconds(200)
        let wasCancelled = Mutex(false)
        let responder = RecordingResponder { request in
            try? await Task.sleep(for: .seconds(30))
            wasCancelled.withLock { $0 = Task.isCancelled }
            return await RecordingResponder.echo(request)
        }
        let start = Date()
        try await withStoppableListener(limits: limits, responder: responder) { port, services in
            async let answer = exchange(port, Self.caps)
            while responder.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            await services.triggerGracefulShutdown()
            let text = try? await answer
            #expect((text ?? "").isEmpty)
        }
        #expect(Date().timeIntervalSince(start) < 5)
        #expect(wasCancelled.withLock { $0 })
    }

    @Test func cancellationStopsAtOnce() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let listener = SCEPListener(
            configuration: ListenerConfiguration(port: 0, roles: [.admin]),
            responders: ListenerResponders(health: FixedHealth()),
            logger: logger
        )
        let running = Task { try await listener.run() }
        let port = try await listener.boundAddress().port
        let open = try await offPool { try RawClient(port: port) }
        running.cancel()
        try await running.value
        await #expect(throws: RawClient.Failure.self) { try await exchange(port, Self.caps) }
        _ = open
        await #expect(throws: ListenerError.alreadyRun) { try await listener.run() }
    }

    @Test func explainsAnAddressInUse() async throws {
        try await withListener { port in
            let second = SCEPListener(
                configuration: ListenerConfiguration(port: port, roles: [.admin]),
                responders: ListenerResponders(health: FixedHealth()),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            let error = await #expect(throws: ListenerError.self) { try await second.run() }
            #expect(error?.description.contains("port \(port) cannot be bound") == true)
            await #expect(throws: ListenerError.self) { try await second.boundAddress() }
        }
    }

    @Test(arguments: [ListenerRole.scep, .publication])
    func wantsAResponderForEachRole(role: ListenerRole) async throws {
        let listener = SCEPListener(
            configuration: ListenerConfiguration(port: 0, roles: [role]),
            responders: ListenerResponders(health: FixedHealth()),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        await #expect(throws: ListenerError.roleWithoutResponder(role)) { try await listener.run() }
    }

    @Test func logsNeitherQueriesNorBodies() async throws {
        let log = LogRecorder()
        var logger = Logger(label: "test") { _ in log }
        logger.logLevel = .trace
        let listener = SCEPListener(
            configuration: ListenerConfiguration(port: 0, roles: [.scep]),
            responders: ListenerResponders(scep: RecordingResponder(), health: FixedHealth()),
            logger: logger
        )
        let running = Task { try await listener.run() }
        let port = try await listener.boundAddress().port
        let secret = "c2VjcmV0LWNoYWxsZW5nZQ=="
        let requests = [
            "GET /scep?operation=PKIOperation&message=\(secret) HTTP/1.0\r\n\r\n",
            "GET /scep?operation=\(secret) HTTP/9.9\r\n\r\n", "GET /scep HTTP/1.1\r\nX \(secret)\r\n\r\n",
            "POST /scep HTTP/1.0\r\nContent-Length: \(secret.utf8.count)\r\n\r\n\(secret)",
        ]
        for request in requests { _ = try await exchange(port, request) }
        running.cancel()
        try await running.value
        #expect(log.lines.contains { $0.contains("connection opened") })
        #expect(log.lines.contains { $0.contains("request refused") })
        #expect(!log.lines.contains { $0.contains("c2VjcmV0") || $0.contains("secret-challenge") })
    }
}

/// Keeps all log lines with their metadata.
final class LogRecorder: LogHandler {
    private let recorded = Mutex<[String]>([])

    var lines: [String] { recorded.withLock { $0 } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        recorded.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}
