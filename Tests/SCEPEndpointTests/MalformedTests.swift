// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import SCEPEndpoint
import Testing

struct MalformedTests {
    @Test(arguments: [
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}", "\0\0\0\0", " GET / HTTP/1.1\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n", "GET /scep HTTPS/1.1\r\n\r\n", "GET /scep HTTP/x\r\n\r\n",
        "G@T /scep HTTP/1.1\r\n\r\n",
        "GET /scep HTTP/1.1\r\nNo colon\r\n\r\n", "GET /scep HTTP/1.1\r\n: empty\r\n\r\n",
        "GET /scep HTTP/1.1\r\nA\0B: c\r\n\r\n", "POST /scep HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /scep HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc", "POST /scep HTTP/1.1\r\nContent-Length: 0x3\r\n\r\nabc",
        "POST /scep HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST /scep HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /scep HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /scep HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "POST /scep HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ])
    func requirement56AnswersMalformedRequestsWith400(request: String) async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let answer = try await exchange(port, request)
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(answer.hasSuffix("\r\n\r\nThis is not a well-formed HTTP/1 request.\n"))
            #expect(responder.requests.isEmpty)
        }
    }

    @Test(arguments: ["PRI * HTTP/2.0\r\n\r\n", "GET /scep HTTP/3.0\r\n\r\n", "GET /scep HTTP/0.9\r\n\r\n"])
    func refusesOtherVersions(request: String) async throws {
        try await withListener { port in
            let answer = try await exchange(port, request)
            #expect(answer.hasPrefix("HTTP/1.1 505 "))
        }
    }

    @Test func answersWhatCameBeforeGarbage() async throws {
        try await withListener { port in
            let answer = try await exchange(port, "GET /healthz HTTP/1.1\r\n\r\n\u{1}garbage")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("ok\nHTTP/1.1 400 Bad Request\r\n"))
        }
    }

    @Test func percentEncodesWhatNoTargetMayHold() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let request = "GET /scep?operation=GetCACert&message=a b#c\u{1}d\u{E9} HTTP/1.1\r\n\r\n"
            let answer = try await ask(port, request)
            #expect(answer.status == 200)
            #expect(responder.requests.map(\.message) == ["a b#c\u{1}d\u{E9}"])
        }
    }

    @Test func doesNotLetASecondRequestHideInABody() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let hidden = "GET /scep?operation=GetNextCACert HTTP/1.1\r\n\r\n"
            let answer = try await ask(
                port,
                "POST /scep HTTP/1.1\r\nContent-Length: \(hidden.utf8.count)\r\n\r\n\(hidden)"
            )
            #expect(answer.status == 200)
            #expect(responder.operations == [.pkiOperation(Array(hidden.utf8))])
        }
    }

    @Test func ignoresWhatFollowsTheLastRequest() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let next = "GET /scep?operation=GetNextCACert HTTP/1.1\r\n\r\n"
            let chunked = "POST /scep HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n0ab\r\n0\r\n\r\n"
            for first in [chunked, "GET /scep?operation=GetCACaps HTTP/1.0\r\n\r\n"] {
                let answer = try await exchange(port, first + next)
                #expect(answer.ranges(of: "HTTP/1.").count == 1)
                #expect(answer.contains(" 200 OK\r\n"))
            }
            #expect(responder.operations == [.pkiOperation(Array("0ab".utf8)), .getCACaps])
        }
    }

    /// Randomly damaged requests: each is answered or cut off, and the listener lives.
    @Test func survivesDamagedRequests() async throws {
        var limits = ListenerLimits()
        limits.headTimeout = .milliseconds(50)
        limits.bodyTimeout = .milliseconds(50)
        limits.idleTimeout = .milliseconds(50)
        try await withListener(roles: [.scep, .publication, .admin], limits: limits) { port in
            let seed = UInt64.random(in: .min ... .max)
            let isAlive = try await offPool {
                var random = SplitMix(state: seed)
                let originals: [[UInt8]] = [
                    Array(
                        "GET /scep/a?operation=PKIOperation&message=\(messageBase64) HTTP/1.1\r\nHost: a\r\n\r\n".utf8
                    ),
                    Array("POST /scep HTTP/1.1\r\nContent-Length: \(message.count)\r\n\r\n".utf8) + message,
                    Array(
                        "POST /scep HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n0ab\r\n0\r\nT: x\r\n\r\n".utf8
                    ),
                    Array("GET /crl/issuing-1.crl HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".utf8),
                    Array("GET /scep HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nA: b\r\n c\r\n\r\n".utf8),
                    Array("POST http://a/scep?a b HTTP/1.1\nExpect: 100-continue\nContent-Length: 2\n\n0a".utf8),
                ]
                for _ in 0..<400 {
                    var bytes = originals.randomElement(using: &random) ?? []
                    bytes += originals.randomElement(using: &random) ?? []
                    for _ in 0..<Int.random(in: 1...6, using: &random) { random.damage(&bytes) }
                    let client = try RawClient(port: port)
                    try client.send(bytes)
                    client.endSending()
                    // A reset is fine; a hang would fail the receive timeout, a crash everything.
                    _ = try? client.receiveAll()
                }
                let client = try RawClient(port: port)
                try client.send("GET /healthz HTTP/1.0\r\n\r\n")
                return try client.receiveAll().hasSuffix("ok\n")
            }
            #expect(isAlive, "seed \(seed)")
        }
    }
}

/// A small reproducible generator (the splitmix64 sequence).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Changes, removes, inserts or doubles something at a random place.
    mutating func damage(_ bytes: inout [UInt8]) {
        guard let place = bytes.indices.randomElement(using: &self) else { return }
        switch Int.random(in: 0..<5, using: &self) {
        case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &self)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert([0, 10, 13, 32, 58, 255].randomElement(using: &self) ?? 0, at: place)
        case 3: bytes.insert(contentsOf: bytes[place...].prefix(16), at: place)
        default: bytes.removeSubrange(place..<min(place + 8, bytes.count))
        }
    }
}
