// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite(.enabled(if: PostgreSQLServer.isInstalled, "PostgreSQL is not installed."))
struct PostgreSQLPoolTests {
    /// A fixture with a table of numbers.
    private func fixture() async throws -> PostgreSQLFixture {
        let fixture = try await PostgreSQLFixture()
        try await fixture.database().close()
        try await fixture.query("CREATE TABLE number (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)")
        try await fixture.query("INSERT INTO number VALUES (1, 0), (2, 0)")
        return fixture
    }

    private static let addOne = SQLStatement("UPDATE number SET n = n + 1 WHERE id = :id")
    private static let value = SQLStatement("SELECT n FROM number WHERE id = :id")

    private func value(_ database: PostgreSQLDatabase, _ id: Int = 1) async throws -> Int64? {
        try await database.read { connection in
            try connection.first(Self.value, ["id": .integer(id)]) { row throws(StoreError) in try row.int64() }
        }
    }

    private func addOne(_ database: PostgreSQLDatabase) async throws {
        _ = try await database.write { connection in
            .keep(try connection.execute(Self.addOne, ["id": .integer(1)]))
        }
    }

    @Test func keepsWhatIsWrittenAndUndoesWhatIsNot() async throws {
        let database = try await fixture().database()
        try await addOne(database)
        let answer = try await database.write { connection in
            _ = try connection.execute(Self.addOne, ["id": .integer(1)])
            return .undo("undone")
        }
        #expect(answer == "undone")
        await #expect(throws: CancellationError.self) {
            try await database.write { connection -> WriteResult<Int> in
                _ = try connection.execute(Self.addOne, ["id": .integer(1)])
                throw CancellationError()
            }
        }
        #expect(try await value(database) == 1)
        try await database.close()
        await expectUnavailable("closed") { try await value(database) }
        // A second time is fine.
        try await database.close()
    }

    @Test func keepsNothingOfAWriteThatWentOnAfterAFailure() async throws {
        let database = try await fixture().database()
        await expectUnavailable("failed") {
            try await database.write { connection in
                _ = try connection.execute(Self.addOne, ["id": .integer(1)])
                _ = try? connection.execute("INSERT INTO number VALUES (1, 1)")
                return .keep(1)
            }
        }
        #expect(try await value(database) == 0)
        try await database.close()
    }

    @Test func opensNoMoreConnectionsThanItMay() async throws {
        let database = try await fixture().database { $0.connections = 3 }
        #expect(database.connected == 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<60 { group.addTask { try await addOne(database) } }
            try await group.waitForAll()
        }
        #expect(try await value(database) == 60)
        #expect((1...3).contains(database.connected))
        try await database.close()
        #expect(database.connected == 0)
    }

    @Test func givesBackWhatNobodyUses() async throws {
        let database = try await fixture().database { $0.idleConnectionLimit = .milliseconds(200) }
        for round in 1...3 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { try await addOne(database) } }
                try await group.waitForAll()
            }
            #expect(try await value(database) == Int64(20 * round))
            #expect(database.connected > 0)
            for _ in 0..<1000 where database.connected > 0 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(database.connected == 0)
        }
        try await database.close()
    }

    @Test func readsAsOfOneMoment() async throws {
        let fixture = try await fixture()
        let database = try await fixture.database()
        let counts = try await database.readLong { connection in
            let first = try connection.integers("SELECT n FROM number WHERE id = 1")
            let other = try fixture.connect()
            try other.execute("UPDATE number SET n = 7 WHERE id = 1")
            other.close()
            return first + (try connection.integers("SELECT n FROM number WHERE id = 1"))
        }
        #expect(counts == [0, 0])
        #expect(try await value(database) == 7)
        await expectUnavailable("can't be written to") {
            try await database.readLong { try $0.execute("DELETE FROM number") }
        }
        try await database.close()
    }

    @Test func doesNotLetOneWaitForEver() async throws {
        let database = try await fixture().database { options in
            options.connections = 1
            options.queueLength = 2
            options.waitLimit = .milliseconds(300)
        }
        let long = Task { try await database.read { try $0.execute("SELECT pg_sleep(4)") } }
        while database.connected == 0 { try await Task.sleep(for: .milliseconds(5)) }
        try await Task.sleep(for: .milliseconds(100))
        let waiting = (0..<2).map { _ in Task { try await value(database) } }
        while database.waiting < 2 { try await Task.sleep(for: .milliseconds(5)) }
        await expectUnavailable("Too many calls wait") { try await value(database) }
        let time = await ContinuousClock().measure {
            for task in waiting { await expectUnavailable("All connections") { try await task.value } }
        }
        #expect(time < .seconds(3))
        #expect(database.waiting == 0)
        _ = try await long.value
        #expect(try await value(database) == 0)
        try await database.close()
    }

    @Test func letsGoOfWhatIsCancelled() async throws {
        let database = try await fixture().database { $0.connections = 1 }
        let running = Task { try await database.read { try $0.execute("SELECT pg_sleep(60)") } }
        while database.connected == 0 { try await Task.sleep(for: .milliseconds(5)) }
        try await Task.sleep(for: .milliseconds(200))
        let waiting = Task { try await addOne(database) }
        while database.waiting == 0 { try await Task.sleep(for: .milliseconds(5)) }
        let time = await ContinuousClock().measure {
            waiting.cancel()
            await expectUnavailable("cancelled before it began") { try await waiting.value }
            #expect(database.waiting == 0)
            running.cancel()
            await expectUnavailable("cancelled") { try await running.value }
        }
        #expect(time < .seconds(20))
        // The connection was given up, and another one takes its place.
        #expect(try await value(database) == 0)
        let late = Task {
            try? await Task.sleep(for: .seconds(60))
            return try await value(database)
        }
        late.cancel()
        await expectUnavailable("cancelled before it began") { try await late.value }
        try await database.close()
    }

    @Test func neverCutsAWriteInTheMiddle() async throws {
        let database = try await fixture().database()
        let hasBegun = Tally()
        let write = Task {
            try await database.write { connection in
                hasBegun.add(1)
                _ = try connection.execute("SELECT pg_sleep(0.3)")
                return .keep(try connection.execute(Self.addOne, ["id": .integer(1)]))
            }
        }
        while hasBegun.count == 0 { try await Task.sleep(for: .milliseconds(5)) }
        write.cancel()
        _ = try await write.value
        #expect(try await value(database) == 1)
        try await database.close()
    }

    @Test func repeatsATransactionAfterADeadlock() async throws {
        let database = try await fixture().database()
        try await repeats(database) { connection, ids in
            _ = try connection.execute(Self.addOne, ["id": .integer(ids[0])])
            _ = try connection.execute("SELECT pg_sleep(0.2)")
            _ = try connection.execute(Self.addOne, ["id": .integer(ids[1])])
        }
        #expect(try await value(database, 1) == 2)
        #expect(try await value(database, 2) == 2)
        try await database.close()
    }

    @Test func repeatsATransactionThatCanNotBeSerialized() async throws {
        let database = try await fixture().database()
        try await repeats(database) { connection, ids in
            _ = try connection.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            _ = try connection.integers("SELECT n FROM number")
            _ = try connection.execute("SELECT pg_sleep(0.2)")
            _ = try connection.execute(Self.addOne, ["id": .integer(ids[0])])
        }
        #expect(try await value(database, 1) == 1)
        #expect(try await value(database, 2) == 1)
        try await database.close()
    }

    /// Runs two transactions that get in each other's way, and expects that one of them ran again.
    private func repeats(
        _ database: PostgreSQLDatabase,
        _ body: @escaping @Sendable (PostgreSQLConnection, [Int]) throws -> Void
    ) async throws {
        let runs = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for ids in [[1, 2], [2, 1]] {
                group.addTask {
                    try await database.write { connection in
                        runs.add(1)
                        return .keep(try body(connection, ids))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(runs.count > 2)
    }

    @Test func repeatsNoMoreOftenThanItMay() async throws {
        let database = try await fixture().database { $0.repeats = 3 }
        let runs = Tally()
        await expectUnavailable("Others change the same") {
            try await database.write { connection -> WriteResult<Void> in
                runs.add(1)
                _ = try connection.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")
                return .keep(())
            }
        }
        #expect(runs.count == 4)
        try await database.close()
    }

    @Test func takesTurns() async throws {
        let database = try await fixture().database()
        let inside = Tally()
        let overlaps = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await database.write { connection in
                        try connection.takeTurn(of: PostgreSQLFixture.key)
                        inside.add(1)
                        if inside.count > 1 { overlaps.add(1) }
                        _ = try connection.execute("SELECT pg_sleep(0.02)")
                        inside.add(-1)
                        return .keep(())
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(overlaps.count == 0)
        try await database.close()
    }

    @Test func tellsOfAnnouncedChangesAtOnceAndTicksAnyhow() async throws {
        let fixture = try await fixture()
        let (database, other) = (try await fixture.database(), try await fixture.database())
        let ticks = Tally()
        let listening = Task {
            for await _ in database.changes() { ticks.add(1) }
            return true
        }
        try await Task.sleep(for: .seconds(3.3))
        let before = ticks.count
        #expect((2...8).contains(before))
        for _ in 0..<10 {
            try await other.write { .keep(try $0.announceChange()) }
            try await Task.sleep(for: .milliseconds(30))
        }
        #expect(ticks.count >= before + 8)
        // What is undone is not announced.
        try await other.write { .undo(try $0.announceChange()) }
        try await database.close()
        #expect(await listening.value)
        try await other.close()
    }
}
