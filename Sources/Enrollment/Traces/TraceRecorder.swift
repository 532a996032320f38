// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Synchronization

/// Gathers the traces of requests that issued nothing, and stores them in batches beside the durable transactions.
///
/// Best effort: when strangers send faster than the disk takes, the oldest that wait are dropped and counted.
public final class TraceRecorder: Sendable {
    /// How many unauthenticated traces are kept.
    public static let ringSize = 10_000
    /// How many wait for the disk at the most: some seconds of a flood.
    private static let capacity = 2_000

    private struct Waiting {
        var traces: [TraceRecord] = []
        var dropped = 0
    }

    private let store: any TraceStore
    private let waiting = Mutex(Waiting())

    /// Makes a recorder.
    public init(store: any TraceStore) {
        self.store = store
    }

    /// Takes a trace; returns at once.
    public func record(_ trace: TraceRecord) {
        waiting.withLock { waiting in
            if waiting.traces.count >= Self.capacity {
                waiting.traces.removeFirst(Self.capacity / 2)
                waiting.dropped += Self.capacity / 2
            }
            waiting.traces.append(trace)
        }
    }

    /// Stores what waits.
    ///
    /// - Returns: how many traces were dropped since the last time.
    /// - Throws: `StoreError`; what waited is lost then.
    public func flush() async throws(StoreError) -> Int {
        let batch = waiting.withLock { waiting in
            defer { waiting = Waiting() }
            return waiting
        }
        guard !batch.traces.isEmpty else { return batch.dropped }
        try await store.append(batch.traces, ringSize: Self.ringSize)
        return batch.dropped
    }
}
