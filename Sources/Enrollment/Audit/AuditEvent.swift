// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date
public import struct Foundation.UUID

/// Something that was decided or changed, as the audit log tells it; nothing in it is secret.
public struct AuditEvent: Sendable, Hashable {
    /// When it was.
    public var at: Date
    /// What several events have in common that belong to one act: an operation, or a transaction.
    public var actID: UUID?
    /// What was done: an operation's name such as `challenge.new`, or `enrollment.issued`.
    public var action: String
    /// Who did it: `operator:anna`, `local:root`, `device`, `server`.
    public var actor: String
    /// From where: an address, or `local`.
    public var origin: String
    /// What it was about: `profile phones`.
    public var target: String?
    /// The thing before, as JSON.
    public var before: String?
    /// The thing after, or what is known of it, as JSON.
    public var after: String?
    /// What was asked for, as JSON.
    public var input: String?
    /// How it ended: `done`, or a reason code.
    public var outcome: String

    /// Puts an event together.
    public init(
        at: Date,
        actID: UUID? = nil,
        action: String,
        actor: String,
        origin: String,
        target: String? = nil,
        before: String? = nil,
        after: String? = nil,
        input: String? = nil,
        outcome: String = "done"
    ) {
        self.at = at
        self.actID = actID
        self.action = action
        self.actor = actor
        self.origin = origin
        self.target = target
        self.before = before
        self.after = after
        self.input = input
        self.outcome = outcome
    }

    /// What the server does by itself.
    public static func server(
        _ action: String,
        _ target: String,
        at moment: Date,
        actID: UUID? = nil,
        after: String? = nil
    ) -> AuditEvent {
        AuditEvent(
            at: moment,
            actID: actID,
            action: action,
            actor: "server",
            origin: "local",
            target: target,
            after: after
        )
    }
}

/// The place of an event: its stream, and its number there, from 1.
public struct AuditPosition: Sendable, Hashable {
    /// The stream.
    public var stream: UUID
    /// The number.
    public var sequence: Int64

    /// Names a place.
    public init(stream: UUID, sequence: Int64) {
        self.stream = stream
        self.sequence = sequence
    }
}

/// The end of a stream at some moment.
public struct AuditHead: Sendable, Hashable {
    /// The place of the newest event.
    public var position: AuditPosition
    /// Its hash.
    public var hash: [UInt8]

    /// Puts a head together.
    public init(position: AuditPosition, hash: [UInt8]) {
        self.position = position
        self.hash = hash
    }
}

/// An event in its place.
public struct AuditRecord: Sendable, Hashable {
    /// Its place.
    public var position: AuditPosition
    /// The hash of the event before it, or of the stream.
    public var previousHash: [UInt8]
    /// Its own hash.
    public var hash: [UInt8]
    /// What it says.
    public var event: AuditEvent

    /// Puts a record together.
    public init(position: AuditPosition, previousHash: [UInt8], hash: [UInt8], event: AuditEvent) {
        self.position = position
        self.previousHash = previousHash
        self.hash = hash
        self.event = event
    }
}

/// A stream: the events that one connection to the database wrote, in their order.
public struct AuditStreamRecord: Sendable, Hashable {
    /// Its id (UUIDv7).
    public var id: UUID
    /// When it began.
    public var startedAt: Date
    /// Who writes it: a machine and a process.
    public var writer: String
    /// The hash that its first event follows.
    public var hash: [UInt8]

    /// Puts a record together.
    public init(id: UUID, startedAt: Date, writer: String, hash: [UInt8]) {
        self.id = id
        self.startedAt = startedAt
        self.writer = writer
        self.hash = hash
    }
}

/// How far streams had come at a moment: those that had grown since the checkpoint before.
public struct AuditCheckpointRecord: Sendable, Hashable {
    /// Its number, from 1.
    public var number: Int64
    /// When it was made.
    public var at: Date
    /// Who made it.
    public var writer: String
    /// The streams' ends.
    public var heads: [AuditHead]
    /// The hash of the checkpoint before; zeros for the first one.
    public var previousHash: [UInt8]
    /// Its own hash.
    public var hash: [UInt8]

    /// Puts a record together.
    public init(
        number: Int64,
        at: Date,
        writer: String,
        heads: [AuditHead],
        previousHash: [UInt8],
        hash: [UInt8]
    ) {
        self.number = number
        self.at = at
        self.writer = writer
        self.heads = heads
        self.previousHash = previousHash
        self.hash = hash
    }
}

/// Which events are looked for.
public struct AuditFilter: Sendable, Hashable {
    /// Those of this actor.
    public var actor: String?
    /// Those of this action, or of all that begin with it and a dot.
    public var action: String?
    /// Those about this.
    public var target: String?
    /// Those since a moment.
    public var since: Date?
    /// Those before a moment.
    public var until: Date?

    /// Says which ones.
    public init(
        actor: String? = nil,
        action: String? = nil,
        target: String? = nil,
        since: Date? = nil,
        until: Date? = nil
    ) {
        self.actor = actor
        self.action = action
        self.target = target
        self.since = since
        self.until = until
    }
}
