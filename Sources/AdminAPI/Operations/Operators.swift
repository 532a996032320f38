// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// Somebody who administers the server.
public struct OperatorDocument: ListedDocument, Hashable {
    /// The id.
    public var id: Identifier
    /// The name.
    public var name: String
    /// What they may do.
    public var roles: [Role]
    /// The SCEP profiles of a code issuer; nil for all.
    public var profiles: [String]?
    /// Whether they may do anything now.
    public var enabled: Bool
    /// Whether they can sign in with a password.
    public var hasPassword: Bool
    /// When they were entered.
    public var createdAt: Date

    /// Puts a document together.
    public init(
        id: Identifier,
        name: String,
        roles: [Role],
        profiles: [String]? = nil,
        enabled: Bool,
        hasPassword: Bool,
        createdAt: Date
    ) {
        self.id = id
        self.name = name
        self.roles = roles
        self.profiles = profiles
        self.enabled = enabled
        self.hasPassword = hasPassword
        self.createdAt = createdAt
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "Operator",
        .required("id", .identifier, "The id."),
        .required("name", .principalName, "The name."),
        .required("roles", .roles, "What they may do."),
        .optional("profiles", .profileNames, "The SCEP profiles of a code issuer; missing for all."),
        .required("enabled", .boolean, "Whether they may do anything now."),
        .required("hasPassword", .boolean, "Whether they can sign in with a password."),
        .required("createdAt", .moment, "When they were entered.")
    )
}

/// What holds for the passwords of operators.
public enum OperatorPassword: Sendable {
    /// How many characters they have: shorter ones are guessed, however slow one guess is.
    public static let length = 12...1024
}

extension Schema {
    /// The name of an operator or a token.
    static var principalName: Schema { .string(minimum: 1, maximum: 64, pattern: "[a-z0-9][a-z0-9._@-]*") }
    /// Some roles.
    static var roles: Schema { .list(of: .choice(Role.allCases.map(\.rawValue)), minimum: 1, maximum: 8) }
    /// Names of SCEP profiles.
    static var profileNames: Schema { .list(of: .profileName, minimum: 1, maximum: 256) }
    /// A password that somebody chose.
    static var password: Schema {
        .string(minimum: OperatorPassword.length.lowerBound, maximum: OperatorPassword.length.upperBound)
    }
}

extension ObjectSchema.Property {
    static let operatorName = Self.required("name", .principalName, "The operator's name.")
    static let force = Self.optional(
        "force",
        .boolean,
        "Do it even if nobody is left then who may do everything; only the command line beside the state folder gets in after that."
    )
}

/// Lists operators, those first who were entered first.
public enum ListOperators: AdminOperation {
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
    public typealias Output = Page<OperatorDocument>

    /// The name of the operation.
    public static let id = "operator.list"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/operators")
    /// What it does.
    public static let summary = "Lists those who administer the server."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Shows an operator.
public enum ShowOperator: AdminOperation {
    /// Which one.
    public struct Input: AdminDocument {
        /// The name.
        public var name: String

        /// Says which one.
        public init(name: String) { self.name = name }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(nil, .operatorName)
    }

    /// What is answered.
    public typealias Output = OperatorDocument

    /// The name of the operation.
    public static let id = "operator.show"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/operators/{name}")
    /// What it does.
    public static let summary = "Shows an operator."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Enters an operator.
public enum NewOperator: AdminOperation {
    /// Who.
    public struct Input: AdminDocument {
        /// The name.
        public var name: String
        /// What they may do.
        public var roles: [Role]
        /// The SCEP profiles of a code issuer; nil for all.
        public var profiles: [String]?
        /// The password; nil for somebody who only has tokens.
        public var password: String?

        /// Says who.
        public init(name: String, roles: [Role], profiles: [String]? = nil, password: String? = nil) {
            self.name = name
            self.roles = roles
            self.profiles = profiles
            self.password = password
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            .required("name", .principalName, "The name."),
            .required("roles", .roles, "What they may do."),
            .optional("profiles", .profileNames, "The SCEP profiles of a code issuer; leave it out for all."),
            .optional("password", .password, "The password; leave it out for somebody who only gets tokens.").secret
        )
    }

    /// What is answered.
    public typealias Output = OperatorDocument

    /// The name of the operation.
    public static let id = "operator.new"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/operators")
    /// What it does.
    public static let summary = "Enters somebody who administers the server."
    /// Whom it is for.
    public static let access = Access.administering
    /// It makes something.
    public static let creates = true
}

/// Changes what an operator may do.
public enum SetOperator: AdminOperation {
    /// What to change.
    public struct Input: AdminDocument {
        /// Who.
        public var name: String
        /// What they may do from now on; nil to leave it.
        public var roles: [Role]?
        /// The SCEP profiles of a code issuer from now on; nil to leave them.
        public var profiles: [String]?
        /// Whether a code issuer may make codes for all profiles from now on.
        public var allProfiles: Bool?
        /// Whether to do it even if no administrator is left.
        public var force: Bool?

        /// Says what to change.
        public init(
            name: String,
            roles: [Role]? = nil,
            profiles: [String]? = nil,
            allProfiles: Bool? = nil,
            force: Bool? = nil
        ) {
            self.name = name
            self.roles = roles
            self.profiles = profiles
            self.allProfiles = allProfiles
            self.force = force
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            .operatorName,
            .optional("roles", .roles, "What they may do from now on."),
            .optional("profiles", .profileNames, "The SCEP profiles of a code issuer from now on."),
            .optional("allProfiles", .boolean, "A code issuer may make codes for all profiles from now on."),
            .force
        )
    }

    /// What is answered.
    public typealias Output = OperatorDocument

    /// The name of the operation.
    public static let id = "operator.set"
    /// Where it is.
    public static let endpoint = Endpoint(.patch, "/operators/{name}")
    /// What it does.
    public static let summary = "Changes what an operator may do."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Lets an operator do nothing any more, nor their tokens.
public enum DisableOperator: AdminOperation {
    /// Who.
    public struct Input: AdminDocument {
        /// The name.
        public var name: String
        /// Whether to do it even if no administrator is left.
        public var force: Bool?

        /// Says who.
        public init(name: String, force: Bool? = nil) {
            self.name = name
            self.force = force
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(nil, .operatorName, .force)
    }

    /// What is answered.
    public typealias Output = OperatorDocument

    /// The name of the operation.
    public static let id = "operator.disable"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/operators/{name}/disable")
    /// What it does.
    public static let summary = "Lets an operator do nothing any more, nor their tokens."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Lets an operator do again what their roles allow.
public enum EnableOperator: AdminOperation {
    /// Who.
    public typealias Input = ShowOperator.Input

    /// What is answered.
    public typealias Output = OperatorDocument

    /// The name of the operation.
    public static let id = "operator.enable"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/operators/{name}/enable")
    /// What it does.
    public static let summary = "Lets an operator do again what their roles allow."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Removes an operator with their tokens.
public enum DeleteOperator: AdminOperation {
    /// Who.
    public typealias Input = DisableOperator.Input

    /// Nothing is answered.
    public typealias Output = NoContent

    /// The name of the operation.
    public static let id = "operator.delete"
    /// Where it is.
    public static let endpoint = Endpoint(.delete, "/operators/{name}")
    /// What it does.
    public static let summary = "Removes an operator and their tokens; what they did stays on record under their name."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Gives an operator another password.
public enum SetPassword: AdminOperation {
    /// Who, and which.
    public struct Input: AdminDocument {
        /// The operator's name.
        public var name: String
        /// The password.
        public var password: String

        /// Says who, and which.
        public init(name: String, password: String) {
            self.name = name
            self.password = password
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            .operatorName,
            .required("password", .password, "The new password.").secret
        )
    }

    /// Nothing is answered.
    public typealias Output = NoContent

    /// The name of the operation.
    public static let id = "operator.password"
    /// Where it is.
    public static let endpoint = Endpoint(.put, "/operators/{name}/password")
    /// What it does.
    public static let summary =
        "Gives an operator another password: administrators to anybody, others to themselves, signed in by password."
    /// Whom it is for.
    public static let access = Access.own
}
