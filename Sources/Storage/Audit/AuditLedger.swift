// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
public import Enrollment
import Synchronization

import struct Foundation.UUID

/// What the connections of an open database know together of the streams that they write.
final class AuditLedger: Sendable {
    private struct State {
        /// The ends of streams whose connection was closed in good order: another one goes on with them.
        var free: [AuditHead] = []
        /// The ends of all streams that were begun here.
        var heads: [AuditHead] = []
        /// How far checkpoints are known to have come, by streams.
        var covered: [UUID: Int64] = [:]
    }

    /// Ties the rows together.
    let seal: AuditSeal
    /// Who writes: a machine and a process.
    let writer: String
    /// Who answers for what is changed outside of any act.
    let actor: String
    private let state = Mutex(State())

    init(_ identity: AuditIdentity) {
        seal = identity.seal
        writer = identity.writer
        actor = identity.actor
    }

    /// A stream that nobody writes at present.
    func take() -> AuditHead? { state.withLock { $0.free.popLast() } }

    /// Gives a stream back whose end is certain.
    func release(_ head: AuditHead) { state.withLock { $0.free.append(head) } }

    /// Notes how far a stream has come, durably.
    func advance(_ head: AuditHead) {
        state.withLock { state in
            // There are as many as connections.
            if let index = state.heads.firstIndex(where: { $0.position.stream == head.position.stream }) {
                state.heads[index] = head
            } else {
                state.heads.append(head)
            }
        }
    }

    /// The ends of the streams that were begun here.
    var heads: [AuditHead] { state.withLock { $0.heads } }

    /// Whether a checkpoint is known to tell of a place.
    func isCovered(_ position: AuditPosition) -> Bool {
        state.withLock { ($0.covered[position.stream] ?? 0) >= position.sequence }
    }

    /// Notes what a checkpoint tells of.
    func cover(_ heads: [AuditHead]) {
        state.withLock { state in
            for head in heads {
                let place = head.position
                state.covered[place.stream] = max(place.sequence, state.covered[place.stream] ?? 0)
            }
        }
    }
}

/// Who writes the audit log, and how its rows are tied together.
public struct AuditIdentity: Sendable {
    /// Ties the rows together.
    public var seal: AuditSeal
    /// Who writes: a machine and a process.
    public var writer: String

    /// Who answers for what is changed outside of any act: `server`, or `local:anna`.
    public var actor: String

    /// Puts an identity together.
    public init(seal: AuditSeal, writer: String, actor: String = "server") {
        self.seal = seal
        self.writer = writer
        self.actor = actor
    }

    /// For databases that no state is served from: tests, and copies, which write no events.
    static let unsealed = AuditIdentity(seal: .unsealed, writer: "nobody")
}

/// An event with what can be made before its place is known.
struct PreparedAuditEvent: Sendable {
    /// What it says, as databases can hold it.
    let event: AuditEvent
    let digest: [UInt8]

    init(_ event: AuditEvent) {
        var event = event
        event.action = event.action.withoutNull
        event.actor = event.actor.withoutNull
        event.origin = event.origin.withoutNull
        event.target = event.target?.withoutNull
        event.before = event.before.map(Self.bounded)
        event.after = event.after.map(Self.bounded)
        event.input = event.input.map(Self.bounded)
        event.outcome = event.outcome.withoutNull
        self.event = event
        digest = AuditSeal.digest(of: event)
    }

    /// How long a document may be: an import of ten thousand devices need not stand in the log whole.
    private static let maximumByteCount = 65_536

    private static func bounded(_ document: String) -> String {
        guard document.utf8.count > maximumByteCount else { return document.withoutNull }
        var details = AuditDetails()
        details.add("byteCount", document.utf8.count)
        details.add("sha256", hexadecimal: DigestAlgorithm.sha256.digest(Array(document.utf8)))
        return details.text
    }
}
