// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Logging
internal import Synchronization
internal import Testing

internal import struct Foundation.Date

@testable internal import ServerApp

/// Remembers when its challenges end, and nothing else of them.
private final class Ends: UsedChallengeStore {
    private let ends: Mutex<[Date]>

    init(_ ends: [Date]) { self.ends = Mutex(ends) }

    var left: [Date] { ends.withLock { $0 } }

    func user(of challenge: ExternalChallenge) async throws(StoreError) -> [UInt8]? { nil }

    func forgetUsedChallenges(before moment: Date, limit: Int) async throws(StoreError) -> Int {
        ends.withLock { ends in
            let old = ends.indices.filter { ends[$0] <= moment }.prefix(limit)
            for index in old.reversed() { ends.remove(at: index) }
            return old.count
        }
    }
}

private struct Standing: TimeSource {
    let now: Date

    func wait(until moment: Date) async {}
}

@Suite struct ForgettingTests {
    /// Where a clock is behind, a token that has ended here is still good: that it was used has to be known there.
    @Test func usedChallengesAreForgottenADayAfterTheyEndAndNoSooner() async {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let kept = [-86_399.0, -60, 0, 60].map { now.addingTimeInterval($0) }
        let old = (0..<2500).map { now.addingTimeInterval(-86_400 - Double($0)) }
        let store = Ends(old + kept)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        await Forgetting.usedChallenges(store, time: Standing(now: now), logger: logger).forget()
        #expect(store.left == kept)
    }
}
