// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// Finds events of the audit log, newest first.
public enum ListAudit: AdminOperation {
    /// Which ones.
    public struct Input: AdminDocument {
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
        /// Where to begin.
        public var after: String?
        /// How many.
        public var limit: Int?

        /// Says which ones.
        public init() {}

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            .optional("actor", .string(minimum: 1, maximum: 256), "Those of this actor, such as 'operator:anna'."),
            .optional(
                "action",
                .string(minimum: 1, maximum: 64, pattern: "[a-zA-Z.-]+"),
                "Those of this action, or of all that begin with it and a dot."
            ),
            .optional("target", .string(minimum: 1, maximum: 512), "Those about this, such as 'profile phones'."),
            .optional("since", .moment, "Those since this moment."),
            .optional("until", .moment, "Those before this moment."),
            .optional(
                "after",
                .string(maximum: 80, pattern: "-?[0-9]{1,17}:[0-9a-f-]{36}:[0-9]{1,18}"),
                "Begin behind this: the 'next' of the page before."
            ),
            .limit
        )
    }

    /// What is answered.
    public typealias Output = Page<AuditEventDocument>

    /// The name of the operation.
    public static let id = "audit.list"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/audit/events")
    /// What it does.
    public static let summary = "Finds events of the audit log, newest first."
    /// Whom it is for.
    public static let access = Access.auditing
}

/// Checks the audit log in the database.
public enum VerifyAudit: AdminOperation {
    /// Nothing has to be said.
    public struct Input: AdminDocument {
        /// Makes it.
        public init() {}

        /// What its JSON looks like.
        public static let schema = ObjectSchema()
    }

    /// What is answered.
    public typealias Output = AuditVerificationDocument

    /// The name of the operation.
    public static let id = "audit.verify"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/audit/verification")
    /// What it does.
    public static let summary = "Checks that nobody has changed, removed or put in a row of the audit log."
    /// It reads the whole log.
    public static let takesLong = true
    /// Whom it is for.
    public static let access = Access.auditing
}

/// Hands the rows of the audit log over, with all that is needed to check them elsewhere.
public enum ExportAudit: AdminOperation {
    /// Which part.
    public struct Input: AdminDocument {
        /// Where to begin.
        public var after: String?
        /// How many.
        public var limit: Int?

        /// Says which part.
        public init(after: String? = nil, limit: Int? = nil) {
            self.after = after
            self.limit = limit
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            .optional(
                "after",
                .string(maximum: 80, pattern: "checkpoint:[0-9]{1,18}|(stream|event):[0-9a-f-]{36}:[0-9]{1,18}"),
                "Begin behind this: the 'next' of the page before."
            ),
            .limit
        )
    }

    /// What is answered.
    public typealias Output = Page<AuditRowDocument>

    /// The name of the operation.
    public static let id = "audit.export"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/audit/rows")
    /// What it does.
    public static let summary = "Hands the audit log over: its checkpoints, then each stream with its events."
    /// Whom it is for.
    public static let access = Access.auditing
}
