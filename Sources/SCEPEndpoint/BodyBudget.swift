// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Synchronization

/// The memory that large bodies of one listener may take together: who sends them is known only when they are complete.
final class BodyBudget: Sendable {
    private let remaining: Mutex<Int>

    init(bytes: Int) { remaining = Mutex(bytes) }

    /// Takes some bytes out; false if so many are not left.
    func take(_ bytes: Int) -> Bool {
        remaining.withLock { remaining in
            guard bytes <= remaining else { return false }
            remaining -= bytes
            return true
        }
    }

    /// Puts bytes back that were taken.
    func putBack(_ bytes: Int) { remaining.withLock { $0 += bytes } }
}
