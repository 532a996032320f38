// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import NIOHTTP1
internal import PKIX
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
}
