// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// Counts how long something took, in the buckets of a histogram.
public struct DurationHistogram: Sendable, Hashable {
    /// The upper bounds of the buckets, in seconds.
    public static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

    /// How many took at most as long as the bound of the same index, each counted in every bucket that it fits.
    public private(set) var buckets = [Int](repeating: 0, count: Self.bounds.count)
    /// How long all of them took, in seconds.
    public private(set) var sum = 0.0
    /// How many there were.
    public private(set) var count = 0

    /// Begins with nothing.
    public init() {}

    /// Counts one.
    public mutating func add(_ seconds: Double) {
        for (index, bound) in Self.bounds.enumerated() where seconds <= bound { buckets[index] += 1 }
        sum += seconds
        count += 1
    }
}

/// How busy a store is, as it knows itself without asking the database.
public struct StoreMeasures: Sendable, Hashable {
    /// How many calls wait for their turn.
    public var waiting: Int
    /// How many connections to a database server are open; nil where there is none.
    public var connections: Int?
    /// How long commits took.
    public var commits: DurationHistogram

    /// Puts measures together.
    public init(waiting: Int, connections: Int?, commits: DurationHistogram) {
        self.waiting = waiting
        self.connections = connections
        self.commits = commits
    }
}

/// What lies in a store and waits for somebody.
public struct StoreBacklog: Sendable, Hashable {
    /// How many requests wait for a decision.
    public var pendingApprovals: Int
    /// How many transactions are reserved by a lease that has run out: whoever reserved them is gone, and nobody has finished them yet.
    public var expiredLeases: Int

    /// Puts a backlog together.
    public init(pendingApprovals: Int, expiredLeases: Int) {
        self.pendingApprovals = pendingApprovals
        self.expiredLeases = expiredLeases
    }
}

/// Tells how a store does.
public protocol StoreMeasuring: Sendable {
    /// How busy it is; reads nothing.
    var measures: StoreMeasures { get }

    /// Counts what waits in it.
    ///
    /// - Parameters:
    ///   - moment: now.
    ///   - limit: how far it is counted: no more than so many rows of each kind are read, by an index.
    /// - Returns: the counts.
    /// - Throws: `StoreError`.
    func backlog(at moment: Date, limit: Int) async throws(StoreError) -> StoreBacklog
}
