// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Logging
internal import ServiceLifecycle
internal import Synchronization

internal import struct Foundation.Date
internal import class Foundation.ProcessInfo
internal import struct Foundation.UUID

/// Says again and again that this server lives and which configuration it serves, so that changes can wait for it.
///
/// Each time is a real write: a database that is full, read-only or away is found out by it, for `/readyz`.
final class NodePresence: Service {
    /// How often, when nothing changes.
    private static let interval: Duration = .seconds(5)
    /// How often while the database refuses.
    private static let retryInterval: Duration = .seconds(1)
    /// How long a server may say nothing before others stop waiting for it, in seconds; clocks may differ by some of it.
    static let silence = 20.0
    /// How long a server that said nothing is remembered, in seconds.
    private static let memory = 86_400.0

    private struct State {
        var said: (version: Int, at: ContinuousClock.Instant)?
        var tried: ContinuousClock.Instant?
        var complained = false
    }

    /// This start of the server.
    let id = UUID()
    private let nodes: any NodeStore
    private let configuration: ConfigurationSnapshot
    private let time: any TimeSource
    private let logger: Logger
    private let startedAt: Date
    private let state = Mutex(State())

    init(nodes: any NodeStore, configuration: ConfigurationSnapshot, time: any TimeSource, logger: Logger) {
        self.nodes = nodes
        self.configuration = configuration
        self.time = time
        self.logger = logger
        self.startedAt = time.now
    }

    /// Whether the database took what was said last, not long ago.
    var isHeard: Bool {
        state.withLock { state in
            guard let said = state.said else { return false }
            return !state.complained && said.at.duration(to: .now) < Self.interval * 3
        }
    }

    /// Says it for the first time.
    ///
    /// - Throws: `AppError` when the database does not take it.
    func begin() async throws {
        do {
            try await report()
        } catch {
            throw AppError(error)
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if self.isDue {
                    do throws(StoreError) {
                        try await self.report()
                    } catch {
                        self.complain(error)
                    }
                }
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// Says that this server is no longer there; whoever waits for it need not.
    func end() async {
        try? await nodes.forget(id)
    }

    private var isDue: Bool {
        state.withLock { state in
            guard let said = state.said, let tried = state.tried else { return true }
            if state.complained { return tried.duration(to: .now) >= Self.retryInterval }
            return said.version != configuration.current.version || said.at.duration(to: .now) >= Self.interval
        }
    }

    private func report() async throws(StoreError) {
        state.withLock { $0.tried = .now }
        // Read before: what is said must be true already.
        let version = configuration.current.version
        let node = NodeRecord(
            id: id,
            name: ProcessInfo.processInfo.hostName,
            startedAt: startedAt,
            seenAt: time.now,
            configurationVersion: version
        )
        try await nodes.report(node, forgetting: time.now.addingTimeInterval(-Self.memory))
        let wasSilent = state.withLock { state in
            state.said = (version, .now)
            defer { state.complained = false }
            return state.complained
        }
        if wasSilent { logger.notice("the database takes writes again") }
    }

    private func complain(_ error: StoreError) {
        let isNew = state.withLock { state in
            defer { state.complained = true }
            return !state.complained
        }
        guard isNew, !Task.isCancelled else { return }
        logger.error("the database takes no writes", metadata: ["error": "\(AppError(error).sentence)"])
    }
}
