// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Storage

/// A source with rows in every table, and a place for its copy.
private final class CopyScene: Sendable {
    let source: SQLiteFixture
    let target: SQLiteFixture

    init(count: Int = 40) async throws {
        source = try SQLiteFixture()
        target = try SQLiteFixture()
        try await source.open(.create).close()
        try FullState.fill(source.path, count: count)
    }

    func copy(pageSize: Int = 7, onPage: (@Sendable () throws(StoreError) -> Void)? = nil) -> StoreCopy {
        CopyScene.copy(from: source.path, to: target.path, pageSize: pageSize, onPage: onPage)
    }

    static func copy(
        from source: String,
        to target: String,
        pageSize: Int = 7,
        onPage: (@Sendable () throws(StoreError) -> Void)? = nil
    ) -> StoreCopy {
        var copy = StoreCopy(from: source, to: .sqlite(path: target))
        copy.options.pageSize = pageSize
        copy.options.onPage = onPage
        return copy
    }

    /// The rows of the source, with the texts that a copy writes.
    func expectedRows() throws -> [String: [[DatabaseValue]]] {
        try FullState.rows(source.path).mapValues { rows in
            rows.map { row in
                row.map { value in
                    guard case .string(let text) = value.storage else { return value }
                    return text.replacingOccurrences(of: "\0", with: "\u{2400}").databaseValue
                }
            }
        }
    }

    /// The bytes of the source's files.
    func sourceFiles() -> [String: Data] {
        ["", "-wal"].reduce(into: [:]) { files, suffix in
            let data = FileManager.default.contents(atPath: source.path + suffix)
            // A reader may leave an empty log.
            files[suffix] = data?.isEmpty == true ? nil : data
        }
    }

    func change(_ path: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }
}

extension CopyScene {
    /// How many pages a copy of the source takes, with seven rows each.
    func pages() throws -> Int {
        try FullState.rows(source.path).values.reduce(0) { $0 + ($1.count + 6) / 7 }
    }

    private static let stop = StoreError.unavailable("The test stops here.")

    /// Copies so many pages, and stops.
    func begin(pages: Int) async {
        let written = Counter()
        await expect(
            .target(Self.stop),
            of: copy { () throws(StoreError) in
                if written.next() == pages { throw Self.stop }
            }
        )
    }
}

private func expect(
    _ wanted: StoreCopyError,
    of copy: StoreCopy,
    sourceLocation: SourceLocation = #_sourceLocation
) async {
    await #expect(throws: wanted, sourceLocation: sourceLocation) { try await copy.run() }
}

struct StoreCopyTests {
    @Test(arguments: [1, 7, 32, 33, 1000])
    func copiesEveryRow(pageSize: Int) async throws {
        let scene = try await CopyScene()
        let before = scene.sourceFiles()
        let steps = Mutex<[StoreCopyProgress]>([])
        var copy = StoreCopy(from: scene.source.path, to: .sqlite(path: scene.target.path)) { step in
            steps.withLock { $0.append(step) }
        }
        copy.options.pageSize = pageSize
        let report = try await copy.run()
        #expect(report.outcome == .copied)
        let wanted = try scene.expectedRows()
        #expect(try FullState.rows(scene.target.path) == wanted)
        #expect(report.tables.map(\.rows) == CopiedTable.all.map { wanted[$0.name]?.count })
        #expect(wanted.values.allSatisfy { !$0.isEmpty })
        #expect(Set(report.tables.map(\.digest)).count == CopiedTable.all.count)
        #expect(scene.sourceFiles() == before)
        for step in [StoreCopyProgress.Step.reading, .copying, .comparing] {
            let ends = steps.withLock { $0 }.filter { $0.step == step && $0.table == "certificate" }
            #expect(ends.last?.rows == 40)
        }
        let store = try scene.target.open(.existing)
        #expect(try await store.configurationVersion() == 17)
        #expect(try store.pragma("foreign_key_check") == "")
        try await store.close()
    }

    @Test func copiesWhatIsInTheLog() async throws {
        let scene = try await CopyScene()
        // A server that was killed leaves the newest rows in the log; here it is still open.
        let store = try scene.source.open(.existing)
        try await store.add([Records.challenge()])
        let before = scene.sourceFiles()
        #expect(before["-wal"]?.isEmpty == false)
        #expect(try await scene.copy().run().tables.first { $0.name == "challenge" }?.rows == 41)
        #expect(scene.sourceFiles() == before)
        try await store.close()
    }

    @Test func saysThatACopyIsThereAlready() async throws {
        let scene = try await CopyScene()
        let first = try await scene.copy().run()
        let second = try await scene.copy().run()
        #expect(second.outcome == .complete)
        #expect(second.tables == first.tables)
    }

    @Test(arguments: [1, 2, 3, 9, 14, 20, 26, 33, 38, Int.max])
    func goesOnAfterAKill(page wanted: Int) async throws {
        let scene = try await CopyScene()
        let page = min(wanted, try scene.pages())
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [source = scene.source.path as String, target = scene.target.path as String, page = page as Int] in
            let pages = Counter()
            _ = try await CopyScene.copy(from: source, to: target) {
                if pages.next() == page { kill(getpid(), SIGKILL) }
            }.run()
        }
        await expect(.exactly(.unfinishedCopy)) { _ = try scene.target.open(.existing) }
        await expect(.exactly(.unfinishedCopy)) { _ = try scene.target.open(.create) }
        let written = Counter()
        let report = try await scene.copy { _ = written.next() }.run()
        #expect(report.outcome == .resumed)
        #expect(try FullState.rows(scene.target.path) == scene.expectedRows())
        // The row that the schema makes is replaced each time.
        #expect(written.next() - 1 == max(try scene.pages() - page, 1))
        try await scene.target.open(.existing).close()
    }

    // MARK: What is noticed

    @Test func noticesThatTheSourceChangedBetweenTwoRuns() async throws {
        let scene = try await CopyScene()
        await scene.begin(pages: 10)
        let before = try FullState.rows(scene.target.path)
        try scene.change(scene.source.path, "UPDATE challenge SET revoked_at = 1 WHERE lookup = CAST('7' AS BLOB)")
        await expect(.changedSource, of: scene.copy())
        #expect(try FullState.rows(scene.target.path) == before)
    }

    @Test func noticesThatTheSourceChangesMeanwhile() async throws {
        let scene = try await CopyScene()
        let isChanged = Switch()
        await expect(
            .changedSource,
            of: scene.copy {
                guard !isChanged.isOn else { return }
                isChanged.isOn = true
                try? scene.change(scene.source.path, "UPDATE trace SET reason_code = 'other'")
            }
        )
        #expect(isChanged.isOn)
        await expect(.exactly(.unfinishedCopy)) { _ = try scene.target.open(.existing) }
        await expect(.changedSource, of: scene.copy())
    }

    @Test func stopsWhenItsMarkIsGone() async throws {
        let scene = try await CopyScene()
        await expect(
            .lostMark,
            of: scene.copy {
                try? scene.change(scene.target.path, "DELETE FROM schema_migration WHERE version > 1000")
            }
        )
        #expect(try FullState.rows(scene.target.path)["ra_credential"]?.isEmpty == true)
    }

    /// What happens to a copy before it is compared, and what is said of it.
    static let differences: [(sql: String, error: StoreCopyError)] = [
        (
            "UPDATE certificate SET subject = 'CN=x', issued_at = 0 WHERE subject = 'CN=5'",
            .difference(
                table: "certificate",
                key: "00050002-0000-7000-8000-000000000005",
                what: "differs in subject, issued_at"
            )
        ),
        (
            "DELETE FROM trace WHERE occurred_at IN (6, 7)",
            .difference(
                table: "trace",
                key: "00060005-0000-7000-8000-000000000006",
                what: "is missing in the copy"
            )
        ),
        (
            "INSERT INTO revocation_count VALUES ('\(FullState.issuer)', 3, 1)",
            .difference(
                table: "revocation_count",
                key: "\(FullState.issuer), 3",
                what: "is only in the copy"
            )
        ),
        (
            "INSERT INTO revocation_count VALUES ('\(FullState.issuer)', 99, 1)",
            .difference(
                table: "revocation_count",
                key: "\(FullState.issuer), 99",
                what: "is only in the copy"
            )
        ),
    ]

    @Test(arguments: differences.indices)
    func saysWhatDiffers(index: Int) async throws {
        let (sql, error) = Self.differences[index]
        let scene = try await CopyScene()
        await scene.begin(pages: try scene.pages())
        try scene.change(scene.target.path, sql)
        let before = try FullState.rows(scene.target.path)
        await expect(error, of: scene.copy())
        #expect(try FullState.rows(scene.target.path) == before)
        await expect(.exactly(.unfinishedCopy)) { _ = try scene.target.open(.existing) }
    }

    // MARK: What is refused

    @Test func refusesATargetThatIsUsed() async throws {
        let scene = try await CopyScene()
        _ = try await scene.copy().run()
        try scene.change(scene.target.path, "UPDATE challenge SET revoked_at = 1 WHERE lookup = CAST('7' AS BLOB)")
        let before = try FullState.rows(scene.target.path)
        await expect(.occupiedTarget, of: scene.copy())
        let other = try await CopyScene(count: 3)
        await expect(.occupiedTarget, of: CopyScene.copy(from: other.source.path, to: scene.target.path))
        #expect(try FullState.rows(scene.target.path) == before)
        try await scene.target.open(.existing).close()
    }

    @Test func refusesACopyOfAnotherState() async throws {
        let scene = try await CopyScene()
        await scene.begin(pages: 10)
        let other = try await CopyScene(count: 3)
        try other.change(
            other.source.path,
            """
            INSERT INTO issuer (id, name, key_generation, certificate, chain, public_url, wrapped_key, created_at)
            VALUES ('00000000-0000-7000-8000-000000000000', 'b', 1, x'01', x'', '', x'02', 1)
            """
        )
        await expect(.otherCopy, of: CopyScene.copy(from: other.source.path, to: scene.target.path))
        #expect(try await scene.copy().run().outcome == .resumed)
    }

    @Test func refusesADatabaseOfSomethingElse() async throws {
        let scene = try await CopyScene()
        let queue = try DatabaseQueue(path: scene.target.path)
        try await queue.write { try $0.execute(sql: "CREATE TABLE song (title TEXT)") }
        try queue.close()
        let before = FileManager.default.contents(atPath: scene.target.path)
        await #expect(throws: StoreCopyError.self) { try await scene.copy().run() }
        #expect(FileManager.default.contents(atPath: scene.target.path) == before)
    }

    @Test func refusesAnOlderStateInTheTarget() async throws {
        let scene = try await CopyScene()
        try FullState.makeVersion1(scene.target.path)
        await expect(
            .target(.conflict("The database holds a state of an older version already.")),
            of: scene.copy()
        )
        let queue = try DatabaseQueue(path: scene.target.path)
        #expect(try await queue.read { try $0.tableExists("approval") } == false)
        try queue.close()
    }

    @Test func refusesASourceOfAnOlderVersion() async throws {
        let scene = try await CopyScene()
        let source = scene.source.folder.appending(path: "old.db").path
        try FullState.makeVersion1(source)
        let before = FileManager.default.contents(atPath: source)
        await expect(
            .olderSource(found: 1, supported: Migrations.all.count),
            of: CopyScene.copy(from: source, to: scene.target.path)
        )
        #expect(FileManager.default.contents(atPath: source) == before)
        #expect(!FileManager.default.fileExists(atPath: scene.target.path))
    }

    @Test func refusesASourceOfANewerVersion() async throws {
        let scene = try await CopyScene()
        try scene.change(scene.source.path, "INSERT INTO schema_migration VALUES (99, 'later', 0)")
        await expect(.source(.newerSchema(found: 99, supported: Migrations.all.count)), of: scene.copy())
    }

    @Test func refusesACopyThatIsNotCompleteAsItsSource() async throws {
        let scene = try await CopyScene()
        await scene.begin(pages: 10)
        let third = scene.source.folder.appending(path: "third.db").path
        await expect(.source(.unfinishedCopy), of: CopyScene.copy(from: scene.target.path, to: third))
    }

    @Test func refusesAnEmptySource() async throws {
        let (source, target) = (try SQLiteFixture(), try SQLiteFixture())
        try await source.open(.create).close()
        await expect(.emptySource, of: CopyScene.copy(from: source.path, to: target.path))
    }

    // MARK: Memory

    /// 30,000 rows, 100 MB; a page has a quarter of a MB, and SQLite keeps up to 16 MB of each database.
    @Test func needsLittleMemory() async throws {
        let (source, target) = (try SQLiteFixture(), try SQLiteFixture())
        try await source.open(.create).close()
        try FullState.fill(source.path, count: 6000, size: 16_000)
        await #expect(processExitsWith: .success) {
            [source = source.path as String, target = target.path as String] in
            let before = try #require(Self.peakMemory())
            let report = try await CopyScene.copy(from: source, to: target, pageSize: 512).run()
            #expect(report.tables.map(\.rows).max() == 6000)
            let growth = try #require(Self.peakMemory()) - before
            #expect(growth < 48 << 10, "it took \(growth) KB")
        }
    }

    /// The most memory that this process has had, in KB.
    private static func peakMemory() -> Int? {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) }
    }
}
