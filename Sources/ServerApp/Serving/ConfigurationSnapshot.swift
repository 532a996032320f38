// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import Logging
internal import ServiceLifecycle
internal import Storage
internal import Synchronization

internal import struct Foundation.Date

/// Holds the configuration that requests are served with, and follows the stored one.
///
/// A request takes one snapshot and keeps it to its end, so that no request sees half of a change.
final class ConfigurationSnapshot: Service {
    private let store: any EnrollmentStore
    private let masterKey: MasterKey
    private let logger: Logger
    private let sources: ChallengeSourceMaker
    private let held: Mutex<ServedConfiguration>
    private let lastComplaint = Mutex("")

    /// Resolves what is stored now.
    init(_ state: OpenedState, logger: Logger) async throws {
        self.store = state.store
        self.masterKey = state.masterKey
        self.logger = logger
        let stored = try await state.store.configuration()
        self.sources = ChallengeSourceMaker(store: state.store, masterKey: state.masterKey)
        self.held = Mutex(
            try ServedConfiguration(stored, masterKey: state.masterKey, sources: sources, now: Date())
        )
        tellRefusals()
    }

    /// The configuration now.
    var current: ServedConfiguration { held.withLock { $0 } }

    /// Follows the stored configuration until the server stops.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.store.configurationChanges() { await self.refresh() }
        }
    }

    /// Takes up what has changed; what can't be read changes nothing.
    func refresh() async {
        do {
            guard try await store.configurationVersion() != current.version else { return }
            let stored = try await store.configuration()
            let fresh = try ServedConfiguration(stored, masterKey: masterKey, sources: sources, now: Date())
            held.withLock { $0 = fresh }
            lastComplaint.withLock { $0 = "" }
            logger.info("configuration changed", metadata: ["version": "\(fresh.version)"])
            tellRefusals()
        } catch {
            let complaint = (error as? AppError)?.sentence ?? "the database did not answer"
            // It is tried again several times a second, and told once.
            let isNew = lastComplaint.withLock { last in
                defer { last = complaint }
                return last != complaint
            }
            guard isNew else { return }
            logger.error("configuration can't be read, the former one goes on", metadata: ["error": "\(complaint)"])
        }
    }

    private func tellRefusals() {
        for (name, reason) in current.refusals {
            logger.warning("profile is not served", metadata: ["profile": "\(name)", "reason": "\(reason)"])
        }
    }
}
