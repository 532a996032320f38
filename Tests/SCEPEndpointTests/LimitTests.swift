// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import SCEPEndpoint
import Testing

struct LimitTests {
    private func limits(_ change: (inout ListenerLimits) -> Void) -> ListenerLimits {
        var limits = ListenerLimits()
        change(&limits)
        return limits
    }

    @Test func requirement56RefusesATooLargeBodyByItsLength() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let answer = try await exchange(port, "POST /scep HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(answer.hasSuffix("\r\n\r\nThe body is too large.\n"))
            #expect(responder.requests.isEmpty)
        }
    }

    @Test func refusesATooLargeBodyInsteadOfContinuing() async throws {
        try await withListener { port in
            let fields = "Expect: 100-continue\r\nContent-Length: 99999999\r\n"
            let answer = try await exchange(port, "POST /scep HTTP/1.1\r\n\(fields)\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func answersBeforeResettingASenderOfTooMuch() async throws {
        try await withListener { port in
            let answer = try await offPool {
                let client = try RawClient(port: port)
                try client.send("POST /scep HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n")
                try client.send([UInt8](repeating: 0x30, count: 3_000_000))
                return try client.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func acceptsABodyOfExactlyTheLimit() async throws {
        try await withListener(limits: limits { $0.bodyBytes = 100 }) { port in
            let body = String(repeating: "0", count: 100)
            let answer = try await ask(port, "POST /scep HTTP/1.1\r\nContent-Length: 100\r\n\r\n\(body)")
            #expect(answer.status == 200)
            let tooMuch = try await ask(port, "POST /scep HTTP/1.1\r\nContent-Length: 101\r\n\r\n\(body)0")
            #expect(tooMuch.status == 413)
        }
    }

    @Test func refusesATooLargeBodyByItsChunks() async throws {
        let responder = RecordingResponder()
        try await withListener(limits: limits { $0.bodyBytes = 1_000 }, responder: responder) { port in
            let answer = try await offPool {
                let client = try RawClient(port: port)
                try client.send("POST /scep HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
                let chunk = "C8\r\n\(String(repeating: "0", count: 200))\r\n"
                for _ in 0..<6 { try client.send(chunk) }
                return try client.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(responder.requests.isEmpty)
        }
    }

    @Test func acceptsARequestLineOfNinetySixKiB() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let start = "GET /scep?operation=PKIOperation&message="
            let end = " HTTP/1.1"
            let digits = (96 * 1_024 - start.utf8.count - end.utf8.count - 1) / 4 * 4
            let answer = try await ask(port, "\(start)\(String(repeating: "MDAw", count: digits / 4))\(end)\r\n\r\n")
            #expect(answer.status == 200)
            #expect(answer.body.count == digits / 4 * 3)
        }
    }

    @Test func requirement56RefusesATooLongRequestLine() async throws {
        try await withListener { port in
            let long = String(repeating: "M", count: 96 * 1_024)
            let answer = try await exchange(port, "GET /scep?operation=PKIOperation&message=\(long) HTTP/1.1\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 414 URI Too Long\r\n"))
            // Refused without waiting for the line's end, too.
            let endless = try await exchange(port, "GET /\(long)\(long)")
            #expect(endless.hasPrefix("HTTP/1.1 414 "))
        }
    }

    @Test func refusesTooManyOrTooLargeHeaderFields() async throws {
        try await withListener { port in
            let many = String(repeating: "X: y\r\n", count: 200)
            #expect(try await exchange(port, "GET /healthz HTTP/1.1\r\n\(many)\r\n").hasPrefix("HTTP/1.1 431 "))
            let large = String(repeating: "x", count: 40_000)
            let answer = try await exchange(port, "GET /healthz HTTP/1.1\r\nX: \(large)\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test func cutsOffASlowHead() async throws {
        try await withListener(limits: limits { $0.headTimeout = .milliseconds(300) }) { port in
            let (answer, seconds) = try await offPool {
                let client = try RawClient(port: port)
                let start = Date()
                try client.send("GET /scep?operation=GetCACaps HTTP/1.1\r\n")
                // A field every 50 ms: each read makes progress, but the whole head takes too long.
                for number in 0..<40 {
                    guard (try? client.send("X-\(number): y\r\n")) != nil, Date().timeIntervalSince(start) < 0.4 else {
                        break
                    }
                    usleep(50_000)
                }
                return (try client.receiveAll(), Date().timeIntervalSince(start))
            }
            #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
            #expect(seconds < 2)
        }
    }

    @Test func cutsOffASlowBody() async throws {
        try await withListener(limits: limits { $0.bodyTimeout = .milliseconds(300) }) { port in
            let answer = try await offPool {
                let client = try RawClient(port: port)
                try client.send("POST /scep HTTP/1.1\r\nContent-Length: 1000\r\n\r\n")
                for _ in 0..<7 {
                    try client.send("0")
                    usleep(50_000)
                }
                return try client.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func closesIdleConnectionsSilently() async throws {
        try await withListener(limits: limits { $0.idleTimeout = .milliseconds(200) }) { port in
            #expect(try await exchange(port, "").isEmpty)
            let afterAnAnswer = try await exchange(port, "GET /healthz HTTP/1.1\r\n\r\n")
            #expect(afterAnAnswer.hasSuffix("\r\n\r\nok\n"))
        }
    }

    @Test func givesEachRequestItsOwnTime() async throws {
        try await withListener(limits: limits { $0.headTimeout = .milliseconds(400) }) { port in
            let statuses = try await offPool {
                let client = try RawClient(port: port)
                var leftover: [UInt8] = []
                return try (0..<4).map { _ in
                    try client.send("GET /healthz HT")
                    usleep(200_000)
                    try client.send("TP/1.1\r\n\r\n")
                    return try client.receiveResponse(&leftover).status
                }
            }
            #expect(statuses == [200, 200, 200, 200])
        }
    }
}
