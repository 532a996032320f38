// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Synchronization

/// How many questions of one source are on their way at once, so that a slow system does not hold all that the server has.
final class Places: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) {
        self.free = Mutex(max(1, count))
    }

    /// Takes a place, if there is one; whoever gets it has to leave it once.
    func enter() -> Bool {
        free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
    }

    /// Gives a place back.
    func leave() {
        free.withLock { $0 += 1 }
    }

    /// Does something if there is a place for it.
    ///
    /// - Returns: nil when all places are taken.
    func take<Result: Sendable>(_ body: () async -> Result) async -> Result? {
        guard enter() else { return nil }
        defer { leave() }
        return await body()
    }
}

/// The time for something is over.
struct TimeIsOver: Error, Hashable {}

/// Does something that heeds cancellation, and cancels it when its time is over.
///
/// - Throws: `TimeIsOver`, or what `body` throws.
func within<Result: Sendable>(
    _ time: Duration,
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: time)
            throw TimeIsOver()
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw TimeIsOver() }
        return first
    }
}
