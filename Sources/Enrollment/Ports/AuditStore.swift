// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date
public import struct Foundation.UUID

/// Keeps the audit log (design §6.9).
///
/// The other ports write it: each change of theirs that somebody answers for has its event in the same storage transaction, and is not
/// made when that can't be written. While `AuditAct.current` is set, whatever is changed has an event of that act. Each connection
/// writes a stream of its own, so that nobody waits for anybody.
public protocol AuditStore: Sendable {
    /// Events in the order of their streams' ids and their numbers.
    ///
    /// - Parameters:
    ///   - position: only those after this place; nil for the beginning.
    ///   - stream: only those of this stream; nil for all.
    ///   - limit: how many at most.
    /// - Returns: the next page; empty at the end.
    /// - Throws: `StoreError`.
    func auditEvents(
        after position: AuditPosition?,
        in stream: UUID?,
        limit: Int
    ) async throws(StoreError) -> [AuditRecord]

    /// Events, newest first.
    ///
    /// - Parameters:
    ///   - filter: which ones.
    ///   - last: only those behind this one, by its moment and place; nil for the newest.
    ///   - limit: how many at most.
    /// - Returns: the next page; empty at the end.
    /// - Throws: `StoreError`.
    func newestAuditEvents(
        _ filter: AuditFilter,
        behind last: (at: Date, position: AuditPosition)?,
        limit: Int
    ) async throws(StoreError) -> [AuditRecord]

    /// Streams in the order of their ids.
    func auditStreams(after id: UUID?, limit: Int) async throws(StoreError) -> [AuditStreamRecord]

    /// A stream by its id.
    func auditStream(_ id: UUID) async throws(StoreError) -> AuditStreamRecord?

    /// Checkpoints in the order of their numbers.
    func auditCheckpoints(after number: Int64, limit: Int) async throws(StoreError) -> [AuditCheckpointRecord]

    /// Writes a checkpoint, if any stream has grown since the last one.
    ///
    /// - Returns: whether there was anything to write.
    /// - Throws: `StoreError`.
    @discardableResult
    func writeAuditCheckpoint(at moment: Date) async throws(StoreError) -> Bool

    /// How far this process's own streams have come.
    var ownAuditHeads: [AuditPosition] { get }

    /// How far an output has come in the streams that have more for it, by streams.
    func auditBacklog(of output: String, limit: Int) async throws(StoreError) -> [AuditPosition]

    /// Takes an output, or keeps it, for some time, so that other nodes leave it alone.
    ///
    /// - Returns: whether it could be taken.
    /// - Throws: `StoreError`.
    func holdAuditOutput(_ output: String, _ lease: Lease, at moment: Date) async throws(StoreError) -> Bool

    /// Notes how far an output has come.
    func advanceAuditOutput(_ output: String, to positions: [AuditPosition]) async throws(StoreError)
}
