// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import SCEPEndpoint
import Testing

struct GetTests {
    @Test func requirement53AnswersHTTP10WithoutHostAndCloses() async throws {
        try await withListener { port in
            let answer = try await exchange(port, "GET /scep/pkiclient.exe?operation=GetCACaps HTTP/1.0\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n"))
            #expect(answer.contains("\r\nContent-Type: text/plain\r\n"))
            #expect(answer.contains("\r\nContent-Length: 25\r\n"))
            #expect(answer.hasSuffix("\r\n\r\nPOSTPKIOperation\nSHA-256\n"))
        }
    }

    @Test func requirement42PassesAnyMessageOfTheGetQueriesOn() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let queries = ["", "&message=", "&message=default", "&message=My%20CA", "&message=*"]
            for query in queries {
                let answer = try await ask(port, "GET /scep?operation=GetCACert\(query) HTTP/1.1\r\n\r\n")
                #expect(answer.status == 200)
                #expect(answer.fields["content-type"] == "application/x-x509-ca-cert")
            }
            #expect(responder.requests.map(\.message) == [nil, "", "default", "My CA", "*"])
            #expect(responder.operations.allSatisfy { $0 == .getCACert })
        }
    }

    @Test func tellsTheOperationsApart() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let queries = [
                "?operation=GetCACaps", "?operation=GetNextCACert", "?operation=getcacaps", "?Operation=GetCACaps", "",
                "?",
                "?message=x&operation=GetCACert",
            ]
            for query in queries { _ = try await ask(port, "GET /scep\(query) HTTP/1.1\r\n\r\n") }
            #expect(
                responder.operations == [
                    .getCACaps, .getNextCACert, .unknown("getcacaps"), .missing, .missing, .missing, .getCACert,
                ]
            )
        }
    }

    @Test func cutsALongUnknownOperation() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let name = String(repeating: "x", count: 5_000)
            let answer = try await ask(port, "GET /scep?operation=\(name) HTTP/1.1\r\n\r\n")
            #expect(answer.status == 501)
            #expect(responder.operations == [.unknown(String(repeating: "x", count: 64))])
        }
    }

    /// Requirements 50, 51 and 54 of the conformance list: base64 in a query, as clients and proxies leave it.
    @Test(arguments: [
        "MIIB%2B%2B%2B%2B%2F%2F%2F%2FPj8AAQ%3D%3D",  // escaped as it should be
        "MIIB++++////Pj8AAQ==",  // not escaped at all
        "MIIB%20%20%20%20////Pj8AAQ==",  // plus signs decoded to spaces, and escaped again
        "MIIB    ////Pj8AAQ==",  // plus signs decoded to spaces that stand in the request line
        "MIIB++++%0A////%0APj8AAQ==%0A",  // wrapped lines
        "MIIB++++%0D%0A////%0D%0APj8AAQ==",  // wrapped by CR LF
        "MIIB----____Pj8AAQ",  // base64url
        "MIIB%2B%2B%2B%2B////Pj8AAQ",  // padding lost
        "MIIB%2B%2B%2B%2B////Pj8AAQ=",  // half of the padding lost
    ])
    func requirement54DecodesTheMessageOfAGet(text: String) async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            let answer = try await ask(port, "GET /scep?operation=PKIOperation&message=\(text) HTTP/1.1\r\n\r\n")
            #expect(answer.status == 200)
            #expect(answer.body == message)
            #expect(responder.operations == [.pkiOperation(message)])
        }
    }

    @Test func refusesAMessageThatIsNotBase64() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            for query in ["&message=MIIB!", "&message=%252B", "&message=", "", "&message=M"] {
                let answer = try await ask(port, "GET /scep?operation=PKIOperation\(query) HTTP/1.1\r\n\r\n")
                #expect(answer.status == 400)
                #expect(answer.text == "The message parameter is missing or is not base64.\n")
            }
            #expect(responder.requests.isEmpty)
        }
    }

    @Test func forbidsCachingOfAPKIOperation() async throws {
        try await withListener { port in
            let target = "/scep?operation=PKIOperation&message=\(messageBase64)"
            let answer = try await ask(port, "GET \(target) HTTP/1.1\r\n\r\n")
            #expect(answer.fields["cache-control"] == "no-store")
            #expect(answer.fields["content-type"] == "application/x-pki-message")
            #expect(answer.fields["server"] == "sceptic")
            #expect(answer.fields["transfer-encoding"] == nil)
            #expect(answer.fields["date"]?.hasSuffix(" GMT") == true)
        }
    }

    @Test func tellsProfilePeerAndTransport() async throws {
        let responder = RecordingResponder()
        try await withListener(responder: responder) { port in
            _ = try await ask(port, "GET /scep:8080/pkiclient.exe?operation=GetCACaps HTTP/1.1\r\n\r\n")
            _ = try await ask(port, "GET /scep/fleet/cgi-bin/pkiclient.exe?operation=GetCACaps HTTP/1.1\r\n\r\n")
            #expect(responder.requests.map(\.profile) == [.default, .named("fleet")])
            #expect(responder.requests.map(\.remoteAddress) == ["127.0.0.1", "127.0.0.1"])
            #expect(responder.requests.map(\.isSecure) == [false, false])
        }
    }

    @Test func answersNotFoundInOneSentence() async throws {
        try await withListener { port in
            let answer = try await ask(port, "GET /nothing HTTP/1.1\r\n\r\n")
            #expect(answer.statusLine == "HTTP/1.1 404 Not Found")
            #expect(answer.fields["content-type"] == "text/plain")
            #expect(answer.text == "There is nothing at this path.\n")
        }
    }

    @Test func passesRefusalsOn() async throws {
        let responder = RecordingResponder { _ in
            .refusal(status: 503, sentence: "The store is not available.", retryAfter: .milliseconds(1_500))
        }
        try await withListener(responder: responder) { port in
            let answer = try await ask(port, "GET /scep?operation=GetCACaps HTTP/1.1\r\n\r\n")
            #expect(answer.statusLine == "HTTP/1.1 503 Service Unavailable")
            #expect(answer.fields["retry-after"] == "2")
            #expect(answer.text == "The store is not available.\n")
        }
    }
}
