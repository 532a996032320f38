// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import SCEPEndpoint
import Testing

struct AdministrationTests {
    @Test func passesRequestsOnWithTheirFieldsAndBody() async throws {
        try await withListener(roles: [.admin]) { port in
            let answer = try await ask(
                port,
                "PATCH /api/v1/a%2Fb?x=%20y HTTP/1.1\r\nIf-Match: \"2\"\r\nContent-Length: 3\r\n\r\nabc"
            )
            #expect(answer.status == 201)
            #expect(answer.text == "PATCH /api/v1/a%2Fb?x=%20y \"2\" 3")
            #expect(answer.fields["etag"] == "\"3\"")
            #expect(answer.fields["cache-control"] == "no-store")
        }
    }

    @Test func anAnswerWithoutContentHasNoLength() async throws {
        try await withListener(roles: [.admin]) { port in
            let answer = try await exchange(port, "DELETE /api/v1/a HTTP/1.1\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 204 No Content\r\n"))
            #expect(!answer.lowercased().contains("content-length"))
            #expect(!answer.lowercased().contains("content-type"))
        }
    }

    @Test func whatTheListenerTurnsAwayIsToldInTheFormOfTheAPI() async throws {
        var limits = ListenerLimits()
        limits.bodyBytes = 10
        try await withListener(roles: [.admin], limits: limits) { port in
            let answer = try await ask(port, "POST /api/v1/a HTTP/1.1\r\nContent-Length: 11\r\n\r\n")
            #expect(answer.status == 413)
            #expect(answer.fields["content-type"] == "application/problem+json")
        }
    }

    @Test(arguments: ["Content-Length: 70000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n11170\r\n"])
    func aLongBodyOfAStrangerIsNotTaken(_ head: String) async throws {
        let body = head.contains("chunked") ? String(repeating: "a", count: 70_000) + "\r\n0\r\n\r\n" : ""
        try await withListener(roles: [.admin]) { port in
            let refused = try await ask(port, "POST /api/v1/a HTTP/1.1\r\n\(head)\(body)")
            #expect(refused.status == 413)
            #expect(refused.fields["content-type"] == "application/problem+json")
            let text = body.isEmpty ? String(repeating: "a", count: 70_000) : body
            let taken = try await ask(port, "POST /api/v1/a HTTP/1.1\r\nAuthorization: Bearer a\r\n\(head)\(text)")
            #expect(taken.status == 201)
        }
    }

    @Test func longBodiesShareTheirMemoryAndGiveItBack() async throws {
        var limits = ListenerLimits()
        limits.pendingBodyBytes = 100_000
        try await withListener(roles: [.admin], limits: limits) { port in
            let text = "POST /api/v1/a HTTP/1.1\r\nAuthorization: Bearer a\r\nContent-Length: 70000\r\n\r\n"
            let body = String(repeating: "a", count: 70_000)
            for _ in 0..<3 { #expect(try await ask(port, text + body).status == 201) }
            let more = text.replacing("70000", with: "110000")
            let refused = try await ask(port, more)
            #expect(refused.status == 503)
            #expect(refused.fields["content-type"] == "application/problem+json")
        }
    }

    @Test func administrationRunsOnNoEventLoop() async throws {
        try await withListener(roles: [.admin]) { port in
            let answer = try await ask(port, "GET /api/v1/executor HTTP/1.1\r\n\r\n")
            #expect(answer.text == "elsewhere")
        }
    }

    @Test func withoutTheRoleThereIsNothing() async throws {
        try await withListener(roles: [.scep, .publication]) { port in
            let answer = try await ask(port, "GET /api/v1/challenges HTTP/1.1\r\n\r\n")
            #expect(answer.status == 404)
        }
    }
}
