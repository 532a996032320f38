// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// What became of a request, step by step.
public struct TraceDocument: ListedDocument, Hashable {
    /// One step.
    public struct Step: Codable, Sendable, Hashable {
        /// How it went.
        public enum Outcome: String, Codable, Sendable, CaseIterable {
            /// As it should.
            case passed
            /// It ended the request.
            case failed
            /// Something worth knowing.
            case noted
        }

        /// The step's stable name.
        public var name: String
        /// How it went.
        public var outcome: Outcome
        /// What was seen, in plain words.
        public var detail: String

        /// Puts a step together.
        public init(name: String, outcome: Outcome, detail: String) {
            self.name = name
            self.outcome = outcome
            self.detail = detail
        }

        static let schema = ObjectSchema(
            "Step",
            .required("name", .text, "The step's stable name."),
            .required("outcome", .choice(Outcome.allCases.map(\.rawValue)), "How it went."),
            .required("detail", .text, "What was seen, in plain words.")
        )
    }

    /// Its id.
    public var id: Identifier
    /// When the request came.
    public var time: Date
    /// The profile.
    public var profile: String
    /// The transactionID, if it could be read.
    public var transactionID: String?
    /// Whether the sender had authenticated itself by the end.
    public var authenticated: Bool
    /// The peer's address.
    public var remoteAddress: String
    /// The stable code of the result.
    public var reason: String
    /// What the code means.
    public var sentence: String?
    /// What would help.
    public var hint: String?
    /// What the client heard.
    public var answer: String?
    /// The steps.
    public var steps: [Step]

    /// Puts a document together.
    public init(
        id: Identifier,
        time: Date,
        profile: String,
        transactionID: String?,
        authenticated: Bool,
        remoteAddress: String,
        reason: String,
        sentence: String?,
        hint: String?,
        answer: String?,
        steps: [Step]
    ) {
        self.id = id
        self.time = time
        self.profile = profile
        self.transactionID = transactionID
        self.authenticated = authenticated
        self.remoteAddress = remoteAddress
        self.reason = reason
        self.sentence = sentence
        self.hint = hint
        self.answer = answer
        self.steps = steps
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "Trace",
        .required("id", .identifier, "Its id."),
        .required("time", .moment, "When the request came."),
        .required("profile", .text, "The profile that it was sent to."),
        .optional("transactionID", .text, "Its transactionID, if that could be read."),
        .required("authenticated", .boolean, "Whether the sender had authenticated itself by the end."),
        .required("remoteAddress", .text, "Where it came from."),
        .required("reason", .text, "The stable code of the result, such as 'issued'."),
        .optional("sentence", .text, "What the code means."),
        .optional("hint", .text, "What would help."),
        .optional("answer", .text, "What the client heard."),
        .required("steps", .list(of: .object(Step.schema)), "What was looked at, in order.")
    )
}

/// Lists requests, the newest first.
public enum ListRequests: AdminOperation {
    /// Which ones.
    public struct Input: AdminDocument {
        /// Those to this profile.
        public var profile: String?
        /// Those that ended for this reason.
        public var reason: String?
        /// Those with this transactionID.
        public var transactionID: String?
        /// Those from this address.
        public var remoteAddress: String?
        /// Those whose sender had authenticated itself, or had not.
        public var authenticated: Bool?
        /// Those that came then or later.
        public var since: Date?
        /// Those that came before.
        public var until: Date?
        /// Where to begin.
        public var after: Identifier?
        /// How many.
        public var limit: Int?

        /// Wants all.
        public init() {}

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            .optional("profile", .servedProfile, "Those that were sent to this profile only."),
            .optional(
                "reason",
                .string(minimum: 1, maximum: 64, pattern: "[A-Za-z0-9.-]+"),
                "Those that ended for this reason only, such as 'challenge.used'."
            ),
            .optional("transactionID", .transactionID, "Those with this transactionID only."),
            .optional("remoteAddress", .string(minimum: 1, maximum: 64), "Those from this address only."),
            .optional(
                "authenticated",
                .boolean,
                "Those whose sender had authenticated itself, or those whose sender had not."
            ),
            .optional("since", .moment, "Those that came then or later."),
            .optional("until", .moment, "Those that came before."),
            .after,
            .limit
        )
    }

    /// What is answered.
    public typealias Output = Page<TraceDocument>

    /// The name of the operation.
    public static let id = "request.list"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/requests")
    /// What it does.
    public static let summary =
        "Lists requests with their traces, the newest first; a page may be short although more follows."
    /// Whom it is for.
    public static let access = Access.reading
}

/// Tells what became of a request.
public enum ExplainRequest: AdminOperation {
    /// Which one.
    public struct Input: AdminDocument {
        /// Its trace's id, or its transactionID.
        public var id: String

        /// Says which one.
        public init(id: String) { self.id = id }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            .required("id", .transactionID, "A transactionID, or the id of one trace.")
        )
    }

    /// The traces.
    public typealias Output = Page<TraceDocument>

    /// The name of the operation.
    public static let id = "request.explain"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/requests/{id}")
    /// What it does.
    public static let summary = "Tells what became of the requests with a transactionID: the newest fifty, in one page."
    /// Whom it is for.
    public static let access = Access.reading
}

extension Schema {
    /// The name of what is served at one URL: a SCEP profile, or an RA profile at its own.
    static var servedProfile: Schema { .string(minimum: 1, maximum: 80, pattern: "(raProfile/)?[a-z0-9-]+") }
    /// A transactionID (RFC 8894 §3.2.1.1), or an id.
    static var transactionID: Schema { .string(minimum: 1, maximum: 255, pattern: "[ -~]+") }
    /// Bytes as base64 without line ends.
    static func base64(byteCount: Int) -> Schema { .string(minimum: 4, maximum: (byteCount + 2) / 3 * 4) }
}
