// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Synchronization

public import struct Foundation.Date

/// Gathers the traces of requests that issued nothing, and stores them in batches beside the durable transactions.
///
/// Best effort: when strangers send faster than the disk takes, or the database is away, the oldest that wait are dropped and
/// counted.
public final class TraceRecorder: Sendable {
    /// How many unauthenticated traces are kept.
    public static let ringSize = 10_000
    /// How many wait for the disk at the most: some seconds of a flood.
    private static let capacity = 2_000

    private struct Waiting {
        var traces: [TraceRecord] = []
        var dropped = 0
        /// Events that could not be written yet.
        var events: [AuditEvent] = []

        /// Lets the oldest go.
        mutating func drop(_ count: Int) {
            traces.removeFirst(count)
            dropped += count
        }
    }

    private let store: any TraceStore
    private let waiting = Mutex(Waiting())
    private let refusals = Mutex(RefusalTally())

    /// Makes a recorder.
    public init(store: any TraceStore) {
        self.store = store
    }

    /// Takes a trace; returns at once.
    public func record(_ trace: TraceRecord) {
        waiting.withLock { waiting in
            if waiting.traces.count >= Self.capacity { waiting.drop(Self.capacity / 2) }
            waiting.traces.append(trace)
        }
    }

    /// Takes the trace of a request that was refused, which the audit log is told of as well; returns at once.
    func record(_ trace: TraceRecord, refused stage: RefusalTally.Stage, _ detail: String) {
        record(trace)
        refusals.withLock { $0.count(trace, stage, detail: detail) }
    }

    /// Stores what waits, and the audit log's events of what was refused.
    ///
    /// - Parameter moment: now: refusals are summed by minutes, and those of this one wait; with none, all are written.
    /// - Returns: how many traces were dropped since the last time.
    /// - Throws: `StoreError`; what waited waits on then, unless the database will never take it.
    @discardableResult
    public func flush(at moment: Date? = nil) async throws(StoreError) -> Int {
        let new = refusals.withLock { $0.take(before: moment) }
        let batch = waiting.withLock { waiting in
            defer { waiting = Waiting() }
            waiting.events += new
            return waiting
        }
        guard !batch.traces.isEmpty || !batch.events.isEmpty else { return batch.dropped }
        do throws(StoreError) {
            try await store.append(batch.traces, ringSize: Self.ringSize, auditing: batch.events)
        } catch {
            putBack(batch, keepsTraces: error.isPassing)
            throw error
        }
        return batch.dropped
    }

    /// Puts what was not stored before what has come since; a trace that was stored after all is not stored twice.
    private func putBack(_ batch: Waiting, keepsTraces: Bool) {
        waiting.withLock { waiting in
            waiting.traces = batch.traces + waiting.traces
            waiting.dropped += batch.dropped
            // The oldest stay: what comes is bounded by the minutes.
            waiting.events = Array((batch.events + waiting.events).prefix(Self.capacity))
            let excess = keepsTraces ? waiting.traces.count - Self.capacity : batch.traces.count
            if excess > 0 { waiting.drop(excess) }
        }
    }
}

extension StoreError {
    /// Whether the same may go well later.
    fileprivate var isPassing: Bool {
        if case .unavailable = self { return true }
        return false
    }
}
