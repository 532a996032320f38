// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Dispatch
import Enrollment
import Foundation
import GRDB
import Synchronization

/// Commits the writes that wait at the same time together, so that they share one flush of the disk.
///
/// One thread of its own takes what waits and runs it in one transaction, each member in a savepoint. Nobody hears of
/// anything before the commit is durable. There is no timer: a writer that is alone is committed at once, and while the
/// disk works the next group gathers.
final class GroupCommit: Sendable {
    /// One write.
    struct Member: Sendable {
        /// Makes the changes, and says whether they stay and how the writer is told when they are durable.
        let run: @Sendable (SQLiteConnection) throws -> (stays: Bool, answer: @Sendable () -> Void)
        /// Tells the writer that its changes were not made.
        let fail: @Sendable (any Error) -> Void
    }

    private struct State {
        var waiting: [Member] = []
        var isAsleep = false
        var isClosed = false
        var ending: Result<Void, StoreError>?
        var closers: [@Sendable (Result<Void, StoreError>) -> Void] = []
    }

    private let pool: DatabasePool
    private let readers: QuickReaders
    private let turn: WriterTurn
    private let options: SQLiteOptions
    private let ledger: AuditLedger
    private let state = Mutex(State())
    private let times = Mutex(DurationHistogram())
    private let wake = DispatchSemaphore(value: 0)

    init(pool: DatabasePool, readers: QuickReaders, turn: WriterTurn, options: SQLiteOptions, ledger: AuditLedger) {
        self.pool = pool
        self.readers = readers
        self.turn = turn
        self.options = options
        self.ledger = ledger
    }

    /// Starts the thread, which ends with `close`.
    func start() {
        let thread = Thread { self.work() }
        thread.name = "sceptic-storage"
        thread.start()
    }

    func add(_ member: Member) {
        let (isClosed, wasAsleep) = state.withLock { state in
            if state.isClosed { return (true, false) }
            state.waiting.append(member)
            defer { state.isAsleep = false }
            return (false, state.isAsleep)
        }
        if isClosed { member.fail(StoreError.unavailable("The store is closed.")) }
        if wasAsleep { wake.signal() }
    }

    /// How many wait for the next group.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// How long commits took, with the writes that share them.
    var commits: DurationHistogram { times.withLock { $0 } }

    /// Takes no more writes; when those that wait are committed, closes the database and tells.
    func close(_ told: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
        let (ending, wasAsleep) = state.withLock { state in
            state.isClosed = true
            if state.ending == nil { state.closers.append(told) }
            defer { state.isAsleep = false }
            return (state.ending, state.isAsleep)
        }
        if let ending { told(ending) }
        if wasAsleep { wake.signal() }
    }

    private func work() {
        do {
            // Dropped before the connection closes.
            let prepared = PreparedStatements()
            let trail = AuditTrail(ledger)
            while let group = next() {
                guard !group.isEmpty else {
                    wake.wait()
                    continue
                }
                commit(group, prepared, trail)
            }
        }
        let ending: Result<Void, StoreError>
        do {
            // Closes the readers first: only a writer that closes last clears the write-ahead log away.
            readers.close()
            pool.releaseMemory()
            try pool.close()
            ending = .success(())
        } catch {
            ending = .failure(StoreError(sqlite: error))
        }
        let closers = state.withLock { state in
            state.ending = ending
            defer { state.closers = [] }
            return state.closers
        }
        for told in closers { told(ending) }
    }

    /// The next group; an empty one when there is nothing to do, nil at the end.
    private func next() -> [Member]? {
        state.withLock { state in
            if state.waiting.isEmpty {
                if state.isClosed { return nil }
                state.isAsleep = true
                return []
            }
            if state.waiting.count <= options.groupSize {
                defer { state.waiting = [] }
                return state.waiting
            }
            defer { state.waiting.removeFirst(options.groupSize) }
            return Array(state.waiting.prefix(options.groupSize))
        }
    }

    private func commit(_ group: [Member], _ prepared: PreparedStatements, _ trail: AuditTrail) {
        var answers: [@Sendable () -> Void] = []
        answers.reserveCapacity(group.count)
        let begin = ContinuousClock.now
        do {
            try pool.writeWithoutTransaction { database in
                let connection = SQLiteConnection(database: database, prepared: prepared, trail: trail)
                try Self.transaction(on: connection, turn) { () throws(StoreError) in
                    for member in group {
                        answers.append(try Self.answer(of: member, on: connection))
                    }
                    if let failure = options.commitFailure?() { throw failure }
                }
            }
            trail.commit()
        } catch {
            // Whether a commit that failed may still reach the disk is not asked.
            trail.abandon()
            for member in group { member.fail(StoreError(sqlite: error)) }
            return
        }
        times.withLock { $0.add((ContinuousClock.now - begin) / .seconds(1)) }
        options.onCommit?(group.count)
        for answer in answers { answer() }
    }

    /// Runs a transaction; when anything fails, the whole of it is undone.
    static func transaction<Value>(
        on connection: SQLiteConnection,
        _ turn: WriterTurn,
        _ body: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        // A rollback that failed before is made up for here.
        if connection.isInTransaction { _ = try connection.execute(Control.rollback, [:]) }
        try begin(connection, turn)
        do {
            let value = try body()
            _ = try connection.execute(Control.commit, [:])
            return value
        } catch {
            if connection.isInTransaction { _ = try? connection.execute(Control.rollback, [:]) }
            throw error
        }
    }

    private static func begin(_ connection: SQLiteConnection, _ turn: WriterTurn) throws(StoreError) {
        turn.take()
        defer { turn.pass() }
        _ = try connection.execute(Control.begin, [:])
    }

    /// Runs a member in a savepoint.
    ///
    /// What it throws is its own matter, unless SQLite gave the whole transaction up.
    private static func answer(
        of member: Member,
        on connection: SQLiteConnection
    ) throws(StoreError) -> @Sendable () -> Void {
        _ = try connection.execute(Control.savepoint, [:])
        let head = connection.trail?.head
        let stays: Bool
        let answer: @Sendable () -> Void
        do {
            (stays, answer) = try member.run(connection)
        } catch {
            guard connection.isInTransaction else { throw StoreError(sqlite: error) }
            stays = false
            answer = { member.fail(error) }
        }
        if !stays {
            _ = try connection.execute(Control.rollbackToSavepoint, [:])
            connection.trail?.restore(head)
        }
        _ = try connection.execute(Control.release, [:])
        return answer
    }

    private enum Control {
        static let begin = SQLStatement("BEGIN IMMEDIATE")
        static let commit = SQLStatement("COMMIT")
        static let rollback = SQLStatement("ROLLBACK")
        static let savepoint = SQLStatement("SAVEPOINT member")
        static let release = SQLStatement("RELEASE member")
        static let rollbackToSavepoint = SQLStatement("ROLLBACK TO member")
    }
}
