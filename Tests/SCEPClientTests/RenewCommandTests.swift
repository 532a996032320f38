// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient
internal import Testing

@Suite struct RenewCommandTests {
    private let base = ["renew", "--cert", "old.pem", "--key", "old.key", "--cert-out", "new.pem"]

    /// Runs commands in a folder with a certificate and its key.
    private func inFolder(
        with identity: ClientIdentity? = nil,
        key: SoftwareKey? = nil,
        _ server: FakeServer,
        _ body: (URL, LoopbackServer) async throws -> Void
    ) async throws {
        let identity = try identity ?? TestCertificates.identity()
        let key = try key ?? TestCertificates.deviceKey()
        try await LoopbackServer.run(server.answer) { loopback in
            try await Command.inFolder { folder in
                try Data(PEM.encode(identity.certificate.der, label: PEM.certificate).utf8)
                    .write(to: folder.appendingPathComponent("old.pem"))
                try Data(PEM.encode(try key.pkcs8(), label: PEM.privateKey).utf8)
                    .write(to: folder.appendingPathComponent("old.key"))
                try await body(folder, loopback)
            }
        }
    }

    private func server() throws -> FakeServer {
        var server = try FakeServer()
        server.capabilities = .text("SCEPStandard\nRenewal\n")
        return server
    }

    private func certificate(_ name: String, _ folder: URL) throws -> EncodedCertificate {
        let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        return try EncodedCertificate(derEncoded: try #require(PEM.decode(text).first).der)
    }

    private func key(_ name: String, _ folder: URL) throws -> SoftwareKey {
        let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        return try SoftwareKey(derEncoded: try #require(PEM.decode(text).first).der)
    }

    @Test func requirement147RenewsWithANewKeyAndWithoutAChallenge() async throws {
        let server = try server()
        try await inFolder(server) { folder, loopback in
            let outcome = try await Command.run(
                base + ["--url", loopback.url(), "--key-out", "new.key", "--chain-out", "chain.pem", "--json"],
                // What is there for enrolments is not sent along.
                environment: ["SCEPTIC_CHALLENGE": "swordfish"],
                in: folder
            )
            #expect(outcome.code == 0, "\(outcome.errors)")
            let files = try outcome.json()["files"] as? [String: String]
            #expect(files == ["key": "new.key", "certificate": "new.pem", "chain": "chain.pem"])
            let renewed = try certificate("new.pem", folder)
            let newKey = try key("new.key", folder)
            #expect(renewed.subjectPublicKeyInfo.der == newKey.publicKey.subjectPublicKeyInfo)
            #expect(newKey.publicKey.algorithm == .rsa(bits: 2048))
            let old = try certificate("old.pem", folder)
            #expect(renewed.subjectPublicKeyInfo != old.subjectPublicKeyInfo)
            let mode = try FileManager.default
                .attributesOfItem(atPath: folder.appendingPathComponent("new.key").path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            let message = try #require(try messages(loopback.requests, server).first)
            #expect(message.message.messageType == .renewalReq)
            #expect(message.certificationRequest?.challengePassword == nil)
        }
    }

    @Test(arguments: [("auto", MessageType.renewalReq), ("renewal", .renewalReq), ("pkcsreq", .pkcsReq)])
    func sendsTheMessageThatItIsTold(_ choice: String, expected: MessageType) async throws {
        let server = try server()
        try await inFolder(server) { folder, loopback in
            let outcome = try await Command.run(
                base + ["--url", loopback.url(), "--reuse-key", "--message-type", choice],
                in: folder
            )
            #expect(outcome.code == 0, "\(outcome.errors)")
            let message = try #require(try messages(loopback.requests, server).first)
            #expect(message.message.messageType == expected)
            let renewed = try certificate("new.pem", folder)
            #expect(renewed.subjectPublicKeyInfo == message.message.signer.subjectPublicKeyInfo)
        }
    }

    @Test func goesOnWithTheNewKeyAfterAFailure() async throws {
        var server = try server()
        let losses = Losses(1)
        server.message = { try losses.next() ? $1.failure($0, .badRequest) : $1.success($0) }
        try await inFolder(server) { folder, loopback in
            let url = ["--url", loopback.url()]
            let failed = try await Command.run(base + url + ["--key-out", "new.key", "--key-type", "p256"], in: folder)
            #expect(failed.code == 1)
            #expect(failed.errors.contains("note: the new key is in new.key; to go on with it, use --new-key instead"))
            let outcome = try await Command.run(base + url + ["--new-key", "new.key"], in: folder)
            #expect(outcome.code == 0, "\(outcome.errors)")
            let newKey = try key("new.key", folder)
            #expect(newKey.publicKey.algorithm == .ec(.p256))
            #expect(
                try certificate("new.pem", folder).subjectPublicKeyInfo.der == newKey.publicKey.subjectPublicKeyInfo
            )
        }
    }

    @Test func requirement163NeedsAChallengeToRenewFromAnECKey() async throws {
        let key = try SoftwareKey.generate(.ec(.p256))
        let server = try server()
        try await inFolder(with: try TestCertificates.identity(key), key: key, server) { folder, loopback in
            let arguments = base + ["--url", loopback.url(), "--key-out", "new.key"]
            let without = try await Command.run(arguments, in: folder)
            #expect(without.code == 2)
            #expect(loopback.requests.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("new.key").path))
            let with = try await Command.run(arguments, environment: ["SCEPTIC_CHALLENGE": "swordfish"], in: folder)
            #expect(with.code == 0, "\(with.errors)")
            #expect(try self.key("new.key", folder).publicKey.algorithm == .ec(.p256))
        }
    }

    @Test func warnsThatTheCertificateHasExpired() async throws {
        let identity = try TestCertificates.identity(notAfter: Date(timeIntervalSinceNow: -60))
        try await inFolder(with: identity, try server()) { folder, loopback in
            let outcome = try await Command.run(base + ["--url", loopback.url(), "--reuse-key"], in: folder)
            #expect(outcome.errors.contains("warning: the certificate expired at "))
        }
    }

    @Test func storesARenewalThatWaitsAndPollsWithTheOldKey() async throws {
        var server = try ApprovingServer(polls: 0).server()
        server.capabilities = .text("SCEPStandard\nRenewal\n")
        try await inFolder(server) { folder, loopback in
            let url = ["--url", loopback.url()]
            let first = try await Command.run(
                base + url + ["--key-out", "new.key", "--pending-out", "pending.json"],
                in: folder
            )
            #expect(first.code == 6)
            #expect(first.errors.contains("`sceptic poll --pending pending.json --key old.key`"))
            let poll = ["poll", "--pending", "pending.json", "--cert-out", "new.pem"] + url
            #expect(try await Command.run(poll + ["--key", "new.key"], in: folder).code == 2)
            let second = try await Command.run(poll + ["--key", "old.key"], in: folder)
            #expect(second.code == 0, "\(second.errors)")
            #expect(
                try certificate("new.pem", folder).subjectPublicKeyInfo.der
                    == key("new.key", folder).publicKey.subjectPublicKeyInfo
            )
        }
    }

    @Test func refusesWhatMakesNoSense() async throws {
        try await inFolder(try server()) { folder, loopback in
            try Data(PEM.encode(try TestCertificates.otherKey().pkcs8(), label: PEM.privateKey).utf8)
                .write(to: folder.appendingPathComponent("other.key"))
            let url = ["--url", loopback.url(), "--cert-out", "new.pem"]
            let old = ["--cert", "old.pem", "--key", "old.key"]
            let attempts: [(Int32, [String])] = [
                (2, old), (2, old + ["--key-out", "new.key", "--reuse-key"]),
                (2, old + ["--key-out", "old.key"]),
                (2, old + ["--reuse-key", "--challenge-file", "a", "--challenge", "b"]),
                (2, ["--cert", "old.pem", "--key", "other.key", "--reuse-key"]),
                (7, ["--cert", "other.key", "--key", "old.key", "--reuse-key"]),
                (7, ["--cert", "old.pem", "--key", "nothing", "--reuse-key"]),
            ]
            for (code, arguments) in attempts {
                let outcome = try await Command.run(["renew"] + arguments + url, in: folder)
                #expect(outcome.code == code, "\(arguments): \(outcome.errors)")
                #expect(outcome.errors.contains("error: "))
            }
            #expect(loopback.requests.isEmpty)
        }
    }
}
