// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.UUID

/// The stream that one connection writes, with its end in memory.
///
/// The end advances with the commit and goes back with a rollback. Where it is not certain whether a commit took place, the stream is
/// left as it is, and another one begun. To be used by one thread at a time.
final class AuditTrail {
    private let ledger: AuditLedger
    /// The end that is durable; nil before the first event.
    private var committed: AuditHead?
    /// The end as it is in the open transaction; nil as long as that has added nothing.
    private(set) var head: AuditHead?
    /// A stream that takes no more events: somebody else's row stands where the next one belongs.
    private var blocked: UUID?
    /// The ends, in the open transaction, of a stream that was blocked after it had been added to.
    private var left: [AuditHead] = []

    init(_ ledger: AuditLedger) { self.ledger = ledger }

    /// Adds an event in the open transaction.
    func append(_ prepared: PreparedAuditEvent, on connection: some SQLConnection) throws(StoreError) {
        // What is taken over is durable, whatever becomes of this transaction.
        if committed == nil { committed = ledger.take() }
        let last: AuditHead
        if let known = head ?? committed, known.position.stream != blocked {
            last = known
        } else {
            if let head { left.append(head) }
            last = try begin(prepared, on: connection)
        }
        let position = AuditPosition(stream: last.position.stream, sequence: last.position.sequence + 1)
        let hash = ledger.seal.hash(prepared.digest, at: position, after: last.hash)
        let event = prepared.event
        do throws(StoreError) {
            _ = try connection.execute(
                AuditSQL.add,
                [
                    "stream": .uuid(position.stream), "sequence": .int64(position.sequence),
                    "previous_hash": .blob(last.hash), "hash": .blob(hash), "occurred_at": .date(event.at),
                    "act_id": .optional(event.actID), "action": .text(event.action), "actor": .text(event.actor),
                    "origin": .text(event.origin), "target": .optional(event.target),
                    "before": .optional(event.before), "after": .optional(event.after),
                    "input": .optional(event.input), "outcome": .text(event.outcome),
                ]
            )
        } catch {
            // Or nothing could be written until this process ends: the next event begins another stream.
            if case .conflict = error { blocked = position.stream }
            throw error
        }
        head = AuditHead(position: position, hash: hash)
    }

    private func begin(
        _ prepared: PreparedAuditEvent,
        on connection: some SQLConnection
    ) throws(StoreError) -> AuditHead {
        var generator = SystemRandomNumberGenerator()
        var stream = AuditStreamRecord(
            id: .version7(at: prepared.event.at, using: &generator),
            startedAt: prepared.event.at,
            writer: ledger.writer,
            hash: []
        )
        stream.hash = ledger.seal.hash(of: stream)
        _ = try connection.execute(
            AuditSQL.addStream,
            [
                "id": .uuid(stream.id), "started_at": .date(stream.startedAt), "writer": .text(stream.writer),
                "hash": .blob(stream.hash),
            ]
        )
        return AuditHead(position: AuditPosition(stream: stream.id, sequence: 0), hash: stream.hash)
    }

    /// Undoes what was added since a savepoint, where the end was this.
    func restore(_ earlier: AuditHead?) { head = earlier }

    /// The transaction is durable.
    func commit() {
        guard let head else { return }
        committed = head
        self.head = nil
        for end in left + [head] { ledger.advance(end) }
        left = []
    }

    /// The transaction was undone.
    func rollBack() {
        head = nil
        left = []
    }

    /// It is not certain what became of the transaction: the stream is left as it is.
    func abandon() {
        committed = nil
        rollBack()
    }

    /// The connection is closed in good order.
    func close() {
        if let committed, committed.position.stream != blocked { ledger.release(committed) }
        abandon()
    }
}

extension SQLConnection {
    /// Writes an event to the audit log, in this transaction.
    ///
    /// - Throws: when it can't be written; then nothing of the transaction may stay.
    func audit(_ prepared: PreparedAuditEvent) throws(StoreError) {
        guard let trail else { throw .unavailable("This connection can't write to the audit log.") }
        try trail.append(prepared, on: self)
    }
}
