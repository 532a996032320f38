// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// A request that waits, or waited, for somebody's decision.
public struct WaitingRequestDocument: ListedDocument, Hashable {
    /// Somebody's word for it.
    public struct Vote: Codable, Sendable, Hashable {
        /// Whose.
        public var by: String
        /// When.
        public var at: Date
        /// What they wrote.
        public var note: String?

        /// Puts a vote together.
        public init(by: String, at: Date, note: String?) {
            self.by = by
            self.at = at
            self.note = note
        }

        static let schema = ObjectSchema(
            "Vote",
            .required("by", .text, "Who is for it."),
            .required("at", .moment, "Since when."),
            .optional("note", .text, "What they wrote.")
        )
    }

    /// Where it stands.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// Nobody has decided yet.
        case pending
        /// Its certificate is issued.
        case approved
        /// It was denied.
        case denied
        /// Nobody decided in time.
        case expired
    }

    /// Its id.
    public var id: Identifier
    /// Where it stands.
    public var state: State
    /// The subject that it asks for.
    public var subject: String
    /// The alternative names that it asks for.
    public var names: [String]
    /// The key's type and size.
    public var key: String
    /// SHA-256 of the public key.
    public var publicKeySHA256: String
    /// The profile that it was sent to.
    public var profile: String
    /// The RA profile.
    public var raProfile: String
    /// Its transactionID.
    public var transactionID: String
    /// Whether it is a renewal.
    public var renewal: Bool
    /// What it renews.
    public var renewedSerialNumber: String?
    /// Whether it was the issuer that refused it.
    public var refusedByIssuer: Bool
    /// How many people have to be for it.
    public var neededVotes: Int
    /// Where it came from.
    public var remoteAddress: String
    /// When it came.
    public var createdAt: Date
    /// When it expires.
    public var expiresAt: Date
    /// When it was decided.
    public var decidedAt: Date?
    /// Who decided.
    public var decidedBy: String?
    /// What they wrote.
    public var note: String?
    /// Who is for it; nil in lists.
    public var votes: [Vote]?

    /// Puts a document together.
    public init(
        id: Identifier,
        state: State,
        subject: String,
        names: [String],
        key: String,
        publicKeySHA256: String,
        profile: String,
        raProfile: String,
        transactionID: String,
        renewal: Bool,
        renewedSerialNumber: String?,
        refusedByIssuer: Bool,
        neededVotes: Int,
        remoteAddress: String,
        createdAt: Date,
        expiresAt: Date
    ) {
        self.id = id
        self.state = state
        self.subject = subject
        self.names = names
        self.key = key
        self.publicKeySHA256 = publicKeySHA256
        self.profile = profile
        self.raProfile = raProfile
        self.transactionID = transactionID
        self.renewal = renewal
        self.renewedSerialNumber = renewedSerialNumber
        self.refusedByIssuer = refusedByIssuer
        self.neededVotes = neededVotes
        self.remoteAddress = remoteAddress
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "WaitingRequest",
        .required("id", .identifier, "Its id."),
        .required("state", .choice(State.allCases.map(\.rawValue)), "Where it stands."),
        .required("subject", .text, "The subject that it asks for (RFC 4514)."),
        .required("names", .list(of: .text), "The alternative names that it asks for."),
        .required("key", .text, "The key's type and size."),
        .required("publicKeySHA256", .text, "SHA-256 of the public key."),
        .required("profile", .text, "The profile that it was sent to."),
        .required("raProfile", .text, "The RA profile."),
        .required("transactionID", .text, "Its transactionID."),
        .required("renewal", .boolean, "Whether it renews a certificate."),
        .optional("renewedSerialNumber", .text, "The serial number of that certificate."),
        .required("refusedByIssuer", .boolean, "Whether it was approved, and the issuer refused it."),
        .required("neededVotes", .integer(1...1_000_000), "How many people have to be for it."),
        .required("remoteAddress", .text, "Where it came from."),
        .required("createdAt", .moment, "When it came."),
        .required("expiresAt", .moment, "When it expires, if nobody decides."),
        .optional("decidedAt", .moment, "When it was decided, or expired."),
        .optional("decidedBy", .text, "Who decided."),
        .optional("note", .text, "What they wrote."),
        .optional("votes", .list(of: .object(Vote.schema)), "Who is for it; not in lists.")
    )
}

/// What became of a decision.
public struct DecisionDocument: AdminDocument, Hashable {
    /// The words for it.
    public enum Outcome: String, Codable, Sendable, CaseIterable {
        /// It is approved, and its certificate is issued.
        case issued
        /// It is approved, and the issuer takes longer.
        case ordered
        /// It is counted, and more people are needed.
        case counted
        /// It is denied.
        case denied
    }

    /// The request's id.
    public var id: Identifier
    /// The subject that it asks for; that of the certificate, when there is one.
    public var subject: String
    /// What became of it.
    public var outcome: Outcome
    /// The certificate's serial number.
    public var serialNumber: String?
    /// How many people are for it.
    public var votes: Int?
    /// How many have to be.
    public var neededVotes: Int?

    /// Puts a document together.
    public init(id: Identifier, subject: String, outcome: Outcome) {
        self.id = id
        self.subject = subject
        self.outcome = outcome
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "Decision",
        .required("id", .identifier, "The request's id."),
        .required("subject", .text, "The subject; that of the certificate, when there is one."),
        .required("outcome", .choice(Outcome.allCases.map(\.rawValue)), "What became of the decision."),
        .optional("serialNumber", .text, "The certificate's serial number."),
        .optional("votes", .integer(0...1_000_000), "How many people are for the request, where more are needed."),
        .optional("neededVotes", .integer(0...1_000_000), "How many are needed.")
    )
}

/// Lists requests that wait for a decision, the oldest first.
public enum ListWaitingRequests: AdminOperation {
    /// Which ones.
    public struct Input: AdminDocument {
        /// Where to begin.
        public var after: Identifier?
        /// How many.
        public var limit: Int?

        /// Says which ones.
        public init(after: Identifier? = nil, limit: Int? = nil) {
            self.after = after
            self.limit = limit
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(nil, .after, .limit)
    }

    /// What is answered.
    public typealias Output = Page<WaitingRequestDocument>

    /// The name of the operation.
    public static let id = "request.list-pending"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/waiting-requests")
    /// What it does.
    public static let summary = "Lists the requests that wait for a decision, the oldest first."
    /// Whom it is for.
    public static let access = Access.reading
}

/// Shows a request that waits or waited.
public enum ShowWaitingRequest: AdminOperation {
    /// Which one.
    public struct Input: AdminDocument {
        /// Its id, or its transactionID.
        public var id: String

        /// Says which one.
        public init(id: String) { self.id = id }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            .required("id", .transactionID, "Its id, or its transactionID.")
        )
    }

    /// What is answered.
    public typealias Output = WaitingRequestDocument

    /// The name of the operation.
    public static let id = "request.show"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/waiting-requests/{id}")
    /// What it does.
    public static let summary = "Shows a request that waits or waited for a decision, with who is for it."
    /// Whom it is for.
    public static let access = Access.reading
}

/// What a decision is made of.
public struct DecisionInput: AdminDocument {
    /// The request's id, or its transactionID.
    public var id: String
    /// Who decides, where that can't be told otherwise.
    public var by: String?
    /// What they write.
    public var note: String?

    /// Puts a decision together.
    public init(id: String, by: String? = nil, note: String? = nil) {
        self.id = id
        self.by = by
        self.note = note
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "DecisionInput",
        .required("id", .transactionID, "The request's id, or its transactionID."),
        .optional(
            "by",
            .string(minimum: 1, maximum: 256),
            "Who decides: for commands beside the state folder only; it is the operator or the token otherwise."
        ),
        .optional("note", .string(minimum: 0, maximum: 1024), "A note, which is recorded.")
    )
}

/// Approves a request.
public enum ApproveRequest: AdminOperation {
    /// Which one.
    public typealias Input = DecisionInput
    /// What became of it.
    public typealias Output = DecisionDocument

    /// The name of the operation.
    public static let id = "request.approve"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/waiting-requests/{id}/approve")
    /// What it does.
    public static let summary =
        "Approves a request: when enough people have, its certificate is issued, and the device gets it when it asks again."
    /// Whom it is for.
    public static let access = Access.deciding
}

/// Denies a request.
public enum DenyRequest: AdminOperation {
    /// Which one.
    public typealias Input = DecisionInput
    /// What became of it.
    public typealias Output = DecisionDocument

    /// The name of the operation.
    public static let id = "request.deny"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/waiting-requests/{id}/deny")
    /// What it does.
    public static let summary = "Denies a request: the device hears so when it asks again."
    /// Whom it is for.
    public static let access = Access.deciding
}
