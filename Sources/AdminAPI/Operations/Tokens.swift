// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// A token of the admin API, without its secret.
public struct TokenDocument: ListedDocument, Hashable {
    /// Whether it can be used.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// It can.
        case valid
        /// Its time is over.
        case expired
        /// It was taken back.
        case revoked
        /// Its operator is disabled.
        case disabled
    }

    /// The id.
    public var id: Identifier
    /// The name.
    public var name: String
    /// The operator whose it is; nil for a system's.
    public var `operator`: String?
    /// What it may do, as far as its operator may.
    public var roles: [Role]
    /// The SCEP profiles of a code issuer; nil for all.
    public var profiles: [String]?
    /// Whether it can be used.
    public var state: State
    /// When it was made.
    public var createdAt: Date
    /// When it ends.
    public var expiresAt: Date
    /// When it was used last, to the minute or so.
    public var lastUsedAt: Date?

    /// Puts a document together.
    public init(
        id: Identifier,
        name: String,
        `operator`: String? = nil,
        roles: [Role],
        profiles: [String]? = nil,
        state: State,
        createdAt: Date,
        expiresAt: Date,
        lastUsedAt: Date? = nil
    ) {
        self.id = id
        self.name = name
        self.operator = `operator`
        self.roles = roles
        self.profiles = profiles
        self.state = state
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "Token",
        .required("id", .identifier, "The id."),
        .required("name", .principalName, "The name."),
        .optional("operator", .principalName, "The operator whose it is; missing for a system's."),
        .required("roles", .roles, "What it may do, as far as its operator may."),
        .optional("profiles", .profileNames, "The SCEP profiles of a code issuer; missing for all."),
        .required("state", .choice(State.allCases.map(\.rawValue)), "Whether it can be used."),
        .required("createdAt", .moment, "When it was made."),
        .required("expiresAt", .moment, "When it ends."),
        .optional("lastUsedAt", .moment, "When it was used last, to the minute or so.")
    )
}

/// Lists tokens, the oldest first.
public enum ListTokens: AdminOperation {
    /// Which ones.
    public typealias Input = ListOperators.Input

    /// What is answered.
    public typealias Output = Page<TokenDocument>

    /// The name of the operation.
    public static let id = "token.list"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/tokens")
    /// What it does.
    public static let summary = "Lists the tokens of the admin API without their secrets, the oldest first."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Makes a token.
public enum NewToken: AdminOperation {
    /// The most days that a token lives.
    public static let maximumDays = 1100

    /// What it is to be like.
    public struct Input: AdminDocument {
        /// The name.
        public var name: String
        /// What it may do.
        public var roles: [Role]
        /// The SCEP profiles of a code issuer; nil for all.
        public var profiles: [String]?
        /// The operator whose it is; nil for a system's.
        public var `operator`: String?
        /// How many days it lives; 90 if nil.
        public var days: Int?

        /// Says what it is to be like.
        public init(
            name: String,
            roles: [Role],
            profiles: [String]? = nil,
            `operator`: String? = nil,
            days: Int? = nil
        ) {
            self.name = name
            self.roles = roles
            self.profiles = profiles
            self.operator = `operator`
            self.days = days
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            .required("name", .principalName, "The name."),
            .required("roles", .roles, "What it may do."),
            .optional("profiles", .profileNames, "The SCEP profiles of a code issuer; leave it out for all."),
            .optional(
                "operator",
                .principalName,
                "The operator whose it is, who limits what it may do; leave it out for a system's."
            ),
            .optional("days", .integer(1...NewToken.maximumDays), "How many days it lives; 90 if it is left out.")
        )
    }

    /// The token.
    public struct Output: AdminDocument {
        /// The token itself, which is told this once.
        public var secret: String
        /// What it is like.
        public var token: TokenDocument

        /// Puts both together.
        public init(secret: String, token: TokenDocument) {
            self.secret = secret
            self.token = token
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "NewToken",
            .required("secret", .text, "The token itself, which is told this once.").secret,
            .required("token", .object(TokenDocument.schema), "What it is like.")
        )
    }

    /// The name of the operation.
    public static let id = "token.new"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/tokens")
    /// What it does.
    public static let summary = "Makes a token of the admin API."
    /// Whom it is for.
    public static let access = Access.administering
    /// It makes something.
    public static let creates = true
}

/// Takes a token back.
public enum RevokeToken: AdminOperation {
    /// Which one.
    public struct Input: AdminDocument {
        /// The id.
        public var id: Identifier
        /// Whether to do it even if no administrator is left.
        public var force: Bool?

        /// Says which one.
        public init(id: Identifier, force: Bool? = nil) {
            self.id = id
            self.force = force
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(nil, .required("id", .identifier, "The token's id."), .force)
    }

    /// Nothing is answered.
    public typealias Output = NoContent

    /// The name of the operation.
    public static let id = "token.revoke"
    /// Where it is.
    public static let endpoint = Endpoint(.delete, "/tokens/{id}")
    /// What it does.
    public static let summary = "Takes a token back, at once."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Tells who asks.
public enum WhoAmI: AdminOperation {
    /// Nothing needs to be said.
    public typealias Input = NoContent

    /// Who asks.
    public struct Output: AdminDocument, Hashable {
        /// The name, as the audit log has it.
        public var name: String
        /// From where, as the audit log has it.
        public var origin: String
        /// What they may do.
        public var roles: [Role]
        /// The SCEP profiles of a code issuer; nil for all.
        public var profiles: [String]?

        /// Puts a document together.
        public init(name: String, origin: String, roles: [Role], profiles: [String]?) {
            self.name = name
            self.origin = origin
            self.roles = roles
            self.profiles = profiles
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "Principal",
            .required("name", .text, "The name, as the audit log has it."),
            .required("origin", .text, "From where, as the audit log has it."),
            .required("roles", .list(of: .choice(Role.allCases.map(\.rawValue))), "What they may do."),
            .optional("profiles", .list(of: .profileName), "The SCEP profiles of a code issuer; missing for all.")
        )
    }

    /// The name of the operation.
    public static let id = "whoami"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/whoami")
    /// What it does.
    public static let summary = "Tells who asks, and what they may do."
    /// Whom it is for.
    public static let access = Access.own
}
