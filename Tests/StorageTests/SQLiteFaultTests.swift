// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import GRDB
import Testing

@testable import Storage

struct SQLiteFaultTests {
    @Test func writesWithFullDurability() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        #expect(try store.pragma("synchronous") == "2")
        #expect(try store.pragma("journal_mode") == "wal")
        #expect(try store.pragma("foreign_keys") == "1")
        #expect(try store.pragma("trusted_schema") == "0")
        #expect(try store.pragma("application_id") == "1396917584")
        try await store.close()
    }

    @Test func isUnavailableWhenTheDiskIsFull() async throws {
        var options = SQLiteOptions()
        options.maximumPages = 120
        let fixture = try SQLiteFixture(options)
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        var issued = 0
        do {
            while issued < 1000 {
                try await store.issue()
                issued += 1
            }
        } catch StoreError.unavailable(let reason) {
            #expect(reason.hasPrefix("The disk is full"))
        }
        #expect(issued > 20 && issued < 1000)
        await expect(.unavailable) { try await store.issue() }
        #expect(try await store.certificateCount() == issued)
        try await store.close()
        let roomy = try SQLiteStore(path: fixture.path, mode: .existing)
        try await roomy.issue()
        #expect(try await roomy.certificateCount() == issued + 1)
        try await roomy.close()
    }

    @Test func failsOnlyWhomTheFullDiskHits() async throws {
        var options = SQLiteOptions()
        options.maximumPages = 120
        let grouped = try await GroupedStore(options)
        let results = try await grouped.together(200) { _ in try await grouped.store.issue() }
        let issued = results.count { (try? $0.get()) != nil }
        for result in results {
            if case .failure(let error) = result {
                guard case StoreError.unavailable = error else {
                    Issue.record(error)
                    continue
                }
            }
        }
        #expect(issued < 200)
        #expect(try await grouped.store.certificateCount() == issued + 1)
    }

    @Test func isUnavailableWhenTheDatabaseCanOnlyBeRead() async throws {
        var options = SQLiteOptions()
        options.isReadOnly = true
        let fixture = try SQLiteFixture()
        try await fixture.open(.create).close()
        let store = try SQLiteStore(path: fixture.path, mode: .existing, options: options)
        await expect(.unavailable) { try await store.apply([.addIssuer(Records.issuer)]) }
        #expect(try await store.configurationVersion() == 0)
        try await store.close()
    }

    @Test(.enabled(if: geteuid() != 0, "Permissions don't bind root."))
    func isUnavailableWhenTheFileIsReadOnly() async throws {
        let fixture = try SQLiteFixture()
        try await fixture.open(.create).close()
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: fixture.path)
        await expect(.unavailable) {
            let store = try fixture.open(.existing)
            try await store.apply([.addIssuer(Records.issuer)])
        }
    }

    @Test func isUnavailableWhileAnotherProcessHoldsTheLock() async throws {
        var options = SQLiteOptions()
        options.patience = 100
        let fixture = try SQLiteFixture(options)
        let store = try fixture.open(.create)
        let other = try DatabaseQueue(path: fixture.path)
        let challenge = Records.challenge()
        try await other.inDatabaseHoldingTheLock {
            await expect(.unavailable) { try await store.add([challenge]) }
            // Who only reads is not held up.
            let found = try await store.challenge(profile: "default", lookup: challenge.lookup)
            #expect(found == nil)
        }
        try await store.add([challenge])
        #expect(try await store.challenge(profile: "default", lookup: challenge.lookup) == challenge)
        try await store.close()
    }

    @Test func waitsForAnotherProcessesShortWrite() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        let other = try DatabaseQueue(path: fixture.path)
        async let adding: Void = {
            try await Task.sleep(for: .milliseconds(20))
            try await store.add([Records.challenge()])
        }()
        try await other.inDatabaseHoldingTheLock { try await Task.sleep(for: .milliseconds(200)) }
        try await adding
        #expect(try await store.challenges(profile: nil, after: nil, limit: 9).count == 1)
        try await store.close()
    }

    @Test func neverQuotesAValueInAnError() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        let secret = "s3cret-marker"
        let profile = ProfileRecord(id: Records.id(), name: "", isEnabled: true, settings: secret, version: 1)
        var reservation = Records.reservation(secret)
        reservation.order.serialNumber = []
        reservation.raProfile = secret
        for attempt in [0, 1] {
            do {
                if attempt == 0 {
                    try await store.apply([.putSCEPProfile(profile)])
                } else {
                    try await store.issue(reservation)
                }
                Issue.record("nothing was thrown")
            } catch {
                #expect(!"\(error)".contains(secret))
            }
        }
        try await store.close()
    }
}

extension DatabaseQueue {
    /// Does something while a transaction of this connection holds the lock for writing.
    fileprivate func inDatabaseHoldingTheLock(_ body: () async throws -> Void) async throws {
        let release = DispatchSemaphore(value: 0)
        let isHeld = Switch()
        // A thread of its own, because it waits.
        Thread.detachNewThread {
            try? self.inTransaction(.immediate) { _ in
                isHeld.isOn = true
                release.wait()
                return .rollback
            }
        }
        defer { release.signal() }
        for _ in 0..<5000 where !isHeld.isOn { try await Task.sleep(for: .milliseconds(1)) }
        try await body()
    }
}
