// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Synchronization
internal import TestSupport
internal import Testing

internal import struct Foundation.Date
internal import struct Foundation.UUID

@testable internal import Storage

@Suite struct TraceRecorderTests {
    private static func trace(_ number: Int) -> TraceRecord {
        var generator = SystemRandomNumberGenerator()
        let moment = Date(timeIntervalSince1970: 1_800_000_000 + Double(number))
        return TraceRecord(
            id: .version7(at: moment, using: &generator),
            at: moment,
            profile: "default",
            transactionID: nil,
            isAuthenticated: false,
            remoteAddress: "192.0.2.1",
            reasonCode: "\(number)",
            steps: []
        )
    }

    @Test func whatADatabaseThatIsAwayDoesNotTakeIsStoredLater() async throws {
        let folder = try TemporaryFolder()
        let isAway = Mutex(true)
        var options = SQLiteOptions()
        options.commitFailure = { isAway.withLock { $0 ? .unavailable("it is away") : nil } }
        let store = try SQLiteStore(path: folder.file("sceptic.sqlite"), mode: .create, options: options)
        let recorder = TraceRecorder(store: store)
        for number in 0..<5 {
            recorder.record(Self.trace(number))
            await #expect(throws: StoreError.self) { try await recorder.flush() }
        }
        isAway.withLock { $0 = false }
        #expect(try await recorder.flush() == 0)
        #expect(try await store.traces(before: nil, limit: 9).map(\.reasonCode) == ["4", "3", "2", "1", "0"])
        try await store.close()
    }

    @Test func onlyTheNewestWaitForADatabaseThatStaysAway() async throws {
        let folder = try TemporaryFolder()
        let isAway = Mutex(true)
        var options = SQLiteOptions()
        options.commitFailure = { isAway.withLock { $0 ? .unavailable("it is away") : nil } }
        let store = try SQLiteStore(path: folder.file("sceptic.sqlite"), mode: .create, options: options)
        let recorder = TraceRecorder(store: store)
        let count = 5_000
        for number in 0..<count {
            recorder.record(Self.trace(number))
            if number % 700 == 0 { await #expect(throws: StoreError.self) { try await recorder.flush() } }
        }
        isAway.withLock { $0 = false }
        let dropped = try await recorder.flush()
        let stored = try await store.traces(before: nil, limit: count)
        #expect(stored.first?.reasonCode == "\(count - 1)")
        #expect(stored.count <= 2_000)
        #expect(stored.count + dropped == count)
        try await store.close()
    }
}
