// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import SCEPEndpoint
import Synchronization
import Testing

struct ConnectionTests {
    private static let caps = "GET /scep?operation=GetCACaps HTTP/1.1\r\n\r\n"

    @Test func keepsHTTP11AliveForManyRequests() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let responses = try await offPool {
                let client = try RawClient(port: port)
                var leftover: [UInt8] = []
                return try (0..<100).map { _ in
                    try client.send(Self.caps)
                    return try client.receiveResponse(&leftover)
                }
            }
            #expect(responses.allSatisfy { $0.status == 200 && $0.fields["connection"] == nil })
            #expect(responder.requests.count == 100)
        }
    }

    @Test(arguments: ["close", "Close", "CLOSE", "close, TE"])
    func closesWhenAskedInAnyCase(value: String) async throws {
        try await withListener { port in
            let request = "GET /scep?operation=GetCACaps HTTP/1.1\r\nConnection: \(value)\r\n\r\n"
            let answer = try await exchange(port, request)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("\r\nConnection: close\r\n"))
        }
    }

    @Test func keepsHTTP10AliveOnlyWhenAsked() async throws {
        try await withListener { port in
            let (first, second) = try await offPool {
                let client = try RawClient(port: port)
                var leftover: [UInt8] = []
                let target = "GET /scep?operation=GetCACaps HTTP/1.0\r\n"
                try client.send("\(target)Connection: Keep-Alive\r\n\r\n")
                let first = try client.receiveResponse(&leftover)
                try client.send("\(target)\r\n")
                return (first, try client.receiveAll())
            }
            #expect(first.fields["connection"] == "keep-alive")
            #expect(second.contains("\r\nConnection: close\r\n"))
        }
    }

    @Test func answersPipelinedRequestsInOrderOneAtATime() async throws {
        let running = Mutex((now: 0, most: 0))
        let responder = RecordingResponder { request in
            running.withLock { running in
                running.now += 1
                running.most = max(running.most, running.now)
            }
            // Earlier requests take longer, so that any overlap would show in the order.
            let number = Int(request.message ?? "") ?? 0
            try? await Task.sleep(for: .milliseconds(40 - number * 4))
            running.withLock { $0.now -= 1 }
            return .success(body: Array("\(number)".utf8), contentType: "text/plain")
        }
        try await withListener(responder: responder) { port in
            let texts = try await offPool {
                let client = try RawClient(port: port)
                let requests = (0..<8).map { "GET /scep?operation=GetCACert&message=\($0) HTTP/1.1\r\n\r\n" }
                try client.send(requests.joined())
                var leftover: [UInt8] = []
                return try (0..<8).map { _ in try client.receiveResponse(&leftover).text }
            }
            #expect(texts == ["0", "1", "2", "3", "4", "5", "6", "7"])
            #expect(running.withLock { $0.most } == 1)
        }
    }

    @Test func answersPipelinedPostsAndErrorsInOrder() async throws {
        try await withListener { port in
            let statuses = try await offPool {
                let client = try RawClient(port: port)
                let post = Array("POST /scep HTTP/1.1\r\nContent-Length: \(message.count)\r\n\r\n".utf8) + message
                let lost = Array("GET /lost HTTP/1.1\r\n\r\n".utf8)
                try client.send(post + lost + lost + post + Array(Self.caps.utf8))
                var leftover: [UInt8] = []
                return try (0..<5).map { _ in try client.receiveResponse(&leftover).status }
            }
            #expect(statuses == [200, 404, 404, 200, 200])
        }
    }

    @Test func readsASecondRequestThatComesInPieces() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let statuses = try await offPool {
                let client = try RawClient(port: port)
                let second = Array("POST /scep HTTP/1.1\r\nContent-Length: \(message.count)\r\n\r\n".utf8) + message
                try client.send(Array(Self.caps.utf8) + second.prefix(9))
                var leftover: [UInt8] = []
                let first = try client.receiveResponse(&leftover).status
                for byte in second.dropFirst(9) { try client.send([byte]) }
                return [first, try client.receiveResponse(&leftover).status]
            }
            #expect(statuses == [200, 200])
            #expect(responder.operations == [.getCACaps, .pkiOperation(message)])
        }
    }

    @Test func readsNothingWhileARequestIsAnswered() async throws {
        let responder = RecordingResponder { request in
            try? await Task.sleep(for: .milliseconds(1_500))
            return await RecordingResponder.echo(request)
        }
        try await withListener(responder: responder) { port in
            let sent = try await offPool {
                let client = try RawClient(port: port, sendTimeout: 200)
                try client.send(Self.caps)
                // More than the two sockets' buffers can hold; the sender has to wait.
                var sent = 0
                let flood = Array(String(repeating: "X-Padding: 0123456789\r\n", count: 4_000).utf8)
                while sent < 64 << 20 {
                    do { try client.send(flood) } catch { break }
                    sent += flood.count
                }
                return sent
            }
            #expect(sent < 64 << 20)
        }
    }

    @Test func answersClientsThatEndTheirSideFirst() async throws {
        let responder = RecordingResponder { request in
            try? await Task.sleep(for: .milliseconds(50))
            return await RecordingResponder.echo(request)
        }
        try await withListener(responder: responder) { port in
            let answer = try await offPool {
                let client = try RawClient(port: port)
                try client.send(Self.caps + "GET /lost HTTP/1.1\r\n\r\n" + "GET /lost HTTP/1.1\r\n\r\n" + Self.caps)
                client.endSending()
                return try client.receiveAll()
            }
            #expect(answer.ranges(of: "HTTP/1.1 200 OK\r\n").count == 2)
            #expect(answer.ranges(of: "HTTP/1.1 404 Not Found\r\n").count == 2)
        }
    }

    @Test func acceptsBareLineFeedsAndLeadingBlankLines() async throws {
        try await withListener { port in
            let answer = try await ask(port, "\r\n\n\r\nGET /scep?operation=GetCACaps HTTP/1.1\nX: y\nHost: z\n\n")
            #expect(answer.status == 200)
        }
    }

    @Test func ignoresUpgradeOffers() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let fields = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAA\r\n"
            let answer = try await offPool {
                let client = try RawClient(port: port)
                try client.send("POST /scep HTTP/1.1\r\n\(fields)Content-Length: \(message.count)\r\n\r\n")
                try client.send(message)
                return try client.receiveResponse()
            }
            #expect(answer.status == 200)
            #expect(responder.operations == [.pkiOperation(message)])
        }
    }

    @Test func acceptsLaterClientsWhenEarlierOnesHaveGone() async throws {
        var limits = ListenerLimits()
        limits.connections = 2
        try await withListener(limits: limits) { port in
            let responses = try await offPool {
                var statuses: [Int] = []
                for _ in 0..<20 {
                    let clients = try (0..<3).map { _ in try RawClient(port: port) }
                    for client in clients.reversed() { try client.send("GET /healthz HTTP/1.0\r\n\r\n") }
                    for client in clients { statuses.append(RawResponse(try client.receiveAll())?.status ?? 0) }
                }
                return statuses
            }
            #expect(responses == Array(repeating: 200, count: 60))
        }
    }

    @Test func finishesWorkWhoseClientHasGone() async throws {
        let finished = Mutex(0)
        let responder = RecordingResponder { request in
            try? await Task.sleep(for: .milliseconds(200))
            if !Task.isCancelled { finished.withLock { $0 += 1 } }
            return await RecordingResponder.echo(request)
        }
        try await withListener(responder: responder) { port in
            try await offPool {
                let client = try RawClient(port: port)
                try client.send(Self.caps)
            }
            while responder.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        }
        // The listener has stopped by now, and must have waited for the work.
        #expect(finished.withLock { $0 } == 1)
    }
}
