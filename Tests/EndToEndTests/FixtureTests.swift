// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import GRDB
internal import PKIX
internal import SCEPCrafting
internal import TestSupport
internal import Testing

/// State folders of earlier versions, which every later one has to open.
@Suite struct FixtureTests {
    private static let fixtures = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures")

    /// A copy of a fixture, as a state folder.
    private func state(_ name: String, in folder: TemporaryFolder) async throws -> (path: String, code: String) {
        let fixture = Self.fixtures.appendingPathComponent(name)
        let path = folder.file("state")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try FileManager.default.copyItem(
            atPath: fixture.appendingPathComponent("master.key").path,
            toPath: path + "/master.key"
        )
        let sql = try String(contentsOf: fixture.appendingPathComponent("state.sql"), encoding: .utf8)
        // The rows stand in the order of the tables' names.
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path + "/sceptic.sqlite", configuration: configuration)
        try await queue.write { try $0.execute(sql: sql) }
        try queue.close()
        let readme = try String(contentsOf: fixture.appendingPathComponent("README.md"), encoding: .utf8)
        let code = try #require(readme.split(separator: "\n").first { $0.hasPrefix("    ") })
        return (path, code.trimmingCharacters(in: .whitespaces))
    }

    @Test(arguments: ["state-v1", "state-v2"]) func stateOfAnEarlierVersionIsServed(name: String) async throws {
        let folder = try TemporaryFolder()
        let (path, code) = try await state(name, in: folder)
        let server = try await Server(folder: folder, state: path)
        #expect(try await server.certificates().compactMap { $0["subject"] } == ["CN=fixture-1", "CN=fixture-2"])
        let used = name == "state-v1" ? 2 : 3
        #expect(try await server.challengeStates() == ["used": used, "open": 1])
        let decided = ["challenge.unknown", "issued", "issued"]
        #expect(try await server.reasons(10).sorted() == (name == "state-v1" ? [] : ["approval.pending"]) + decided)
        #expect(try await server.get("/scep/routers?operation=GetCACaps").text.contains("SHA-384\n"))
        let device = try await Device("newcomer", of: server)
        let issued = try device.certificate(in: try await server.post(try device.message(code, "newcomer")))
        #expect(issued.subject.description == "CN=newcomer")
        #expect(try await server.certificates().compactMap { $0["subject"] }.last == "CN=newcomer")
        #expect(try await server.challengeStates() == ["used": used + 1])
        #expect(try await server.stop() == 0)
    }

    @Test func whatVersion2RevokedStaysRevoked() async throws {
        let folder = try TemporaryFolder()
        let (path, _) = try await state("state-v2", in: folder)
        let server = try await Server(folder: folder, state: path)
        let revoked = try #require(try await server.certificates().first { $0["subject"] == "CN=fixture-2" })
        #expect(revoked["status"] == "revoked")
        let serialNumber = [UInt8](hex: try #require(revoked["serialNumber"]))
        let list = try EncodedCertificateList(derEncoded: try await server.get("/crl/issuing-1-0.crl").body)
        #expect(list.count == 1)
        #expect(try list.revocation(of: serialNumber)?.reason == .keyCompromise)
        #expect(try await server.stop() == 0)
    }

    @Test func whatWaitedInVersion2IsApprovedAndFetchedByTheDeviceThatWaited() async throws {
        let folder = try TemporaryFolder()
        let (path, _) = try await state("state-v2", in: folder)
        for name in ["waiting.json", "waiting.key"] {
            let file = Self.fixtures.appendingPathComponent("state-v2/" + name).path
            try FileManager.default.copyItem(atPath: file, toPath: folder.file(name))
        }
        let server = try await Server(folder: folder, state: path)
        let poll = [
            "poll", "--url", "http://127.0.0.1:\(server.port)/scep/manual", "--pending", folder.file("waiting.json"),
            "--key", folder.file("waiting.key"), "--cert-out", folder.file("fixture-3.pem"),
        ]
        let early = try await Sceptic.attempt(poll)
        #expect(early.status == 6, "\(early.errors)")
        let waiting = try await Sceptic.run("request", "list", "--pending", "--data", path, "--json")
        let rows = try JSONSerialization.jsonObject(with: Data(waiting.output.utf8)) as? [[String: Any]]
        #expect(rows?.compactMap { $0["subject"] as? String } == ["CN=fixture-3"])
        let id = try #require(rows?.first?["id"] as? String)
        try await Sceptic.run("request", "approve", id, "--by", "ada", "--data", path)
        let done = try await Sceptic.attempt(poll)
        #expect(done.status == 0, "\(done.errors)")
        let pem = String(decoding: try folder.read("fixture-3.pem"), as: UTF8.self)
        #expect(pem.contains("BEGIN CERTIFICATE"))
        #expect(try await server.certificates().last?["subject"] == "CN=fixture-3")
        #expect(try await server.stop() == 0)
    }
}
