// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import TestSupport
internal import Testing

/// RFC 8894 §4.1 and §4.3 on real sockets.
@Suite(.serving) struct HTTPRequirementTests {
    /// A fresh message that gets a certificate.
    private func message() async throws -> [UInt8] {
        let server = try Server.current
        return try await Device(of: server).message(try await server.code(), UUID().uuidString)
    }

    @Test(arguments: [
        "/cgi-bin/pkiclient.exe", "/certsrv/mscep/mscep.dll", "/certsrv/mscep/mscep.dll/pkiclient.exe", "/scep",
        "/scep/pkiclient.exe", "/scep/default/pkiclient.exe", "/api/v1/protocols/scep/default/pkiclient.exe",
    ]) func requirement044UsualPathsAreServed(path: String) async throws {
        let server = try Server.current
        #expect(try await server.get(path + "?operation=GetCACaps").status == 200)
        #expect(try await server.post(try await message(), path + "?operation=PKIOperation").isSuccess)
    }

    @Test(arguments: [
        "", "?operation=", "?operation=PKIOperation", "?operation=pkioperation", "?operation=Odd", "?x=y",
    ])
    func requirement047PostIsHandledWhateverItsOperationSays(query: String) async throws {
        #expect(try await Server.current.post(try await message(), "/scep/default" + query).isSuccess)
    }

    @Test func requirement049RepliesAreOfTypePKIMessage() async throws {
        let server = try Server.current
        #expect(try await server.post(try await message()).contentType == "application/x-pki-message")
        let refused = try await server.post(try await Device(of: server).message("wrong", "049"))
        #expect(refused.contentType == "application/x-pki-message")
    }

    @Test func requirement050And051EscapedBase64Survives() async throws {
        let server = try Server.current
        var seen: Set<Character> = []
        for _ in 0..<20 where seen != ["+", "/", "="] {
            let message = try await message()
            seen.formUnion(Base64.plain(message).filter { "+/=".contains($0) })
            let reply = try await server.get("/scep/default?operation=PKIOperation&message=" + Base64.escaped(message))
            #expect(reply.isSuccess)
        }
        #expect(seen.isSuperset(of: ["+", "/"]))
    }

    @Test(arguments: [
        nil, "application/octet-stream", "application/x-www-form-urlencoded", "application/x-pki-message",
    ])
    func requirement052ContentTypeOfARequestDoesNotMatter(type: String?) async throws {
        #expect(try await Server.current.post(try await message(), type: type).isSuccess)
    }

    @Test func requirement053HTTP10WithoutHostWorks() async throws {
        let server = try Server.current
        let caps = try await HTTPReply.exchange(
            port: server.port,
            "GET /scep/default?operation=GetCACaps HTTP/1.0\r\n\r\n"
        )
        #expect(caps.status == 200)
        let message = try await message()
        let head = "POST /scep/default HTTP/1.0\r\nContent-Length: \(message.count)\r\n\r\n"
        #expect(try await HTTPReply.exchange(port: server.port, Array(head.utf8) + message).isSuccess)
    }

    @Test func requirement054DamagedBase64Decodes() async throws {
        let server = try Server.current
        func ask(_ text: String) async throws -> HTTPReply {
            try await HTTPReply.exchange(
                port: server.port,
                "GET /scep/default?operation=PKIOperation&message=\(text) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
        }
        let spaces = Base64.plain(try await message()).replacing("+", with: " ")
        #expect(try await ask(spaces).isSuccess)
        let lines = Base64.plain(try await message()).enumerated().map { offset, character in
            let escaped =
                switch character {
                case "+": "%2B"
                case "/": "%2F"
                case "=": "%3D"
                default: String(character)
                }
            return offset % 64 == 63 ? escaped + "%0A" : escaped
        }
        #expect(try await ask(lines.joined()).isSuccess)
        let unpadded = Base64.plain(try await message()).replacing("=", with: "").replacing("+", with: "%2B")
        #expect(try await ask(unpadded).isSuccess)
    }

    @Test func requirement055FailureComesWithHTTP200() async throws {
        let server = try Server.current
        let reply = try await server.post(try await Device(of: server).message("wrong", "055"))
        #expect(reply.status == 200)
        #expect(try reply.certRep == Failure.uniform)
    }

    @Test func requirement056GarbageGets4xxAndOversize413() async throws {
        let server = try Server.current
        #expect(try await server.post(Array("garbage".utf8)).status == 400)
        #expect(try await server.post(Array(repeating: 0, count: 2_000_000)).status == 413)
        #expect(try await server.get("/scep/default?operation=Nonsense").status == 501)
        #expect(try await server.get("/scep/default").status == 400)
        #expect(try await server.get("/nowhere").status == 404)
        #expect(try await server.post(try await message()).isSuccess)
    }

    @Test func oneConnectionCarriesManyRequests() async throws {
        let server = try Server.current
        let (first, second) = (try await message(), try await message())
        let head = "POST /scep/default HTTP/1.1\r\nHost: a\r\nContent-Length: \(first.count)\r\n\r\n"
        let bytes = Array(head.utf8) + first + HTTPReply.post(second, "/scep/default", type: nil)
        let answer = try await HTTPReply.raw(port: server.port, bytes)
        let parts = String(decoding: answer, as: UTF8.self).components(separatedBy: "HTTP/1.1 200 OK")
        #expect(parts.count == 3)
    }
}
