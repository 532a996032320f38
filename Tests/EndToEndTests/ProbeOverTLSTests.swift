// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import TestSupport
internal import Testing

/// `sceptic probe` and the server's TLS listener.
@Suite struct ProbeOverTLSTests {
    /// A server with a certificate for the loopback, signed by a root that lies beside it as `root.pem`.
    private func start(_ openssl: OpenSSL, names: String) async throws -> Server {
        let newKey = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout"]
        try await openssl.run(newKey + ["root.key", "-x509", "-subj", "/CN=Root", "-days", "2", "-out", "root.pem"])
        try await openssl.run(newKey + ["tls.key", "-subj", "/CN=server", "-out", "request.pem"])
        try openssl.write("extensions", Array("subjectAltName=\(names)\n".utf8))
        try await openssl.run([
            "x509", "-req", "-in", "request.pem", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "2", "-days",
            "2", "-extfile", "extensions", "-out", "tls.pem",
        ])
        return try await Server.start([
            "--tls-listen", "127.0.0.1:0", "--tls-certificate", openssl.folder.file("tls.pem"), "--tls-key",
            openssl.folder.file("tls.key"),
        ])
    }

    /// The beginning of a run: the whole one takes a minute, most of which is spent on waiting for refusals.
    private func probe(_ url: String, root: String? = nil, challenges: [String] = []) async throws -> Sceptic.Run {
        try await Sceptic.attempt(
            ["probe", url, "--pause", "0", "--total-timeout", "8"]
                + (challenges.isEmpty ? [] : ["--challenge-file", "-"]),
            input: challenges.map { $0 + "\n" }.joined(),
            environment: root.map { ["SSL_CERT_FILE": $0] } ?? [:]
        )
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func probeSpeaksWithAServerWhoseRootIsTrusted(host: String) async throws {
        let openssl = try OpenSSL()
        let server = try await start(openssl, names: "IP:127.0.0.1,DNS:localhost")
        let run = try await probe(
            "https://\(host):\(server.tlsPort)/scep",
            root: openssl.folder.file("root.pem"),
            challenges: try await server.codes(9)
        )
        #expect(run.status == 0, "\(run.errors)\(run.output)")
        for number in 1...4 {
            let row = run.lines.first { $0.split(separator: " ").dropFirst().first == "\(number)" }
            #expect(row?.split(separator: " ").first == "pass", "\(number)")
        }
        #expect(!run.output.contains("can't be reached"))
        #expect(try await server.certificates().first?["subject"]?.contains("CN=probe-") == true)
        #expect(try await server.stop() == 0)
    }

    @Test func probeSaysNothingToAServerWhoseRootIsNotTrusted() async throws {
        let openssl = try OpenSSL()
        let server = try await start(openssl, names: "IP:127.0.0.1")
        let other = try OpenSSL()
        try await other.run([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "other.key", "-subj", "/CN=Root", "-days", "2",
            "-out", "other.pem",
        ])
        for root in [nil, other.folder.file("other.pem")] {
            let run = try await probe("https://127.0.0.1:\(server.tlsPort)/scep", root: root)
            #expect(run.status == 3)
            #expect(run.errors.contains("the server could not be spoken to"))
            #expect(run.output.contains("TLS failed: the server's certificate is not trusted"))
        }
        #expect(try await server.reasons(10).isEmpty)
        #expect(try await server.stop() == 0)
    }

    @Test func probeSaysNothingToAServerOfAnotherName() async throws {
        let openssl = try OpenSSL()
        let server = try await start(openssl, names: "DNS:another.example")
        for host in ["127.0.0.1", "localhost"] {
            let run = try await probe("https://\(host):\(server.tlsPort)/scep", root: openssl.folder.file("root.pem"))
            #expect(run.status == 3)
            #expect(run.output.contains("TLS failed: the server's certificate is for another name"))
        }
        #expect(try await server.reasons(10).isEmpty)
        #expect(try await server.stop() == 0)
    }
}
