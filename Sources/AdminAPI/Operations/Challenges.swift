// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// A challenge, without its code.
public struct ChallengeDocument: ListedDocument, Hashable {
    /// Whether it can be used.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// It can.
        case open
        /// A one-time challenge that was.
        case used
        /// Its time is over.
        case expired
        /// It was taken back.
        case revoked
    }

    /// Its id.
    public var id: Identifier
    /// The SCEP profile that it is good for.
    public var profile: String
    /// `one-time` or `static`.
    public var kind: String
    /// A static challenge's name.
    public var name: String?
    /// When it was made.
    public var createdAt: Date
    /// When it ends; nil if it does not.
    public var expiresAt: Date?
    /// Whether it can be used.
    public var state: State
    /// The subject that a request has to ask for.
    public var boundSubject: String?
    /// The alternative names that a request has to ask for.
    public var boundNames: [String]?
    /// The kind of key that a request has to have.
    public var boundKeyType: String?
    /// The only RA profile that it is good for.
    public var raProfile: String?
    /// The device that it was made for.
    public var device: String?

    /// Puts a document together.
    public init(
        id: Identifier,
        profile: String,
        kind: String,
        name: String? = nil,
        createdAt: Date,
        expiresAt: Date? = nil,
        state: State,
        boundSubject: String? = nil,
        boundNames: [String]? = nil,
        boundKeyType: String? = nil,
        raProfile: String? = nil,
        device: String? = nil
    ) {
        self.id = id
        self.profile = profile
        self.kind = kind
        self.name = name
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.state = state
        self.boundSubject = boundSubject
        self.boundNames = boundNames
        self.boundKeyType = boundKeyType
        self.raProfile = raProfile
        self.device = device
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "Challenge",
        .required("id", .identifier, "Its id."),
        .required("profile", .profileName, "The SCEP profile that it is good for."),
        .required("kind", .choice(["one-time", "static"]), "Good for one certificate, or for any number."),
        .optional("name", .text, "A static challenge's name."),
        .required("createdAt", .moment, "When it was made."),
        .optional("expiresAt", .moment, "When it ends; missing if it does not."),
        .required("state", .choice(State.allCases.map(\.rawValue)), "Whether it can be used."),
        .optional("boundSubject", .text, "The subject that a request has to ask for (RFC 4514)."),
        .optional("boundNames", .list(of: .text), "The alternative names that a request has to ask for."),
        .optional("boundKeyType", .text, "The kind of key that a request has to have."),
        .optional("raProfile", .profileName, "The only RA profile that it is good for."),
        .optional("device", .text, "The device that it was made for.")
    )
}

/// Lists challenges, the oldest first.
public enum ListChallenges: AdminOperation {
    /// Which ones.
    public struct Input: AdminDocument {
        /// Those of this SCEP profile only.
        public var profile: String?
        /// Where to begin.
        public var after: Identifier?
        /// How many.
        public var limit: Int?

        /// Says which ones.
        public init(profile: String? = nil, after: Identifier? = nil, limit: Int? = nil) {
            self.profile = profile
            self.after = after
            self.limit = limit
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            .optional("profile", .profileName, "Those of this SCEP profile only."),
            .after,
            .limit
        )
    }

    /// What is answered.
    public typealias Output = Page<ChallengeDocument>

    /// The name of the operation.
    public static let id = "challenge.list"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/challenges")
    /// What it does.
    public static let summary = "Lists challenges without their codes, the oldest first."
    /// Whom it is for.
    public static let access = Access.issuingCodes

    /// The profile whose challenges are listed.
    public static func profile(of input: Input) -> String? { input.profile }
}

/// Makes one-time challenges, or a static one.
public enum NewChallenges: AdminOperation {
    /// What they are to be like.
    public struct Input: AdminDocument {
        /// The SCEP profile.
        public var profile: String
        /// How many one-time challenges.
        public var count: Int?
        /// How long they live, in hours.
        public var hours: Double?
        /// The name of a static challenge, to make one instead.
        public var staticName: String?
        /// The code of a static challenge.
        public var code: String?
        /// The transactionID of the request that is encrypted under it.
        public var transactionID: String?
        /// The subject that a request has to ask for.
        public var subject: String?
        /// The alternative names that a request has to ask for, each with its kind.
        public var subjectAltNames: [String]?
        /// The kind of key that a request has to have.
        public var keyType: KeyType?
        /// The only RA profile.
        public var raProfile: String?
        /// The device.
        public var device: String?

        /// Says what they are to be like.
        public init(profile: String) { self.profile = profile }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "NewChallenges",
            .required("profile", .profileName, "The SCEP profile that they are good for."),
            .optional("count", .integer(1...100_000), "How many one-time challenges; 1 if it is left out."),
            .optional(
                "hours",
                .number(0.00001...876_000),
                "How long they live; one-time challenges live 24 hours if it is left out."
            ),
            .optional(
                "staticName",
                .string(minimum: 1, maximum: 256),
                "Makes a static challenge with this name instead."
            ),
            .optional(
                "code",
                .string(minimum: 12, maximum: 1024),
                "The static challenge's code; the server makes one if it is left out."
            ).secret,
            .optional(
                "transactionID",
                .string(minimum: 1, maximum: 255, pattern: "[ -~]+"),
                "Keeps the challenge so that a request of this transactionID that is encrypted under it can be opened."
            ),
            .optional(
                "subject",
                .string(maximum: 1024),
                "The subject that a request has to ask for (RFC 4514)."
            ),
            .optional(
                "subjectAltNames",
                .list(of: .string(minimum: 1, maximum: 1024), maximum: 64),
                "The alternative names that a request has to ask for, such as 'dns:a.example'; an empty list for none."
            ),
            .optional("keyType", KeyType.schema, "The kind of key that a request has to have."),
            .optional("raProfile", .profileName, "The only RA profile that they are good for."),
            .optional("device", .string(minimum: 1, maximum: 256), "The device that it is for; this binds nothing.")
        )
    }

    /// The codes.
    public struct Output: AdminDocument {
        /// The codes, which are known nowhere else from now on.
        public var codes: [String]

        /// Wraps codes.
        public init(codes: [String]) { self.codes = codes }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "NewChallengeCodes",
            ObjectSchema.Property.required(
                "codes",
                .list(of: .text),
                "The codes, which are known nowhere else from now on."
            ).secret
        )
    }

    /// The name of the operation.
    public static let id = "challenge.new"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/challenges")
    /// What it does.
    public static let summary = "Makes one-time challenges, or a static one."
    /// Whom it is for.
    public static let access = Access.issuingCodes
    /// It makes something.
    public static let creates = true

    /// The profile that they are good for.
    public static func profile(of input: Input) -> String? { input.profile }
}

/// Takes a challenge back.
public enum RevokeChallenge: AdminOperation {
    /// Which one.
    public struct Input: AdminDocument {
        /// Its id.
        public var id: Identifier

        /// Says which one.
        public init(id: Identifier) { self.id = id }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(nil, .required("id", .identifier, "The challenge's id."))
    }

    /// Nothing is answered.
    public typealias Output = NoContent

    /// The name of the operation.
    public static let id = "challenge.revoke"
    /// Where it is.
    public static let endpoint = Endpoint(.delete, "/challenges/{id}")
    /// What it does.
    public static let summary = "Takes a challenge back; certificates that it was used for stay."
    /// Whom it is for.
    public static let access = Access.administering
}
