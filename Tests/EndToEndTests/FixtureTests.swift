// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import GRDB
internal import PKIX
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

    @Test(arguments: ["state-v1"]) func stateOfAnEarlierVersionIsServed(name: String) async throws {
        let folder = try TemporaryFolder()
        let (path, code) = try await state(name, in: folder)
        let server = try await Server(folder: folder, state: path)
        #expect(try await server.certificates().compactMap { $0["subject"] } == ["CN=fixture-1", "CN=fixture-2"])
        #expect(try await server.challengeStates() == ["used": 2, "open": 1])
        #expect(try await server.reasons(10).sorted() == ["challenge.unknown", "issued", "issued"])
        #expect(try await server.get("/scep/routers?operation=GetCACaps").text.contains("SHA-384\n"))
        let device = try await Device("newcomer", of: server)
        let issued = try device.certificate(in: try await server.post(try device.message(code, "newcomer")))
        #expect(issued.subject.description == "CN=newcomer")
        #expect(try await server.certificates().compactMap { $0["subject"] }.last == "CN=newcomer")
        #expect(try await server.challengeStates() == ["used": 3])
        #expect(try await server.stop() == 0)
    }
}
