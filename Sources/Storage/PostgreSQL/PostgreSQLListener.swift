// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import Synchronization

/// Hears on a connection of its own of changes of the configuration, and passes that on.
final class PostgreSQLListener: Sendable {
    private struct State {
        var hearers: [UUID: AsyncStream<Void>.Continuation] = [:]
        var isStarted = false
        var isClosed = false
    }

    private let location: PostgreSQLLocation
    private let options: PostgreSQLOptions
    private let state = Mutex(State())

    init(_ location: PostgreSQLLocation, _ options: PostgreSQLOptions) {
        self.location = location
        self.options = options
    }

    /// Ticks when something may have changed, and at least once a second.
    func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = UUID()
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.hearers.removeValue(forKey: id) }
        }
        let isClosed = state.withLock { state in
            if state.isClosed { return true }
            state.hearers[id] = continuation
            start(&state)
            return false
        }
        if isClosed { continuation.finish() }
        return stream
    }

    /// Ends the streams and, within a second, the connection.
    func close() {
        let hearers = state.withLock { state in
            state.isClosed = true
            defer { state.hearers = [:] }
            return state.hearers
        }
        for hearer in hearers.values { hearer.finish() }
    }

    private func start(_ state: inout State) {
        guard !state.isStarted else { return }
        state.isStarted = true
        let thread = Thread { [self] in listen() }
        thread.name = "sceptic-listen"
        thread.start()
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    private func tell() {
        let hearers = state.withLock { $0.hearers.values.map { $0 } }
        for hearer in hearers { hearer.yield() }
    }

    private func listen() {
        var connection: PostgreSQLConnection?
        var outage = PostgreSQLOutage()
        while !isClosed {
            do throws(PostgreSQLFailure) {
                if let connection {
                    _ = try connection.awaitNotification(until: .now + .seconds(1))
                } else if let pause = outage.pause() {
                    Thread.sleep(forTimeInterval: min(pause, .seconds(1)) / .seconds(1))
                } else {
                    let new = try PostgreSQLConnection(location, options)
                    new.isInterrupted = { [weak self] in self?.isClosed ?? true }
                    _ = try new.command("LISTEN \(PostgreSQLConnection.channel)")
                    connection = new
                    outage = PostgreSQLOutage()
                }
            } catch {
                connection?.close()
                connection = nil
                outage.note(StoreError(postgreSQL: error), options)
            }
            // Also when nothing was heard: who was not connected may have missed it.
            tell()
        }
        connection?.close()
    }
}
