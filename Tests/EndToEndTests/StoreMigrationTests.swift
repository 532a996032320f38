// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import GRDB
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing

/// `sceptic migrate-store`: what was begun in SQLite goes on in PostgreSQL.
@Suite(.enabled(if: PostgreSQLServer.isInstalled)) struct StoreMigrationTests {
    /// An empty database, and a file with its URL.
    private struct Target {
        let server: PostgreSQLServer
        let database: String
        let folder: TemporaryFolder
        let file: String

        init() async throws {
            server = try await .shared()
            database = try await server.makeDatabase()
            folder = try TemporaryFolder()
            file = try folder.write("url", Array((server.url(database) + "\n").utf8))
        }

        /// What an operator makes for a server of the database.
        func node(like state: String) throws -> String {
            try folder.makeNode(like: state, url: server.url(database))
        }

        func migrate(_ state: String, _ more: String...) async throws -> Sceptic.Run {
            let run = try await Sceptic.attempt(["migrate-store", "--from", state, "--to-file", file] + more)
            #expect(!(run.output + run.errors).contains(server.password))
            return run
        }
    }

    private static func renewal(_ device: Device, _ issued: EncodedCertificate) throws -> [UInt8] {
        try device.message(
            nil,
            "renewal",
            outer: { outer in
                outer.replace(OID.messageType, with: TLV.attribute(OID.messageType, TLV.printable("17")))
                outer.certificates = [issued.der]
                outer.signerIdentifier = EnvelopeBuilder.identifier(of: issued)
            }
        )
    }

    @Test func everythingGoesOnInTheDatabase() async throws {
        let slow = "/scep/slow?operation=PKIOperation"
        let old = try await Server.start()
        try await Sceptic.run("profile", "new", "slow", "--data", old.state, "--approval", "enrollments")
        try await old.servesSoon("slow")
        let device = try await Device(of: old)
        let issued = try device.certificate(in: try await old.post(try device.message(try await old.code(), "first")))
        let bad = try await Device("bad", key: TestKeys.other, of: old)
        let revoked = try bad.certificate(in: try await old.post(try bad.message(try await old.code(), "bad")))
        try await Sceptic.run("certificate", "revoke", revoked.serialNumber.hex, "--data", old.state)
        let waiting = try await Device("waits", of: old, path: "/scep/slow")
        let request = try waiting.message(try await old.code(profile: "slow"), "waiting")
        #expect(try await old.post(request, slow).certRep == "3")
        let unused = try await old.code()
        let list = try await old.get("/crl/issuing-1-0.crl")

        let target = try await Target()
        let early = try await target.migrate(old.state)
        #expect(early.status == 75)
        #expect(early.errors.contains("Another process serves"))
        #expect(try await old.stop() == 0)
        let run = try await target.migrate(old.state, "--json")
        #expect(run.status == 0, "\(run.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        #expect(report["outcome"] as? String == "copied")
        let tables = try #require(report["tables"] as? [[String: Any]])
        #expect(tables.first { $0["name"] as? String == "certificate" }?["rows"] as? Int == 2)
        #expect(run.errors.contains("next: "))
        let again = try await target.migrate(old.state)
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.output.contains("copied before"))

        let node = try target.node(like: old.state)
        let new = try await Server(folder: target.folder, state: node)
        let renewed = try await new.post(try Self.renewal(device, issued))
        #expect(try device.certificate(in: renewed).subject == issued.subject)
        #expect(try await new.post(request, slow).certRep == "3")
        let approved = try await Sceptic.attempt(["request", "approve", "waiting", "--by", "ada", "--data", node])
        #expect(approved.status == 0, "\(approved.errors)")
        #expect(try waiting.certificate(in: try await new.post(request, slow)).subject == Name("CN=waits"))
        #expect(try await new.get("/crl/issuing-1-0.crl").body == list.body)
        let published = try EncodedCertificateList(derEncoded: list.body)
        #expect(try published.revocation(of: revoked.serialNumber) != nil)
        #expect(try await new.post(try device.message(unused, "second")).isSuccess)
        #expect(try await new.certificates().count == 5)
        // The database goes its own way now.
        let late = try await target.migrate(old.state)
        #expect(late.status == 73, "\(late.errors)")
        #expect(late.isOneSentence && late.errors.contains("There is a state in the database already."))
        #expect(try await new.stop() == 0)
    }

    @Test func anUnfinishedCopyIsNotServed() async throws {
        let (folder, target) = (try TemporaryFolder(), try await Target())
        let state = folder.file("state")
        try await Sceptic.initialise(state)
        #expect(try await target.migrate(state).status == 0)
        let node = try target.node(like: state)
        let mark = "INSERT INTO schema_migration VALUES (2000000000, 'unfinished copy of state a with b', 0)"
        try await target.server.query(mark, in: target.database)
        for command in [["serve", "--listen", "127.0.0.1:0"], ["challenge", "new"]] {
            let run = try await Sceptic.attempt(command + ["--data", node])
            #expect(run.status == 78, "\(run.errors)")
            #expect(run.isOneSentence && run.errors.contains("the copy is not complete"), "\(run.errors)")
        }
        let other = try await target.migrate(state)
        #expect(other.status == 73)
        #expect(other.isOneSentence && other.errors.contains("an unfinished copy of another state"))
    }

    @Test func anOldStateHasToBeBroughtUpToDate() async throws {
        let (folder, target) = (try TemporaryFolder(), try await Target())
        let state = folder.file("state")
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
        let fixture = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/state-v1")
        try FileManager.default.copyItem(atPath: fixture.path + "/master.key", toPath: state + "/master.key")
        // The rows stand in the order of the tables' names.
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: state + "/sceptic.sqlite", configuration: configuration)
        let sql = try String(contentsOf: fixture.appendingPathComponent("state.sql"), encoding: .utf8)
        try await queue.write { try $0.execute(sql: sql) }
        try queue.close()
        let run = try await target.migrate(state)
        #expect(run.status == 78)
        #expect(run.isOneSentence && run.errors.contains("An older version wrote the state"), "\(run.errors)")
        // The hint names a command that helps.
        let hint = try #require(run.errors.split(separator: "\n").last { $0.hasPrefix("hint: ") })
        let words = hint.split(separator: " ").drop { $0 != "sceptic" }.dropFirst().map(String.init)
        #expect(try await Sceptic.attempt(words).status == 0)
        #expect(try await target.migrate(state).status == 0)
    }
}
