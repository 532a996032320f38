// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import TestSupport
internal import Testing

/// The admin listener of a running server: who gets in, over TLS and without, and what stays when it is restarted.
@Suite struct AdminListenerTests {
    private static func certificate(_ openssl: OpenSSL) async throws -> [String] {
        try await openssl.run([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tls.key", "-out", "tls.pem", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ])
        return [
            "--admin-tls-certificate", openssl.folder.file("tls.pem"), "--admin-tls-key",
            openssl.folder.file("tls.key"),
        ]
    }

    private static func token(_ state: String, _ arguments: String...) async throws -> String {
        let run = try await Sceptic.attempt(["token", "new", "test", "--data", state] + arguments)
        guard run.succeeded else { throw Sceptic.Failure(description: run.errors) }
        return run.firstLine
    }

    private static func post(
        _ server: Server,
        _ path: String,
        _ body: String,
        token: String,
        key: String
    ) async throws
        -> HTTPReply
    {
        try await HTTPReply.exchange(
            port: server.adminPort,
            """
            POST /api/v1\(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer \(token)\r\n\
            Content-Type: application/json\r\nIdempotency-Key: \(key)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)
            """
        )
    }

    @Test func othersGetInOverTLSOnceThereIsAnAdministrator() async throws {
        let openssl = try OpenSSL()
        let tls = try await Self.certificate(openssl)
        let folder = try TemporaryFolder()
        let state = folder.file("state")
        try await Sceptic.initialise(state, "--no-token")
        let serve = ["serve", "--data", state, "--listen", "127.0.0.1:0", "--admin-listen", "0.0.0.0:0"]
        let plain = try await Sceptic.attempt(serve)
        #expect(plain.status == 64)
        #expect(plain.errors.contains("The admin listener needs TLS to listen on 0.0.0.0"))
        let empty = try await Sceptic.attempt(serve + tls)
        #expect(empty.status == 78)
        #expect(empty.errors.contains("there is nobody who may do everything"))
        let token = try await Self.token(state, "--role", "administrator")
        try folder.write("token", Array(token.utf8))
        let server = try await Server(folder: folder, state: state, ["--admin-listen", "0.0.0.0:0"] + tls)
        let options = ["--server", "https://localhost:\(server.adminPort)", "--token-file", folder.file("token")]
        let trusting = options + ["--server-ca", openssl.folder.file("tls.pem")]
        let asked = try await Sceptic.attempt(["whoami"] + trusting)
        #expect(asked.output.contains("token:test"), "\(asked.errors)")
        // A server that is not trusted never sees the token.
        let untrusted = try await Sceptic.attempt(["whoami"] + options)
        #expect(untrusted.status == 70)
        #expect(try await Sceptic.attempt(["challenge", "new"] + trusting).succeeded)
        #expect(try await server.stop() == 0)
    }

    @Test func answersToAKeyOutliveARestart() async throws {
        let server = try await Server.start()
        let token = try await Self.token(server.state, "--role", "code-issuer")
        let body = #"{"profile":"default"}"#
        let first = try await Self.post(server, "/challenges", body, token: token, key: "a-1")
        #expect(first.status == 201)
        try await server.kill9()
        let again = try await server.restarted()
        let second = try await Self.post(again, "/challenges", body, token: token, key: "a-1")
        #expect(second.status == 201)
        #expect(second.body == first.body)
        #expect(try await again.challengeStates() == ["open": 1])
        #expect(try await again.stop() == 0)
    }

    @Test func tokensPasswordsAndAnswersAreNowhereInTheClear() async throws {
        let server = try await Server.start()
        let password = "Password-Of-Anna-0815-Grusel"
        let run = try await Sceptic.attempt(
            ["operator", "new", "anna", "--role", "administrator", "--password-file", "-", "--data", server.state],
            input: password
        )
        #expect(run.succeeded)
        let token = try await Self.token(server.state, "--role", "administrator")
        let code = try await Self.post(server, "/challenges", #"{"profile":"default"}"#, token: token, key: "s-1")
        let made = try await Self.post(
            server,
            "/tokens",
            #"{"name":"other","roles":["auditor"]}"#,
            token: token,
            key: "s-2"
        )
        let chosen = "Password-Of-Bert-4711-Grusel"
        let bert = try await Self.post(
            server,
            "/operators",
            #"{"name":"bert","roles":["approver"],"password":"\#(chosen)"}"#,
            token: token,
            key: "s-3"
        )
        for answer in [code, made, bert] { #expect(answer.status == 201, "\(answer.text)") }
        let codes = try #require(
            try JSONSerialization.jsonObject(with: Data(code.body)) as? [String: [String]]
        )["codes"]
        let secret = try #require(
            (try JSONSerialization.jsonObject(with: Data(made.body)) as? [String: Any])?["secret"] as? String
        )
        let wrong = "Wrong-Password-Of-Anna-4711"
        let credentials = [Data("anna:\(wrong)".utf8), Data("anna:\(password)".utf8)].map { $0.base64EncodedString() }
        for basic in credentials {
            _ = try await HTTPReply.exchange(
                port: server.adminPort,
                "GET /api/v1/whoami HTTP/1.0\r\nAuthorization: Basic \(basic)\r\n\r\n"
            )
        }
        var told = server.log
        for noun in ["token", "operator"] {
            told += try await Sceptic.run(noun, "list", "--data", server.state, "--json").output
        }
        try await server.kill9()
        #expect(told.contains("somebody was not let in"))
        var places = [("what is told", Data(told.utf8))]
        for name in try FileManager.default.contentsOfDirectory(atPath: server.state) {
            places.append((name, try Data(contentsOf: URL(fileURLWithPath: server.state + "/" + name))))
        }
        let secrets =
            try [password, wrong, chosen, token, secret, String(token.dropFirst(8)), #require(codes?.first)]
            + credentials
        for secret in secrets {
            for (place, content) in places {
                #expect(content.range(of: Data(secret.utf8)) == nil, "\(place) holds \(secret)")
            }
        }
    }
}
