// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date
public import struct Foundation.UUID

/// How one step of a request went.
public enum TraceOutcome: String, Sendable, Hashable, CaseIterable {
    /// It was as it should be.
    case passed
    /// It ended the request.
    case failed
    /// Something worth knowing, which decides nothing.
    case noted
}

/// One step of a request.
public struct TraceStep: Sendable, Hashable {
    /// The step's stable name.
    public var name: String
    /// How it went.
    public var outcome: TraceOutcome
    /// What was seen, in plain words.
    ///
    /// Never a secret.
    public var detail: String

    /// Makes a step.
    public init(name: String, outcome: TraceOutcome, detail: String) {
        self.name = name
        self.outcome = outcome
        self.detail = detail
    }
}

/// The recorded steps of one request.
public struct TraceRecord: Sendable, Hashable {
    /// The row's id (UUIDv7).
    public var id: UUID
    /// When the request came.
    public var at: Date
    /// The SCEP profile's name.
    public var profile: String
    /// The transactionID, if it could be read.
    public var transactionID: String?
    /// Whether the sender had authenticated itself by the end.
    public var isAuthenticated: Bool
    /// The peer's address.
    public var remoteAddress: String
    /// The stable code of the result, such as `issued` or `challenge.used`.
    public var reasonCode: String
    /// The steps, in order.
    public var steps: [TraceStep]

    /// Puts a record together.
    public init(
        id: UUID,
        at: Date,
        profile: String,
        transactionID: String?,
        isAuthenticated: Bool,
        remoteAddress: String,
        reasonCode: String,
        steps: [TraceStep]
    ) {
        self.id = id
        self.at = at
        self.profile = profile
        self.transactionID = transactionID
        self.isAuthenticated = isAuthenticated
        self.remoteAddress = remoteAddress
        self.reasonCode = reasonCode
        self.steps = steps
    }
}

/// Which traces are looked for; what is not named is free.
public struct TraceQuery: Sendable, Hashable {
    /// Of requests to this SCEP profile.
    public var profile: String?
    /// Of requests that ended for this reason.
    public var reasonCode: String?
    /// Of requests with this transactionID.
    public var transactionID: String?
    /// Of requests from this address.
    public var remoteAddress: String?
    /// Of requests whose sender had authenticated itself, or had not.
    public var isAuthenticated: Bool?
    /// Of requests that came then or later.
    public var since: Date?
    /// Of requests that came before.
    public var until: Date?

    /// Looks for all traces.
    public init() {}
}

/// Keeps traces.
///
/// The traces of issued requests are stored by the reservation, durably. The others go through `append`: best effort, and the
/// unauthenticated among them in a ring that holds a bounded number, so that strangers can't fill the disk (design §6.9).
public protocol TraceStore: Sendable {
    /// Adds traces and events of the audit log in one storage transaction; the oldest unauthenticated traces beyond `ringSize` go.
    func append(_ traces: [TraceRecord], ringSize: Int, auditing events: [AuditEvent]) async throws(StoreError)

    /// The traces of a transactionID, newest first.
    func traces(transactionID: String, limit: Int) async throws(StoreError) -> [TraceRecord]

    /// A trace by its id.
    func trace(_ id: UUID) async throws(StoreError) -> TraceRecord?

    /// The traces that are looked for, newest first.
    ///
    /// - Parameters:
    ///   - query: which ones.
    ///   - id: only those older than this one; nil for the newest.
    ///   - limit: how many at most.
    /// - Returns: the next part, after a bounded time.
    /// - Throws: `StoreError`.
    func traces(matching query: TraceQuery, before id: UUID?, limit: Int) async throws(StoreError) -> Found<TraceRecord>

    /// The newest traces, newest first; before an id when one is given.
    func traces(before id: UUID?, limit: Int) async throws(StoreError) -> [TraceRecord]

    /// Forgets the oldest traces of requests that came before a moment, whatever held them.
    ///
    /// - Returns: how many; fewer than `limit` when no older ones are left.
    func forgetTraces(before moment: Date, limit: Int) async throws(StoreError) -> Int
}

extension TraceStore {
    /// Adds traces that tell of nothing that is audited.
    public func append(_ traces: [TraceRecord], ringSize: Int) async throws(StoreError) {
        try await append(traces, ringSize: ringSize, auditing: [])
    }
}
