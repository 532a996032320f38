// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import NIOHTTP1
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import Synchronization
internal import Testing

@Suite struct EnrollCommandTests {
    private let base = ["--subject", "CN=device-1", "--cert-out", "device.pem"]

    /// A server that issues for whatever key a request has.
    private func server() throws -> FakeServer {
        var server = try FakeServer()
        server.message = { request, server in
            guard case .enroll(let csr) = request.content else { throw SCEPError.unreadable("content") }
            let issued = try TestCertificates.make(
                csr.subject.description,
                key: TestCertificates.deviceKey(),
                publicKey: csr.subjectPublicKeyInfo
            )
            return try server.success(request, [issued])
        }
        return server
    }

    private func permissions(_ file: URL) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
    }

    @Test func writesKeyCertificateAndChain() async throws {
        let fingerprint = Fingerprint(of: try TestCertificates.root.get()).description
        let outcome = try await LoopbackServer.run(try server().answer) { loopback in
            try await Command.inFolder { folder in
                let outcome = try await Command.run(
                    ["enroll", "--url", loopback.url(), "--key-out", "device.key", "--chain-out", "chain.pem"] + base
                        + ["--challenge-file", "-", "--ca-fingerprint", fingerprint],
                    input: "swordfish\n",
                    in: folder
                )
                let key = folder.appendingPathComponent("device.key")
                let block = try #require(PEM.decode(try String(contentsOf: key, encoding: .utf8)).first)
                #expect(block.label == "PRIVATE KEY")
                #expect(try permissions(key) == 0o600)
                let certificate = folder.appendingPathComponent("device.pem")
                let issued = try #require(PEM.decode(try String(contentsOf: certificate, encoding: .utf8)).first)
                #expect(try permissions(certificate) == 0o644)
                let publicKey = try EncodedCertificate(derEncoded: issued.der).subjectPublicKeyInfo
                #expect(
                    try SubjectPublicKeyInfo(SoftwareKey(derEncoded: block.der).publicKey).keyBits == publicKey.keyBits
                )
                let chain = try String(contentsOf: folder.appendingPathComponent("chain.pem"), encoding: .utf8)
                #expect(PEM.decode(chain).map(\.der) == [try TestCertificates.root.get().der])
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 3)
                return outcome
            }
        }
        #expect(outcome.code == 0)
        #expect(outcome.errors.isEmpty)
        #expect(outcome.output.contains("CN=device-1"))
    }

    @Test(arguments: ["file", "environment", "argument"])
    func readsTheChallengeAndKeepsItSecret(_ way: String) async throws {
        let seen = Mutex("")
        var server = try server()
        let issue = server.message
        let record: @Sendable (String) -> Void = { text in seen.withLock { $0 = text } }
        server.message = { request, server in
            if case .enroll(let csr) = request.content { record(csr.challengePassword ?? "") }
            return try issue(request, server)
        }
        try await LoopbackServer.run(server.answer) { loopback in
            try await Command.inFolder { folder in
                try Data("swordfish\n".utf8).write(to: folder.appendingPathComponent("code"))
                let arguments: [String] =
                    switch way {
                    case "file": ["--challenge-file", "code"]
                    case "argument": ["--challenge", "swordfish"]
                    default: []
                    }
                let outcome = try await Command.run(
                    ["enroll", "--url", loopback.url(), "--key-out", "device.key"] + base + arguments,
                    environment: way == "environment" ? ["SCEPTIC_CHALLENGE": "swordfish"] : [:],
                    in: folder
                )
                #expect(outcome.code == 0)
                #expect(!(outcome.output + outcome.errors).contains("swordfish"))
                #expect(outcome.errors.contains("process list") == (way == "argument"))
                // Without a fingerprint to compare, it is shown.
                #expect(outcome.errors.contains(Fingerprint(of: try TestCertificates.root.get()).description))
            }
        }
        #expect(seen.withLock { $0 } == "swordfish")
    }

    @Test func writesTheKeyBeforeTheRequestAndGoesOnWithIt() async throws {
        try await Command.inFolder { folder in
            let key = folder.appendingPathComponent("device.key")
            let wasThere = Mutex<[Bool]>([])
            let look: @Sendable () -> Void = {
                wasThere.withLock { $0.append(FileManager.default.fileExists(atPath: key.path)) }
            }
            var failing = try FakeServer()
            failing.message = { _, _ in
                look()
                return .text("the disk is full", .serviceUnavailable)
            }
            try await LoopbackServer.run(failing.answer) { loopback in
                let outcome = try await Command.run(
                    ["enroll", "--url", loopback.url(), "--key-out", "device.key"] + base,
                    in: folder
                )
                #expect(outcome.code == 3)
                #expect(
                    outcome.errors.contains(
                        "error: the server answered PKIOperation with HTTP status 503: the disk is full"
                    )
                )
                #expect(outcome.errors.contains("note: the new key is in device.key"))
            }
            #expect(wasThere.withLock { $0 } == [true])
            let before = try Data(contentsOf: key)
            try await LoopbackServer.run(try server().answer) { loopback in
                let outcome = try await Command.run(
                    ["enroll", "--url", loopback.url(), "--key", "device.key"] + base,
                    in: folder
                )
                #expect(outcome.code == 0)
            }
            #expect(try Data(contentsOf: key) == before)
        }
    }

    @Test func doesNotReplaceFilesUnlessItIsTold() async throws {
        try await LoopbackServer.run(try server().answer) { loopback in
            try await Command.inFolder { folder in
                let key = folder.appendingPathComponent("device.key")
                try Data("precious".utf8).write(to: key)
                let arguments = ["enroll", "--url", loopback.url(), "--key-out", "device.key"] + base
                let refused = try await Command.run(arguments, in: folder)
                #expect(refused.code == 7)
                #expect(refused.errors.contains("error: device.key is already there"))
                #expect(refused.errors.contains("hint: "))
                #expect(try Data(contentsOf: key) == Data("precious".utf8))
                #expect(loopback.requests.isEmpty)
                let forced = try await Command.run(arguments + ["--force"], in: folder)
                #expect(forced.code == 0)
                #expect(try permissions(key) == 0o600)
                #expect(try Data(contentsOf: key) != Data("precious".utf8))
            }
        }
    }

    @Test func tellsRefusalsAsJSON() async throws {
        var server = try FakeServer()
        server.message = { request, server in
            let reply = FakeServer.Reply(status: "2", failInfo: "2", failInfoText: "the request was refused")
            return FakeServer.reply(try server.make(reply, to: request))
        }
        let outcome = try await run(server, ["--key-out", "device.key", "--json"])
        #expect(outcome.code == 1)
        let object = try outcome.json()
        #expect(object["status"] as? String == "failure")
        #expect(object["failInfo"] as? String == "badRequest")
        #expect(object["failInfoText"] as? String == "the request was refused")
        let id = try #require(object["transactionID"] as? String)
        #expect(outcome.errors.contains("sceptic request explain \(id)"))
    }

    @Test func tellsSuccessAsJSON() async throws {
        let outcome = try await run(try server(), ["--key-out", "device.key", "--json", "--san", "dns:a.example"])
        #expect(outcome.code == 0)
        let object = try outcome.json()
        #expect(object["status"] as? String == "success")
        #expect(object["subject"] as? String == "CN=device-1")
        for name in ["transactionID", "serial", "notBefore", "notAfter", "fingerprint"] {
            #expect((object[name] as? String)?.isEmpty == false, "\(name)")
        }
        let files = try #require(object["files"] as? [String: String])
        #expect(files == ["key": "device.key", "certificate": "device.pem"])
    }

    @Test func exitsWithTheCodeThatHelpNames() async throws {
        var pending = try FakeServer()
        pending.message = { FakeServer.reply(try $1.make(.init(status: "3"), to: $0)) }
        var forged = try FakeServer()
        forged.message = { FakeServer.reply(try $1.make(.init(recipientNonce: [1], status: "3"), to: $0)) }
        let wrong = String(repeating: "0", count: 64)
        let expectations: [(code: Int32, server: FakeServer, arguments: [String])] = [
            (6, pending, ["--key-out", "k"]),
            (5, forged, ["--key-out", "k"]),
            (4, try server(), ["--key-out", "k", "--ca-fingerprint", wrong]),
            (2, try server(), ["--key-out", "k", "--ca-fingerprint", "00"]),
            (7, try server(), ["--key-out", "no/such/folder/k"]),
            (7, try server(), ["--key", "nothing"]),
            (7, try server(), ["--key-out", "k", "--challenge-file", "nothing"]),
            (2, try server(), []),
            (2, try server(), ["--key-out", "device.pem"]),
        ]
        for (code, server, arguments) in expectations {
            let outcome = try await run(server, arguments)
            #expect(outcome.code == code, "\(arguments): \(outcome.errors)")
            #expect(outcome.errors.contains("error: "))
            // A key is written, and spoken of, only when a request follows.
            #expect(outcome.errors.contains("note: the new key") == [5, 6].contains(code))
        }
        let help = try await Command.inFolder { try await Command.run(["enroll", "--help"], in: $0) }
        for code in 0...7 { #expect(help.output.contains("\n  \(code)  ")) }
    }

    @Test(arguments: ["p256", "p384", "p521"])
    func refusesECKeysWithoutAChallengeBeforeItAsksTheServer(_ type: String) async throws {
        try await LoopbackServer.run(try server().answer) { loopback in
            try await Command.inFolder { folder in
                let outcome = try await Command.run(
                    ["enroll", "--url", loopback.url(), "--key-out", "k", "--key-type", type] + base,
                    in: folder
                )
                #expect(outcome.code == 2)
                #expect(outcome.errors.contains("error: a reply to an EC key is encrypted under the challenge"))
                #expect(outcome.errors.contains("hint: give the challenge"))
                #expect(loopback.requests.isEmpty)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
            }
        }
    }

    private func run(_ server: FakeServer, _ arguments: [String]) async throws -> Command.Outcome {
        try await LoopbackServer.run(server.answer) { loopback in
            try await Command.inFolder { folder in
                try await Command.run(["enroll", "--url", loopback.url()] + base + arguments, in: folder)
            }
        }
    }
}
