// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import TestSupport
import Testing

@testable import Storage

/// Copies from SQLite to PostgreSQL; what else there is to say of copies, `StoreCopyTests` says.
@Suite(.enabled(if: PostgreSQLServer.isInstalled, "PostgreSQL is not installed."))
struct PostgreSQLCopyTests {
    /// A source with rows in every table, and an empty database.
    private struct Scene: Sendable {
        let source: SQLiteFixture
        let target: PostgreSQLFixture

        init(count: Int = 40) async throws {
            source = try SQLiteFixture()
            try await source.open(.create).close()
            try FullState.fill(source.path, count: count)
            target = try await PostgreSQLFixture()
        }

        func copy(pageSize: Int = 7) throws -> StoreCopy {
            try PostgreSQLCopyTests.copy(from: source.path, to: url, pageSize: pageSize)
        }

        var url: String { target.server.url(target.name) }

        func open() throws -> PostgreSQLStore { try PostgreSQLStore(try target.location, mode: .existing) }

        func query(_ text: String) async throws -> String { try await target.query(text) }
    }

    private static func copy(
        from source: String,
        to url: String,
        pageSize: Int = 7,
        onPage: (@Sendable () throws(StoreError) -> Void)? = nil
    ) throws -> StoreCopy {
        var copy = StoreCopy(from: source, to: .postgreSQL(try PostgreSQLLocation(url: url)))
        copy.options.pageSize = pageSize
        copy.options.onPage = onPage
        return copy
    }

    @Test(arguments: [7, 1000])
    func copiesEveryRow(pageSize: Int) async throws {
        let scene = try await Scene()
        let report = try await scene.copy(pageSize: pageSize).run()
        #expect(report.outcome == .copied)
        let wanted = try FullState.rows(scene.source.path)
        for table in report.tables {
            #expect(table.rows == wanted[table.name]?.count)
            #expect(try await scene.query("SELECT COUNT(*) FROM \(table.name)") == "\(table.rows)")
        }
        // PostgreSQL can't hold U+0000.
        #expect(
            try await scene.query("SELECT transaction_id FROM enrollment_transaction WHERE reserved_at = 5")
                == "id-5\u{2400}x"
        )
        #expect(try await scene.query("SELECT MAX(version) FROM schema_migration") == "\(Migrations.all.count)")
        #expect(try await scene.copy().run().outcome == .complete)
        let store = try scene.open()
        #expect(try await store.configurationVersion() == 17)
        try await store.close()
        _ = try await scene.query("UPDATE trace SET reason_code = 'other' WHERE occurred_at = 40")
        await #expect(throws: StoreCopyError.occupiedTarget) { try await scene.copy().run() }
    }

    @Test(arguments: [1, 7, 16, 25, 38, 50])
    func goesOnAfterAKill(page: Int) async throws {
        let scene = try await Scene()
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [source = scene.source.path as String, url = scene.url as String, page = page as Int] in
            let pages = Counter()
            _ = try await PostgreSQLCopyTests.copy(from: source, to: url) {
                if pages.next() == page { kill(getpid(), SIGKILL) }
            }.run()
        }
        await expect(.exactly(.unfinishedCopy)) { _ = try scene.open() }
        #expect(try await scene.copy().run().outcome == .resumed)
        try await scene.open().close()
    }

    @Test func saysWhatDiffers() async throws {
        let scene = try await Scene()
        let stop = StoreError.unavailable("The test stops here.")
        let pages = Counter()
        let copy = try Self.copy(from: scene.source.path, to: scene.url) { () throws(StoreError) in
            if pages.next() == 50 { throw stop }
        }
        await #expect(throws: StoreCopyError.target(stop)) { try await copy.run() }
        _ = try await scene.query("UPDATE certificate SET der = '\\x00' WHERE subject = 'CN=5'")
        await #expect(
            throws: StoreCopyError.difference(
                table: "certificate",
                key: "00050002-0000-7000-8000-000000000005",
                what: "differs in der"
            )
        ) {
            try await scene.copy().run()
        }
        await expect(.exactly(.unfinishedCopy)) { _ = try scene.open() }
    }

    @Test func leavesADatabaseOfSomethingElseAlone() async throws {
        let scene = try await Scene(count: 3)
        _ = try await scene.query("CREATE TABLE song (title TEXT)")
        await #expect(throws: StoreCopyError.target(.corrupted("The database is not one of this program."))) {
            try await scene.copy().run()
        }
        let tables = try await scene.query(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'"
        )
        #expect(tables == "song")
    }

    @Test func goesOnAfterTheDatabaseWasStopped() async throws {
        let scene = try await Scene()
        let server = try await PostgreSQLServer()
        let database = try await server.makeDatabase()
        let pages = Counter()
        var copy = try Self.copy(from: scene.source.path, to: server.url(database)) {
            // As when the machine of the database stops: the connections end at once.
            guard pages.next() == 20 else { return }
            let pid = try? String(contentsOfFile: server.folder + "/data/postmaster.pid", encoding: .utf8)
            if let number = pid?.split(separator: "\n").first.flatMap({ Int32($0) }) { kill(number, SIGQUIT) }
            Thread.sleep(forTimeInterval: 1)
        }
        copy.options.patience = .seconds(2)
        do {
            _ = try await copy.run()
            Issue.record("nothing was thrown")
        } catch .target(.unavailable(_)) {
            // As it should be.
        }
        try await server.start()
        let again = try Self.copy(from: scene.source.path, to: server.url(database))
        #expect(try await again.run().outcome == .resumed)
    }
}
