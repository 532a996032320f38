// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import PKIX
internal import SCEPCrafting
internal import TestSupport
internal import Testing

#if canImport(Glibc)
internal import Glibc
#endif

/// Local commands beside a server, its other faces, and its end.
@Suite struct RunningServerTests {
    @Test func newChallengeIsGoodAtOnceAndATakenBackOneIsNot() async throws {
        let server = try await Server.start()
        let device = try await Device(of: server)
        let codes = try await server.codes(2)
        #expect(try await server.post(try device.message(codes[0], "at-once")).isSuccess)
        let list = try await Sceptic.run("challenge", "list", "--data", server.state, "--json").output
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [[String: String]])
        let open = try #require(rows.first { $0["state"] == "open" }?["id"])
        try await Sceptic.run("challenge", "revoke", open, "--data", server.state)
        #expect(try await server.post(try device.message(codes[1], "revoked")).certRep == Failure.uniform)
        #expect(try await server.explanation("revoked").contains("=> challenge.revoked: "))
        #expect(try await server.stop() == 0)
    }

    @Test func boundChallengeIsRefusedToOthersLikeAWrongOneAndStaysGood() async throws {
        let server = try await Server.start()
        let device = try await Device(of: server)
        let other = try await Device("device-2", key: try TestKeys.other, of: server)
        let made = try await Sceptic.run(
            "challenge",
            "new",
            "--data",
            server.state,
            "--subject",
            "CN=device-1",
            "--san",
            "none"
        )
        let code = made.output.trimmingCharacters(in: .newlines)
        #expect(try await server.post(try other.message(code, "other")).certRep == Failure.uniform)
        #expect(try await server.post(try device.message(code, "own")).isSuccess)
        let story = try await server.explanation("other")
        #expect(story.contains("bound to the subject 'CN=device-1', asked for 'CN=device-2'"))
        #expect(story.contains("=> challenge.identity: "))
        let metrics = try await HTTPReply.exchange(
            port: server.adminPort,
            "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        #expect(Self.counts(metrics, #"type="PKCSReq",result="failure",reason="challenge.identity"} 1"#))
        #expect(try await server.stop() == 0)
    }

    private static func counts(_ metrics: HTTPReply, _ sample: String) -> Bool {
        metrics.text.contains(#"sceptic_requests_total{profile="default","# + sample + "\n")
    }

    @Test func newProfileIsServedWithinASecond() async throws {
        let server = try await Server.start()
        try await Sceptic.run("profile", "new", "routers", "--data", server.state, "--compatibility", "strongswan-5.9")
        try await server.servesSoon("routers")
        #expect(try await server.get("/scep/routers?operation=GetCACaps").text.contains("SHA-384\n"))
        #expect(try await !server.get("/scep/default?operation=GetCACaps").text.contains("SHA-384\n"))
        #expect(try await server.stop() == 0)
    }

    @Test(arguments: [SIGTERM, SIGINT]) func stoppingFinishesWhatIsInFlight(signal: Int32) async throws {
        let server = try await Server.start()
        let device = try await Device(of: server)
        // A refusal takes 0.3 s: long enough to be in flight.
        let message = try device.message("wrong", "in-flight")
        async let reply = server.post(message)
        try await Task.sleep(for: .milliseconds(120))
        server.signal(signal)
        #expect(try await reply.certRep == Failure.uniform)
        #expect(try await server.ended() == 0)
        #expect(try await server.explanation("in-flight").contains("=> challenge.unknown"))
        await #expect(throws: HTTPReply.Failure.self) { try await server.get("/healthz") }
    }

    @Test func refusalsTakeTheSameTimeWhateverIsWrong() async throws {
        let server = try await Server.start()
        let device = try await Device(of: server)
        let used = try await server.code()
        let other = try await Device("b", key: try TestKeys.other, of: server)
        #expect(try await server.post(try other.message(used, "used")).isSuccess)
        let messages = [
            try device.message("wrong", "1"), try device.message(nil, "2"), try device.message(used, "3"),
            try device.message("x", "4", request: { $0.signer = try TestKeys.other }),
            try device.message("x", "5", envelope: { $0.spoilContent = { $0.dropLast(16) } }),
            try device.message("x", "6", envelope: { $0.spoilKey = { _ in [1] } }),
        ]
        for message in messages {
            let start = ContinuousClock.now
            #expect(try await server.post(message).certRep == Failure.uniform)
            let elapsed = start.duration(to: .now)
            // The delay is a multiple of 0.3 s; a machine that is busy adds to it.
            #expect(elapsed >= .milliseconds(300))
        }
        #expect(try await server.stop() == 0)
    }

    @Test func healthIsAnsweredEverywhereAndMetricsOnTheAdminListenerOnly() async throws {
        let server = try await Server.start()
        func get(_ port: Int, _ path: String) async throws -> HTTPReply {
            try await HTTPReply.exchange(port: port, "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        }
        for port in [server.port, server.adminPort] {
            #expect(try await get(port, "/healthz").status == 200)
            #expect(try await get(port, "/readyz").status == 200)
        }
        #expect(try await get(server.port, "/metrics").status == 404)
        #expect(try await get(server.adminPort, "/scep?operation=GetCACaps").status == 404)
        let device = try await Device(of: server)
        #expect(try await server.post(try device.message(try await server.code(), "counted\"} 1\nx")).status == 400)
        #expect(try await server.post(try device.message(try await server.code(), "counted\"} 1")).isSuccess)
        #expect(try await server.post(try device.message("wrong", "counted")).status == 200)
        let metrics = try await get(server.adminPort, "/metrics")
        #expect(metrics.contentType?.hasPrefix("text/plain") == true)
        #expect(Self.counts(metrics, #"type="PKCSReq",result="success",reason="issued"} 1"#))
        #expect(Self.counts(metrics, #"type="PKCSReq",result="failure",reason="challenge.unknown"} 1"#))
        #expect(metrics.text.contains("sceptic_request_duration_seconds_count{type=\"PKCSReq\"} 2\n"))
        #expect(metrics.text.contains("sceptic_request_duration_seconds_count{type=\"none\"} 1\n"))
        #expect(!metrics.text.contains("counted"))
        #expect(try await server.stop() == 0)
    }

    @Test func tlsListenerServesTheSame() async throws {
        let openssl = try OpenSSL()
        try await openssl.run([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tls.key", "-out", "tls.pem", "-days", "2",
            "-subj",
            "/CN=127.0.0.1",
        ])
        let server = try await Server.start([
            "--tls-listen", "127.0.0.1:0", "--tls-certificate", openssl.folder.file("tls.pem"), "--tls-key",
            openssl.folder.file("tls.key"),
        ])
        let run = try await Sceptic.attempt(
            ["openssl", "s_client", "-quiet", "-ign_eof", "-connect", "127.0.0.1:\(server.tlsPort)"],
            input: "GET /scep/default?operation=GetCACaps HTTP/1.0\r\n\r\n",
            program: "/usr/bin/env"
        )
        #expect(run.output.hasPrefix("HTTP/1.0 200 OK\r\n"))
        #expect(run.output.contains("SCEPStandard\n"))
        #expect(try await server.stop() == 0)
    }

    @Test func tlsListenerNeedsItsFiles() async throws {
        let folder = try TemporaryFolder()
        try await Sceptic.initialise(folder.file("state"))
        let arguments = ["serve", "--data", folder.file("state"), "--tls-listen", "127.0.0.1:0"]
        let missing = try await Sceptic.attempt(arguments)
        #expect(missing.status == 64)
        #expect(missing.isOneSentence)
        let absent = try await Sceptic.attempt(
            arguments + ["--tls-certificate", folder.file("absent.pem"), "--tls-key", folder.file("absent.key")]
        )
        #expect([64, 75, 78].contains(absent.status), "\(absent.status): \(absent.errors)")
        #expect(absent.errors.contains("error: "))
    }

    @Test func adminListenerStaysOnLoopback() async throws {
        let folder = try TemporaryFolder()
        try await Sceptic.initialise(folder.file("state"))
        for host in ["0.0.0.0", "", "192.0.2.1", "[::]", "localhost.example"] {
            let run = try await Sceptic.attempt([
                "serve", "--data", folder.file("state"), "--listen", "127.0.0.1:0", "--admin-listen", "\(host):0",
            ])
            #expect(run.status == 64, "\(host)")
            #expect(run.isOneSentence)
        }
    }

    @Test func listsAndCertificatesAreWhereCertificatesSay() async throws {
        let server = try await Server.start()
        let device = try await Device(of: server)
        let issued = try device.certificate(
            in: try await server.post(try device.message(try await server.code(), "points"))
        )
        let openssl = try OpenSSL()
        try openssl.write("issued.der", issued.der)
        let text = try await openssl.run(["x509", "-inform", "DER", "-in", "issued.der", "-noout", "-text"]).text
        func path(_ suffix: String) throws -> String {
            let line = try #require(
                text.split(separator: "\n").first { $0.contains("http://ca.example/") && $0.hasSuffix(suffix) }
            )
            return "/" + String(try #require(line.components(separatedBy: "http://ca.example/").last))
        }
        let list = try await server.get(try path(".crl"))
        #expect(list.contentType == "application/pkix-crl")
        let issuer = try await server.get(try path(".cer"))
        #expect(issuer.contentType == "application/pkix-cert")
        try openssl.write("list.crl", list.body)
        try openssl.write("issuer.der", issuer.body)
        try await openssl.run(["x509", "-inform", "DER", "-in", "issuer.der", "-out", "issuer.pem"])
        let verified = try await openssl.attempt([
            "crl", "-inform", "DER", "-in", "list.crl", "-CAfile", "issuer.pem", "-noout",
        ])
        #expect(verified.succeeded)
        #expect(verified.errors.contains("verify OK"))
        #expect(issued.isSigned(by: try EncodedCertificate(derEncoded: issuer.body).subjectPublicKeyInfo.publicKey()))
        #expect(try await server.stop() == 0)
    }

    @Test func hostileTextsForgeNeitherLogLinesNorTerminals() async throws {
        let server = try await Server.start(["--log-format", "json"])
        let escape = "\u{1B}]0;owned\u{7}\u{1B}[2J"
        let name = "a\n2026-01-01T00:00:00Z info request decided reason=issued\(escape)\u{202E}"
        let device = try await Device(name, of: server)
        let id = "\"},{\"level\":\"info\",\"x\":\"\\"
        #expect(try await server.post(try device.message("wrong", id)).certRep == Failure.uniform)
        let code = try await server.code()
        #expect(try await server.post(try device.message(code, id + "2")).isSuccess)
        let shown = [
            try await server.explanation(id), try await server.explanation(id + "2"),
            try await Sceptic.run("request", "list", "--data", server.state).output,
            try await Sceptic.run("certificate", "list", "--data", server.state).output,
        ]
        for text in shown {
            #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
            #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .format })
            #expect(!text.split(separator: "\n").contains { $0.hasPrefix("2026-01-01T00:00:00Z info") })
        }
        for line in server.log.split(separator: "\n") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
            #expect(object?["level"] != nil && object?["message"] != nil, "\(line)")
            #expect(object?["x"] == nil)
        }
        #expect(server.log.contains("request decided"))
        #expect(try await server.stop() == 0)
    }

    @Test func decisionsAreLoggedWithTransactionIDAndReason() async throws {
        let server = try await Server.start()
        let device = try await Device(of: server)
        let issued = try device.certificate(
            in: try await server.post(try device.message(try await server.code(), "logged"))
        )
        #expect(try await server.post(try device.message("wrong", "logged-2")).status == 200)
        let lines = server.log.split(separator: "\n").filter { $0.contains("request decided") }
        #expect(lines.count == 2)
        #expect(lines.first?.contains("transactionID=logged") == true)
        #expect(lines.first?.contains("reason=issued") == true)
        #expect(lines.first?.contains("serial=\(issued.serialNumber.hex)") == true)
        #expect(lines.last?.contains("reason=challenge.unknown") == true)
        #expect(try await server.stop() == 0)
    }
}
