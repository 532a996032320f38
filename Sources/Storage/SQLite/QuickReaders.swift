// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import GRDB
import Synchronization

/// Read-only connections for single statements on the way of every request.
///
/// GRDB's pool asks for the schema's version before each read, which is a read of its own, and guards its connections
/// with more than a lock: that costs more than the statement does.
final class QuickReaders: Sendable {
    private struct State {
        var idle: [DatabaseQueue] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let pool: DatabasePool

    /// Opens the connections.
    ///
    /// - Parameters:
    ///   - pool: the pool of the same database, for when all of them are busy.
    ///   - count: how many.
    /// - Throws: GRDB's `DatabaseError`.
    init(beside pool: DatabasePool, count: Int) throws {
        self.pool = pool
        var configuration = pool.configuration
        configuration.readonly = true
        let queues = try (0..<count).map { _ in try DatabaseQueue(path: pool.path, configuration: configuration) }
        state.withLock { $0.idle = queues }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        guard let queue = state.withLock({ $0.idle.popLast() }) else { return try pool.unsafeRead(body) }
        defer { put(queue) }
        return try queue.inDatabase(body)
    }

    /// Closes the connections, those that are busy when they come back.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for queue in idle { try? queue.close() }
    }

    private func put(_ queue: DatabaseQueue) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.idle.append(queue) }
            return state.isClosed
        }
        if isClosed { try? queue.close() }
    }
}
