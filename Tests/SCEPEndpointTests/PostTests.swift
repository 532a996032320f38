// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import SCEPEndpoint
import Testing

struct PostTests {
    private static func post(_ target: String, _ fields: String = "", body: [UInt8] = message) -> [UInt8] {
        Array("POST \(target) HTTP/1.1\r\nContent-Length: \(body.count)\r\n\(fields)\r\n".utf8) + body
    }

    private func ask(_ port: Int, _ request: [UInt8]) async throws -> RawResponse {
        try await offPool {
            let client = try RawClient(port: port)
            try client.send(request)
            return try client.receiveResponse()
        }
    }

    @Test(arguments: [
        "", "Content-Type: application/x-pki-message\r\n", "Content-Type: application/octet-stream\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n", "Content-Type: nonsense\r\n",
        "Content-Transfer-Encoding: binary\r\n",
    ])
    func requirement52ReadsTheBodyWhateverItsContentType(fields: String) async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let answer = try await ask(port, Self.post("/scep?operation=PKIOperation", fields))
            #expect(answer.statusLine == "HTTP/1.1 200 OK")
            #expect(answer.body == message)
            #expect(answer.fields["cache-control"] == "no-store")
            #expect(responder.operations == [.pkiOperation(message)])
        }
    }

    @Test(arguments: [
        "/scep", "/scep?", "/scep?operation=pkioperation", "/scep?operation=GetCACert&message=x", "/scep?x",
    ])
    func requirement47TakesAnyPostForAPKIOperation(target: String) async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let answer = try await ask(port, Self.post(target))
            #expect(answer.status == 200)
            #expect(responder.operations == [.pkiOperation(message)])
        }
    }

    @Test(arguments: [
        messageBase64, "MIIB++++\n////\nPj8AAQ==\n",
        "-----BEGIN PKCS7-----\nMIIB++++////Pj8AAQ==\n-----END PKCS7-----\n",
        "MIIB----____Pj8AAQ",
    ])
    func decodesABase64Body(text: String) async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let answer = try await ask(port, Self.post("/scep", body: Array(text.utf8)))
            #expect(answer.status == 200)
            #expect(responder.operations == [.pkiOperation(message)])
        }
    }

    @Test func leavesTrailingBytesAndGarbageToTheParser() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let bodies: [[UInt8]] = [message + [0], message + [10], [0xFF, 0x00, 0x80], Array("not base64!".utf8)]
            for body in bodies { _ = try await ask(port, Self.post("/scep", body: body)) }
            #expect(responder.operations == bodies.map { .pkiOperation($0) })
        }
    }

    @Test func refusesAnEmptyBody() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let requests = [
                "POST /scep?operation=PKIOperation HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
                "POST /scep?operation=PKIOperation HTTP/1.1\r\n\r\n",
                "POST /scep HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ]
            for request in requests {
                let answer = try await ask(port, Array(request.utf8))
                #expect(answer.status == 400)
                #expect(answer.text == "The body is empty, but should be a pkiMessage.\n")
            }
            #expect(responder.requests.isEmpty)
        }
    }

    @Test func acceptsAChunkedBody() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let answer = try await offPool {
                let client = try RawClient(port: port)
                try client.send("POST /scep HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n")
                try client.send(Array(message.prefix(4)))
                try client.send("\r\n9;name=value\r\n")
                try client.send(Array(message.dropFirst(4)))
                try client.send("\r\n0\r\nTrailer: x\r\n\r\n")
                return try client.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(responder.operations == [.pkiOperation(message)])
        }
    }

    @Test func honoursExpectContinueAtOnce() async throws {
        try await withListener { port in
            let (interim, final) = try await offPool {
                let client = try RawClient(port: port)
                try client.send(
                    "POST /scep HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: \(message.count)\r\n\r\n"
                )
                let interim = String(decoding: try client.receive(), as: UTF8.self)
                try client.send(message)
                return (interim, try client.receiveResponse())
            }
            #expect(interim == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(final.status == 200)
            #expect(final.body == message)
        }
    }

    @Test func sendsNoInterimAnswerToHTTP10() async throws {
        try await withListener { port in
            let answer = try await offPool {
                let client = try RawClient(port: port)
                try client.send(
                    "POST /scep HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: \(message.count)\r\n\r\n"
                )
                try client.send(message)
                return try client.receiveAll()
            }
            #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n"))
        }
    }

    @Test func acceptsABodyInSmallPieces() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let body = message + [UInt8](repeating: 7, count: 200_000)
            let answer = try await offPool {
                let client = try RawClient(port: port)
                let request = Self.post("/scep", body: body)
                for start in stride(from: 0, to: request.count, by: 7_001) {
                    try client.send(Array(request[start..<min(start + 7_001, request.count)]))
                }
                return try client.receiveResponse()
            }
            #expect(answer.status == 200)
            #expect(answer.body == body)
        }
    }

    @Test(arguments: ["PUT", "DELETE", "OPTIONS", "PATCH", "HEAD", "BREW", "CONNECT", "get"])
    func answersOtherMethodsWithAllow(method: String) async throws {
        try await withListener { port in
            let text = try await exchange(port, "\(method) /scep HTTP/1.1\r\nConnection: close\r\n\r\n")
            #expect(text.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
            #expect(text.contains("\r\nAllow: GET, POST\r\n"))
        }
    }
}
