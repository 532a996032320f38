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
    init(_ state: OpenedState, sources: ChallengeSourceMaker? = nil, logger: Logger) async throws {
        self.store = state.store
        self.masterKey = state.masterKey
        self.logger = logger
        let stored = try await state.store.configuration()
        self.sources =
            sources ?? ChallengeSourceMaker(challenges: state.store, others: state.store, masterKey: state.masterKey)
        self.held = Mutex(
            try ServedConfiguration(stored, masterKey: state.masterKey, sources: self.sources, now: Date())
        )
        tellRefusals(since: nil)
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
            let former = held.withLock { held in
                defer { held = fresh }
                return held
            }
            lastComplaint.withLock { $0 = "" }
            logger.info("configuration changed", metadata: ["version": "\(fresh.version)"])
            tellRefusals(since: former)
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

    /// Says what is not served and why, and after a change only what it changed.
    private func tellRefusals(since former: ServedConfiguration?) {
        let current = current
        for (name, reason) in current.refusals.sorted(by: { $0.key < $1.key }) where former?.refusals[name] != reason {
            logger.warning("profile is not served", metadata: ["profile": "\(name)", "reason": "\(reason)"])
        }
        guard let former else { return }
        for name in current.profiles.keys.sorted() where former.profiles[name] == nil {
            logger.info("profile is served", metadata: ["profile": "\(name)"])
        }
        let gone = former.profiles.keys.filter { current.profiles[$0] == nil && current.refusals[$0] == nil }
        for name in gone.sorted() {
            logger.info("profile is not there any more", metadata: ["profile": "\(name)"])
        }
    }
}
