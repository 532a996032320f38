// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

extension StorageCheck {
    static let nodeChecks: [StorageCheck] = [
        StorageCheck("keepsWhatEachNodeSaidLast") { scenario in
            let store = scenario.store
            let first = node("first", startedAt: 0, seenAt: 1, version: 1)
            let second = node("second", startedAt: 5, seenAt: 5, version: 2)
            try await store.report(second, forgetting: .distantPast)
            try await store.report(first, forgetting: .distantPast)
            try expect(try await store.nodes(seenAfter: .distantPast), is: [first, second])
            var later = first
            later.seenAt = Scenario.moment(9)
            later.configurationVersion = 3
            try await store.report(later, forgetting: .distantPast)
            try expect(try await store.nodes(seenAfter: .distantPast), is: [later, second])
            try expect(try await store.nodes(seenAfter: Scenario.moment(5)), is: [later])
        },
        StorageCheck("forgetsNodesThatStoppedOrFellSilent") { scenario in
            let store = scenario.store
            let silent = node("silent", startedAt: 0, seenAt: 1, version: 1)
            let stopped = node("stopped", startedAt: 0, seenAt: 20, version: 1)
            let living = node("living", startedAt: 1, seenAt: 20, version: 1)
            for node in [silent, stopped] { try await store.report(node, forgetting: .distantPast) }
            try await store.report(living, forgetting: Scenario.moment(10))
            try await store.forget(stopped.id)
            try expect(try await store.nodes(seenAfter: .distantPast), is: [living])
        },
        StorageCheck("tellsOtherStoresOfConfigurationChangesWithinASecond") { scenario in
            let beside = try await scenario.beside()
            let version = try await beside.store.configurationVersion()
            let learned = Task { () -> ContinuousClock.Instant? in
                for await _ in beside.store.configurationChanges()
                where try await beside.store.configurationVersion() != version {
                    return ContinuousClock.now
                }
                return nil
            }
            // Time for the listener to begin.
            try await Task.sleep(for: .milliseconds(300))
            let changed = ContinuousClock.now
            try await scenario.store.apply([.addIssuer(Scenario.issuer("second"))])
            let seen = try unwrap(try await learned.value)
            // Within a second; a busy machine gets a second more.
            try expect(changed.duration(to: seen) < .seconds(2), "it took \(changed.duration(to: seen))")
            try await beside.store.close()
        },
        StorageCheck("endsTheChangesWithTheTaskThatListens") { scenario in
            let store = scenario.store
            let listener = Task { for await _ in store.configurationChanges() {} }
            try await Task.sleep(for: .milliseconds(100))
            listener.cancel()
            await listener.value
        },
    ]

    private static func node(_ name: String, startedAt: Double, seenAt: Double, version: Int) -> NodeRecord {
        NodeRecord(
            id: Scenario.id(),
            name: name,
            startedAt: Scenario.moment(startedAt),
            seenAt: Scenario.moment(seenAt),
            configurationVersion: version
        )
    }
}
