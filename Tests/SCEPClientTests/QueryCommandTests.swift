// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import NIOHTTP1
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import Testing

@Suite struct QueryCommandTests {
    private func run(_ server: FakeServer, _ arguments: [String]) async throws -> Command.Outcome {
        try await LoopbackServer.run(server.answer) { loopback in
            try await Command.inFolder { try await Command.run(arguments + ["--url", loopback.url()], in: $0) }
        }
    }

    @Test func getCapsPrintsTheKeywords() async throws {
        let outcome = try await run(try FakeServer(), ["get-caps"])
        #expect(outcome.code == 0)
        #expect(outcome.output.hasPrefix("SCEPStandard\nPOSTPKIOperation\nAES\nSHA-256\n"))
        #expect(outcome.output.contains("POST, SHA-256, AES-128-CBC"))
        let object = try await run(try FakeServer(), ["get-caps", "--json"]).json()
        #expect(object["keywords"] as? [String] == ["SCEPStandard", "POSTPKIOperation", "AES", "SHA-256"])
        #expect(object["scepStandard"] as? Bool == true)
    }

    @Test func getCAPrintsAndSavesTheCertificates() async throws {
        let server = try FakeServer()
        try await LoopbackServer.run(server.answer) { loopback in
            try await Command.inFolder { folder in
                let outcome = try await Command.run(["get-ca", "--url", loopback.url(), "--out", "ca.pem"], in: folder)
                #expect(outcome.code == 0)
                for certificate in server.certificates {
                    #expect(outcome.output.contains(Fingerprint(of: certificate).description))
                    #expect(outcome.output.contains(Fingerprint(of: certificate, digest: .sha1).description))
                }
                #expect(outcome.output.contains("used as:     anchor, issuer\n"))
                #expect(outcome.output.contains("used as:     recipient, signer\n"))
                #expect(outcome.output.contains("key usage:   digitalSignature, keyEncipherment\n"))
                let text = try String(contentsOf: folder.appendingPathComponent("ca.pem"), encoding: .utf8)
                #expect(PEM.decode(text).map(\.der) == server.certificates.map(\.der))
            }
        }
    }

    @Test func getCAShowsWhatItDoesNotTrust() async throws {
        var server = try FakeServer()
        server.certificates[0] = try TestCertificates.withFlippedSignature(server.certificates[0])
        let outcome = try await run(server, ["get-ca", "--json", "--out", "ca.pem"])
        #expect(outcome.code == 4)
        #expect(outcome.errors.contains("error: the server's certificate 'CN=Test RA' is not signed by its CA"))
        let certificates = try #require(try outcome.json()["certificates"] as? [[String: Any]])
        #expect(certificates.compactMap { $0["subject"] as? String } == ["CN=Test RA", "CN=Test Root"])
        #expect(certificates.allSatisfy { ($0["roles"] as? [String])?.isEmpty == true })
    }

    @Test func getCASaysThatThereIsNoServer() async throws {
        var server = try FakeServer()
        server.caAnswer = .text("nobody here", .notFound)
        let outcome = try await run(server, ["get-ca"])
        #expect(outcome.code == 3)
        #expect(
            outcome.errors
                == "error: the server answered GetCACert with HTTP status 404: nobody here\nhint: check the path of the URL\n"
        )
    }

    // MARK: - Queries that are signed

    /// Runs a command in a folder with a certificate and its key.
    private func runSigned(
        _ server: FakeServer,
        _ arguments: [String]
    ) async throws -> (outcome: Command.Outcome, file: String?, requests: [LoopbackServer.Request]) {
        let identity = try TestCertificates.identity()
        return try await LoopbackServer.run(server.answer) { loopback in
            try await Command.inFolder { folder in
                try Data(PEM.encode(identity.certificate.der, label: PEM.certificate).utf8)
                    .write(to: folder.appendingPathComponent("mine.pem"))
                try Data(PEM.encode(try TestCertificates.deviceKey().pkcs8(), label: PEM.privateKey).utf8)
                    .write(to: folder.appendingPathComponent("mine.key"))
                let outcome = try await Command.run(
                    arguments + ["--url", loopback.url(), "--cert", "mine.pem", "--key", "mine.key", "--out", "out"],
                    in: folder
                )
                let file = try? String(contentsOf: folder.appendingPathComponent("out"), encoding: .utf8)
                return (outcome, file, loopback.requests)
            }
        }
    }

    @Test(arguments: [nil, "CN=Test Root", "CN=Another CA"])
    func getCertSavesTheCertificateThatItNames(_ issuer: String?) async throws {
        let wanted = try TestCertificates.make(
            "CN=device-2",
            key: TestCertificates.otherKey(),
            issuer: issuer ?? "CN=Test Root"
        )
        var server = try FakeServer()
        server.message = { try $1.success($0, [wanted]) }
        let serial = wanted.serialNumber.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
        let arguments = ["get-cert", "--serial", serial] + (issuer.map { ["--issuer", $0] } ?? [])
        let run = try await runSigned(server, arguments)
        #expect(run.outcome.code == 0, "\(run.outcome.errors)")
        #expect(PEM.decode(run.file ?? "").map(\.der) == [wanted.der])
        #expect(run.outcome.output.contains("subject:     CN=device-2\n"))
        #expect(!run.outcome.output.contains("used as"))
        guard case .getCert(let name) = try messages(run.requests, server).first?.content else {
            Issue.record("there was no GetCert")
            return
        }
        #expect(name.issuer.isEquivalent(to: wanted.issuer))
        #expect(name.serialNumber == wanted.serialNumber)
    }

    @Test(arguments: [("80", [0x00, 0x80]), ("0x7f", [0x7F]), ("00:00:01", [1]), ("abc", [0x0A, 0xBC]), ("0", [0])])
    func getCertReadsSerialNumbers(_ text: String, octets: [UInt8]) async throws {
        var server = try FakeServer()
        server.message = { try $1.failure($0, .badCertId) }
        let run = try await runSigned(server, ["get-cert", "--json", "--serial", text])
        #expect(run.outcome.code == 1)
        #expect(run.file == nil)
        #expect(try run.outcome.json()["failInfo"] as? String == "badCertId")
        guard case .getCert(let name) = try messages(run.requests, server).first?.content else {
            Issue.record("there was no GetCert")
            return
        }
        #expect(name.serialNumber == octets)
    }

    @Test(arguments: [":", "xyz", "12 34g", "-1"])
    func getCertRefusesWhatIsNoSerialNumber(_ text: String) async throws {
        let run = try await runSigned(try FakeServer(), ["get-cert", "--serial=\(text)"])
        #expect(run.outcome.code == 2)
        #expect(run.requests.isEmpty)
    }

    @Test func getCRLSavesTheCRL() async throws {
        let der = try TestCertificates.list()
        var server = try FakeServer()
        server.message = { try $1.success($0, .certificateList(der)) }
        let run = try await runSigned(server, ["get-crl", "--json"])
        #expect(run.outcome.code == 0, "\(run.outcome.errors)")
        let block = try #require(PEM.decode(run.file ?? "").first)
        #expect(block.label == "X509 CRL")
        #expect(block.der == der)
        let object = try run.outcome.json()
        #expect(object["source"] as? String == "GetCRL")
        #expect(object["status"] as? String == "good")
        #expect(object["number"] as? String == "07")
        #expect(object["issuer"] as? String == "CN=Test Root")
    }

    @Test func getCRLSavesNothingThatTheCADidNotSign() async throws {
        let der = try TestCertificates.list(issuerKey: TestCertificates.otherKey())
        var server = try FakeServer()
        server.message = { try $1.success($0, .certificateList(der)) }
        let run = try await runSigned(server, ["get-crl"])
        #expect(run.outcome.code == 5)
        #expect(run.outcome.errors.contains("the CRL in it is not signed by the CA"))
        #expect(run.file == nil)
    }

    @Test func getNextCAPrintsAndSavesTheNextGeneration() async throws {
        let root = try TestCertificates.root.get()
        let next = try TestCertificates.make(
            "CN=Next Root",
            key: TestCertificates.otherKey(),
            issuer: "CN=Next Root",
            issuerKey: TestCertificates.otherKey(),
            kind: .authority()
        )
        var server = try FakeServer()
        server.nextCAAnswer = .bytes(
            try NextCACertificates.answer(
                CACertificates(certificates: [next]),
                credential: server.credential,
                signingTime: Date()
            )
        )
        try await LoopbackServer.run(server.answer) { loopback in
            try await Command.inFolder { folder in
                let arguments = ["get-next-ca", "--url", loopback.url(), "--out", "next.pem", "--ca-fingerprint"]
                let wrong = try await Command.run(arguments + [Fingerprint(of: next).description], in: folder)
                #expect(wrong.code == 4)
                let outcome = try await Command.run(arguments + [Fingerprint(of: root).description], in: folder)
                #expect(outcome.code == 0)
                #expect(outcome.errors.isEmpty)
                #expect(outcome.output.contains("subject:     CN=Next Root\n"))
                let text = try String(contentsOf: folder.appendingPathComponent("next.pem"), encoding: .utf8)
                #expect(PEM.decode(text).map(\.der) == [next.der])
            }
        }
    }

    @Test func requirement150GetNextCASavesNothingThatTheCADidNotSign() async throws {
        var server = try FakeServer()
        server.nextCAAnswer = .bytes(try CACertificates(certificates: server.certificates).answer().body)
        let outcome = try await run(server, ["get-next-ca", "--out", "next.pem", "--json"])
        #expect(outcome.code == 5)
        #expect(try outcome.json()["error"] as? String != nil)
        #expect(outcome.errors.contains("error: the server's answer to GetNextCACert is not acceptable"))
    }

    @Test(arguments: ["renew", "poll", "get-cert", "get-crl", "get-next-ca"])
    func helpListsTheExitCodes(_ command: String) async throws {
        let help = try await Command.inFolder { try await Command.run([command, "--help"], in: $0) }
        #expect(help.code == 0)
        for code in [0, 2, 3, 4, 5, 7] { #expect(help.output.contains("\n  \(code)  ")) }
    }
}
