// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// What somebody asks for under a key of their own, so that asking twice is like asking once.
public struct IdempotentRequest: Sendable, Hashable {
    /// Who asks.
    public var principal: String
    /// The key that they chose.
    public var key: String
    /// A digest of what they ask for, 32 bytes.
    public var digest: [UInt8]

    /// Puts a request together.
    public init(principal: String, key: String, digest: [UInt8]) {
        self.principal = principal
        self.key = key
        self.digest = digest
    }
}

/// What is known of such a request.
public enum IdempotencyState: Sendable, Hashable {
    /// Nobody asked for it: it is begun now.
    case begun
    /// It was begun at this moment, and is not finished.
    case unfinished(since: Date)
    /// It was answered: the bytes that were kept.
    case answered([UInt8])
    /// Something else was asked for under the same key.
    case other
}

/// Keeps the answers to what was asked for under keys.
///
/// Every method is atomic and durable when it returns; of two who begin the same at once, one gets `begun`.
public protocol IdempotencyStore: Sendable {
    /// Begins a request, unless it is known; what ended before this moment is not.
    func begin(
        _ request: IdempotentRequest,
        at moment: Date,
        until end: Date
    ) async throws(StoreError)
        -> IdempotencyState

    /// Keeps the answer to a request that was begun.
    func finish(_ request: IdempotentRequest, answer: [UInt8]) async throws(StoreError)

    /// Forgets a request that was begun and changed nothing.
    func giveUp(_ request: IdempotentRequest) async throws(StoreError)

    /// Forgets the requests whose time is over.
    ///
    /// - Returns: how many.
    func forgetIdempotentRequests(before moment: Date, limit: Int) async throws(StoreError) -> Int
}
