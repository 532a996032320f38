// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation

/// Lets devices begin at a rate, until there are no more of them or the load is to end.
actor Pacer {
    private let began = ContinuousClock.now
    private let interval: Duration
    private let count: Int
    private var next = 0
    private var isEnding = false

    init(perSecond: Double, count: Int) {
        self.interval = .seconds(1 / perSecond)
        self.count = count
    }

    /// The number of the next device, when it is its turn; nil when none is to begin any more.
    func turn() async -> Int? {
        guard next < count, !isEnding else { return nil }
        let number = next
        next += 1
        try? await Task.sleep(until: began + interval * number, clock: .continuous)
        return isEnding ? nil : number
    }

    func end() {
        isEnding = true
    }

    /// Ends the load when the standard input says so, or ends.
    nonisolated func endOnInput() {
        // A thread of its own: reading blocks.
        Thread.detachNewThread {
            while let line = readLine(), line != "settle" {}
            Task { await self.end() }
        }
    }
}
