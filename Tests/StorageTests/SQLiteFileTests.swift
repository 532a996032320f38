// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import GRDB
import Testing

@testable import Storage

struct SQLiteFileTests {
    /// The files of a folder with their bytes and times.
    private func snapshot(_ folder: URL) throws -> [String: [String]] {
        var files: [String: [String]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let path = folder.appending(path: name).path
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            let bytes = FileManager.default.contents(atPath: path) ?? Data()
            files[name] = [
                "\(bytes.hashValue)", "\(bytes.count)", "\(String(describing: attributes[.modificationDate]))",
            ]
        }
        return files
    }

    @Test func makesFilesForTheirOwnerOnly() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        for suffix in ["", "-wal", "-shm", "-turn"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: fixture.path + suffix)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(suffix)")
        }
        try await store.close()
    }

    @Test func leavesOneFileBehindWhenItCloses() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        _ = try await store.configurationVersion()
        try await store.close()
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).sorted()
        #expect(names == ["sceptic.db", "sceptic.db-turn"])
    }

    @Test func refusesAMissingFile() async throws {
        let fixture = try SQLiteFixture()
        await expect(.exactly(.unavailable("There is no database at \(fixture.path)."))) {
            _ = try fixture.open(.existing)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).isEmpty)
    }

    @Test func refusesAMissingFolder() async throws {
        let fixture = try SQLiteFixture()
        await expect(.unavailable) {
            _ = try SQLiteStore(path: fixture.folder.path + "/none/sceptic.db", mode: .create)
        }
    }

    @Test(arguments: OpeningMode.allCases)
    func leavesWhatIsNoDatabaseAlone(_ mode: OpeningMode) async throws {
        let contents = [
            Data("hello".utf8), Data(repeating: 7, count: 10_000), Data("SQLite format 3\0".utf8),
            Data("SQLite format 3\0".utf8) + Data(repeating: 0xFF, count: 8176),
        ]
        for content in contents {
            let fixture = try SQLiteFixture()
            try content.write(to: URL(fileURLWithPath: fixture.path))
            let before = try snapshot(fixture.folder)
            await expect(.corrupted) { _ = try fixture.open(mode) }
            #expect(try snapshot(fixture.folder) == before)
        }
    }

    @Test func refusesAnEmptyFileThatShouldBeADatabase() async throws {
        let fixture = try SQLiteFixture()
        try Data().write(to: URL(fileURLWithPath: fixture.path))
        await expect(.corrupted) { _ = try fixture.open(.existing) }
        try await fixture.open(.create).close()
        try await fixture.open(.existing).close()
    }

    @Test(arguments: OpeningMode.allCases, ["", "PRAGMA journal_mode = WAL;", "PRAGMA application_id = 7;"])
    func leavesAnotherApplicationsDatabaseAlone(_ mode: OpeningMode, _ preparation: String) async throws {
        let fixture = try SQLiteFixture()
        let other = try DatabaseQueue(path: fixture.path)
        try await other.writeWithoutTransaction { database in
            try database.execute(sql: preparation + "CREATE TABLE theirs (id INTEGER); INSERT INTO theirs VALUES (1)")
        }
        // While it is open its log is there, after that it is not.
        await expect(.corrupted) { _ = try fixture.open(mode) }
        try other.close()
        let before = try snapshot(fixture.folder)
        await expect(.corrupted) { _ = try fixture.open(mode) }
        #expect(try snapshot(fixture.folder) == before)
    }

    @Test func refusesADatabaseThatOnlyLooksLikeOurs() async throws {
        let fixture = try SQLiteFixture()
        let other = try DatabaseQueue(path: fixture.path)
        try await other.write { database in
            try database.execute(sql: "PRAGMA application_id = 1396917584; CREATE TABLE theirs (id INTEGER)")
        }
        try other.close()
        await expect(.corrupted) { _ = try fixture.open(.existing) }
    }

    @Test func refusesANewerSchema() async throws {
        var options = SQLiteOptions()
        options.extraMigrations = 2
        let newer = try SQLiteFixture(options)
        try await newer.open(.create).close()
        await expect(.exactly(.newerSchema(found: Migrations.all.count + 2, supported: Migrations.all.count))) {
            _ = try SQLiteStore(path: newer.path, mode: .existing)
        }
        try await newer.open(.existing).close()
    }

    @Test func takesOnlyTheStepsThatAreMissing() async throws {
        let fixture = try SQLiteFixture()
        let old = try fixture.open(.create)
        try await old.apply([.addIssuer(Records.issuer)])
        try await old.close()
        var options = SQLiteOptions()
        options.extraMigrations = 1
        let new = try SQLiteStore(path: fixture.path, mode: .existing, options: options)
        #expect(try await new.configuration().issuers == [Records.issuer])
        try await new.close()
        await expect(.exactly(.newerSchema(found: Migrations.all.count + 1, supported: Migrations.all.count))) {
            _ = try fixture.open(.existing)
        }
    }

    @Test func opensACurrentDatabaseWithoutWaitingForWriters() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        let reservation = Records.reservation()
        _ = try await store.reserve(reservation) {
            // In the middle of a transaction.
            let second = try fixture.open(.existing)
            #expect(second.waitingWrites == 0)
            return Records.certificate(for: reservation)
        }
        try await store.close()
    }

    @Test func refusesAnotherHistory() async throws {
        let fixture = try SQLiteFixture()
        try await fixture.open(.create).close()
        let queue = try DatabaseQueue(path: fixture.path)
        try await queue.write { try $0.execute(sql: "UPDATE schema_migration SET name = 'other'") }
        try queue.close()
        await expect(.corrupted) { _ = try fixture.open(.existing) }
    }

    @Test func goesOnWhereMakingADatabaseWasCutShort() async throws {
        let fixture = try SQLiteFixture()
        let pool = try DatabasePool(path: fixture.path)
        try pool.close()
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        try await store.close()
    }

    @Test func makesADatabaseOnceForManyAtOnce() async throws {
        let fixture = try SQLiteFixture()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask {
                    let store = try fixture.open(.create)
                    var issuer = Records.issuer
                    issuer.id = Records.id()
                    issuer.keyGeneration = number + 1
                    try await store.apply([.addIssuer(issuer)])
                    try await store.close()
                }
            }
            try await group.waitForAll()
        }
        let store = try fixture.open(.existing)
        #expect(try await store.configuration().issuers.map(\.keyGeneration) == [1, 2, 3, 4, 5, 6])
        #expect(try await store.configurationVersion() == 6)
        try await store.close()
    }

    @Test func reportsADamagedDatabase() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        for _ in 0..<50 { try await store.issue() }
        try await store.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: fixture.path))
        let size = try file.seekToEnd()
        try file.seek(toOffset: 4096)
        try file.write(contentsOf: Data(repeating: 0xAA, count: Int(size) - 4096))
        try file.close()
        await expect(.corrupted) {
            let store = try fixture.open(.existing)
            _ = try await store.certificates(after: nil, limit: 1000)
        }
    }

    @Test func isUnavailableOnceItIsClosed() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        let writes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 { group.addTask { (try? await store.issue()) != nil } }
            try? await store.close()
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try await store.close()
        await expect(.unavailable) { try await store.issue() }
        await expect(.unavailable) { _ = try await store.configurationVersion() }
        await expect(.unavailable) { _ = try await store.configuration() }
        let again = try fixture.open(.existing)
        #expect(try await again.certificateCount() == writes)
        try await again.close()
    }
}
