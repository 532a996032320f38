// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// An event of the audit log.
public struct AuditEventDocument: ListedDocument, Hashable {
    /// Its stream.
    public var stream: Identifier
    /// Its number in the stream.
    public var sequence: Int
    /// When it was, to the millisecond.
    public var at: String
    /// The act that it belongs to.
    public var act: Identifier?
    /// What was done.
    public var action: String
    /// Who did it.
    public var actor: String
    /// From where.
    public var origin: String
    /// What it was about.
    public var target: String?
    /// The thing before, as JSON in a text.
    public var before: String?
    /// The thing after, as JSON in a text.
    public var after: String?
    /// What was asked for, as JSON in a text.
    public var input: String?
    /// How it ended.
    public var outcome: String

    /// Puts a document together.
    public init(
        stream: Identifier,
        sequence: Int,
        at: String,
        act: Identifier?,
        action: String,
        actor: String,
        origin: String,
        target: String?,
        before: String?,
        after: String?,
        input: String?,
        outcome: String
    ) {
        self.stream = stream
        self.sequence = sequence
        self.at = at
        self.act = act
        self.action = action
        self.actor = actor
        self.origin = origin
        self.target = target
        self.before = before
        self.after = after
        self.input = input
        self.outcome = outcome
    }

    static let properties: [ObjectSchema.Property] = [
        .required("stream", .identifier, "Its stream."),
        .required("sequence", .integer(0...Int.max), "Its number in the stream."),
        .required("at", .moment, "When it was, to the millisecond."),
        .optional("act", .identifier, "What several events have in common that belong to one act."),
        .required("action", .text, "What was done."),
        .required("actor", .text, "Who did it."),
        .required("origin", .text, "From where."),
        .optional("target", .text, "What it was about."),
        .optional("before", .text, "The thing before, as JSON in a text."),
        .optional("after", .text, "The thing after, or what is known of it, as JSON in a text."),
        .optional("input", .text, "What was asked for, as JSON in a text."),
        .required("outcome", .text, "How it ended: 'done', or a reason code."),
    ]

    /// What its JSON looks like.
    public static let schema = ObjectSchema("AuditEvent", properties)
}

/// Something in the audit log that is not as it was written.
public struct AuditFindingDocument: AdminDocument, Hashable {
    /// Which row.
    public var row: String
    /// What is wrong.
    public var sentence: String

    /// Puts a document together.
    public init(row: String, sentence: String) {
        self.row = row
        self.sentence = sentence
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "AuditFinding",
        .required("row", .text, "Which row: an event, a stream or a checkpoint."),
        .required("sentence", .text, "What is wrong.")
    )
}

/// What checking the audit log came to.
public struct AuditVerificationDocument: AdminDocument, Hashable {
    /// Whether everything is in order.
    public var inOrder: Bool
    /// How many events there are.
    public var events: Int
    /// How many streams.
    public var streams: Int
    /// How many checkpoints.
    public var checkpoints: Int
    /// How many findings, also those that are not shown.
    public var findingCount: Int
    /// The first thousand findings.
    public var findings: [AuditFindingDocument]

    /// Puts a document together.
    public init(events: Int, streams: Int, checkpoints: Int, findingCount: Int, findings: [AuditFindingDocument]) {
        self.inOrder = findingCount == 0
        self.events = events
        self.streams = streams
        self.checkpoints = checkpoints
        self.findingCount = findingCount
        self.findings = findings
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "AuditVerification",
        .required("inOrder", .boolean, "Whether everything is as it was written."),
        .required("events", .integer(0...Int.max), "How many events there are."),
        .required("streams", .integer(0...Int.max), "How many streams."),
        .required("checkpoints", .integer(0...Int.max), "How many checkpoints."),
        .required("findingCount", .integer(0...Int.max), "How many findings, also those that are not shown."),
        .required("findings", .list(of: .object(AuditFindingDocument.schema)), "The first thousand findings.")
    )
}

/// The end of a stream, as a checkpoint tells it.
public struct AuditHeadDocument: AdminDocument, Hashable {
    /// The stream.
    public var stream: Identifier
    /// The number of its newest event.
    public var sequence: Int
    /// That event's hash.
    public var hash: String

    /// Puts a document together.
    public init(stream: Identifier, sequence: Int, hash: String) {
        self.stream = stream
        self.sequence = sequence
        self.hash = hash
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "AuditHead",
        .required("stream", .identifier, "The stream."),
        .required("sequence", .integer(0...Int.max), "The number of its newest event."),
        .required("hash", .text, "That event's hash, in hexadecimal.")
    )
}

/// A row of the audit log with its hashes: a checkpoint, a stream or an event.
public struct AuditRowDocument: ListedDocument, Hashable {
    /// What kind of row it is.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// A checkpoint.
        case checkpoint
        /// A stream.
        case stream
        /// An event.
        case event
    }

    /// What kind of row it is.
    public var kind: Kind
    /// Its own hash.
    public var hash: String
    /// The hash of what stands before it.
    public var previousHash: String?
    /// When it was, to the millisecond.
    public var at: String
    /// A checkpoint's number.
    public var number: Int?
    /// Who wrote a checkpoint or a stream.
    public var writer: String?
    /// How far streams had come.
    public var heads: [AuditHeadDocument]?
    /// The stream, also of an event.
    public var stream: Identifier?
    /// An event's number.
    public var sequence: Int?
    /// The act that it belongs to.
    public var act: Identifier?
    /// What was done.
    public var action: String?
    /// Who did it.
    public var actor: String?
    /// From where.
    public var origin: String?
    /// What it was about.
    public var target: String?
    /// The thing before.
    public var before: String?
    /// The thing after.
    public var after: String?
    /// What was asked for.
    public var input: String?
    /// How it ended.
    public var outcome: String?

    /// Begins a document.
    public init(_ kind: Kind, hash: String, at: String) {
        self.kind = kind
        self.hash = hash
        self.at = at
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "AuditRow",
        [
            .required("kind", .choice(Kind.allCases.map(\.rawValue)), "What kind of row it is."),
            .required("hash", .text, "Its own hash, in hexadecimal."),
            .optional("previousHash", .text, "The hash of what stands before it."),
            .required("at", .moment, "When it was, to the millisecond."),
            .optional("number", .integer(0...Int.max), "A checkpoint's number."),
            .optional("writer", .text, "Who wrote a checkpoint or a stream."),
            .optional("heads", .list(of: .object(AuditHeadDocument.schema)), "How far streams had come."),
        ]
            + AuditEventDocument.properties.filter { $0.name != "at" }
            .map { .optional($0.name, $0.schema, $0.description) }
    )
}

/// Moments of the audit log, whose hashes are over milliseconds.
public enum AuditMoment: Sendable {
    /// A moment to the millisecond, in UTC (RFC 3339).
    public static func text(_ date: Date) -> String {
        let milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded())
        let (seconds, rest) = (milliseconds.quotientAndRemainder(dividingBy: 1000))
        let whole = rest < 0 ? seconds - 1 : seconds
        let fraction = String(rest < 0 ? rest + 1000 : rest)
        let second = AdminJSON.text(Date(timeIntervalSince1970: Double(whole)))
        return second.dropLast() + "." + String(repeating: "0", count: 3 - fraction.count) + fraction + "Z"
    }
}
