// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Synchronization

internal import struct Foundation.Date

/// A clock that stands still until somebody waits or a test moves it.
final class FakeClock: TimeSource {
    private struct State {
        var now = Date(timeIntervalSince1970: 1_800_000_000)
        var waits: [Date] = []
    }

    private let state = Mutex(State())

    var now: Date { state.withLock { $0.now } }

    /// The moments that were waited for.
    var waits: [Date] { state.withLock { $0.waits } }

    func wait(until moment: Date) async {
        state.withLock { state in
            state.waits.append(moment)
            state.now = max(state.now, moment)
        }
    }

    func advance(_ seconds: Double) {
        state.withLock { $0.now = $0.now.addingTimeInterval(seconds) }
    }
}

/// Remembers every decision.
final class RecordingObserver: EnrollmentObserver {
    private let heard = Mutex<[EnrollmentSummary]>([])

    var summaries: [EnrollmentSummary] { heard.withLock { $0 } }
    var reasons: [ReasonCode] { summaries.map(\.reason) }

    func decided(_ summary: EnrollmentSummary) {
        heard.withLock { $0.append(summary) }
    }

    private let stopped = Mutex<[Bool]>([])

    /// Of each request that was not looked at, whether it was the first one of its address in a minute.
    var throttled: [Bool] { stopped.withLock { $0 } }

    func throttled(profile: String, remoteAddress: String, isFirst: Bool) {
        stopped.withLock { $0.append(isFirst) }
    }
}
