// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOCore
import Synchronization

extension SCEPListener {
    /// Whether the listener is open and each of its event loops answers within a time.
    ///
    /// It takes no connection for that: one that can't be had, since clients hold all, would say nothing about the server.
    public func isAlive(within patience: Duration) async -> Bool {
        guard isOpen.load(ordering: .acquiring) else { return false }
        let answers = Answers()
        var asked = 0
        for loop in group.makeIterator() {
            asked += 1
            loop.execute { answers.add() }
        }
        let end = ContinuousClock.now + patience
        // Not by the loops' futures: what hangs could not be given up.
        while answers.count < asked {
            guard ContinuousClock.now < end, !Task.isCancelled else { return false }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return true
    }
}

/// How many event loops have answered.
private final class Answers: Sendable {
    private let number = Atomic(0)

    var count: Int { number.load(ordering: .acquiring) }

    func add() { number.add(1, ordering: .releasing) }
}
