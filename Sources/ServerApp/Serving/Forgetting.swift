// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Logging
internal import ServiceLifecycle

internal import struct Foundation.Date

/// Forgets, now and then, what need not be known any more.
struct Forgetting: Service {
    private static let interval: Duration = .seconds(300)
    /// How many rows one write forgets, so that enrolments need not wait for it.
    private static let portion = 1000

    /// What is forgotten, for the log.
    let subject: String
    /// How long it is remembered, in seconds.
    let remembrance: Double
    let time: any TimeSource
    let logger: Logger
    /// Forgets up to so many rows from before a moment, and tells how many there were.
    let portionwise: @Sendable (_ before: Date, _ limit: Int) async throws(StoreError) -> Int

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.forget()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Forgets all there is to forget.
    func forget() async {
        do {
            var forgotten = Self.portion
            while forgotten == Self.portion {
                try Task.checkCancellation()
                forgotten = try await portionwise(time.now.addingTimeInterval(-remembrance), Self.portion)
            }
        } catch {
            guard !Task.isCancelled else { return }
            logger.warning("old rows could not be removed", metadata: ["of": "\(subject)", "error": "\(error)"])
        }
    }
}

extension Forgetting {
    /// Used challenges of others are remembered for a day after their end: to a node whose clock is behind they are still good.
    static func usedChallenges(
        _ store: any UsedChallengeStore,
        time: any TimeSource,
        logger: Logger
    ) -> Forgetting {
        Forgetting(subject: "used challenges", remembrance: 86_400, time: time, logger: logger) {
            before,
            limit async throws(StoreError) in
            try await store.forgetUsedChallenges(before: before, limit: limit)
        }
    }

    /// Answers to what was asked for under keys end by themselves.
    static func answers(
        _ store: any IdempotencyStore,
        time: any TimeSource,
        logger: Logger
    ) -> Forgetting {
        Forgetting(subject: "answers under keys", remembrance: 0, time: time, logger: logger) {
            before,
            limit async throws(StoreError) in
            try await store.forgetIdempotentRequests(before: before, limit: limit)
        }
    }

    /// Traces hold names and addresses, and are remembered for as long as the operator says.
    static func traces(
        _ store: any TraceStore,
        days: Int,
        time: any TimeSource,
        logger: Logger
    ) -> Forgetting {
        Forgetting(subject: "traces", remembrance: Double(days) * 86_400, time: time, logger: logger) {
            before,
            limit async throws(StoreError) in
            try await store.forgetTraces(before: before, limit: limit)
        }
    }
}
