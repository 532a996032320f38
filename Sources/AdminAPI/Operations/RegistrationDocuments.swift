// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// How often a registration is good.
public enum RegistrationUse: String, Sendable, Hashable, Codable, CaseIterable {
    /// For one certificate.
    case once
    /// For any number.
    case many

    static let schema = Schema.choice(allCases.map(\.rawValue))
}

/// A device that is registered, without its secret.
public struct RegistrationDocument: ListedDocument, Hashable {
    /// Where it stands.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// It can be used.
        case open
        /// It was.
        case used
        /// Its time is over.
        case expired
        /// Too many wrong secrets were tried.
        case locked
        /// It was taken back.
        case revoked
    }

    /// Its id.
    public var id: Identifier
    /// What its requests name.
    public var name: String
    /// The SCEP profile.
    public var profile: String
    /// How often it is good.
    public var uses: RegistrationUse
    /// Where it stands.
    public var state: State
    /// When it was made.
    public var createdAt: Date
    /// When it ends.
    public var expiresAt: Date?
    /// When it was locked.
    public var lockedAt: Date?
    /// When it was used.
    public var usedAt: Date?
    /// How many wrong secrets were tried since the last right one.
    public var failedGuesses: Int
    /// The only RA profile.
    public var raProfile: String?
    /// The subject that requests have to ask for.
    public var boundSubject: String?
    /// The alternative names that they have to ask for.
    public var boundNames: [String]?
    /// The kind of key that they have to have.
    public var boundKeyType: String?
    /// What templates may fill in.
    public var attributes: [String: [String]]

    /// Puts a document together.
    public init(
        id: Identifier,
        name: String,
        profile: String,
        uses: RegistrationUse,
        state: State,
        createdAt: Date,
        failedGuesses: Int,
        attributes: [String: [String]]
    ) {
        self.id = id
        self.name = name
        self.profile = profile
        self.uses = uses
        self.state = state
        self.createdAt = createdAt
        self.failedGuesses = failedGuesses
        self.attributes = attributes
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "Registration",
        .required("id", .identifier, "Its id."),
        .required("name", .text, "What its requests name."),
        .required("profile", .profileName, "The SCEP profile that it is registered for."),
        .required("uses", RegistrationUse.schema, "How often it is good."),
        .required("state", .choice(State.allCases.map(\.rawValue)), "Where it stands."),
        .required("createdAt", .moment, "When it was made."),
        .optional("expiresAt", .moment, "When it ends; missing if it does not."),
        .optional("lockedAt", .moment, "When it was locked."),
        .optional("usedAt", .moment, "When it was used, where it is good for once."),
        .required(
            "failedGuesses",
            .integer(0...1_000_000),
            "How many wrong secrets were tried since the last right one."
        ),
        .optional("raProfile", .profileName, "The only RA profile that it is good for."),
        .optional("boundSubject", .text, "The subject that requests have to ask for."),
        .optional("boundNames", .list(of: .text), "The alternative names that they have to ask for."),
        .optional("boundKeyType", .text, "The kind of key that they have to have."),
        .required("attributes", .map(of: .list(of: .text)), "What templates may fill in, by its path.")
    )
}

/// A device that is to be registered.
public struct NewRegistrationDocument: AdminDocument, Hashable {
    /// What its requests name.
    public var name: String
    /// Its secret; one is made if nil.
    public var secret: String?
    /// The subject that requests have to ask for.
    public var subject: String?
    /// The alternative names that they have to ask for; empty for none at all.
    public var subjectAltNames: [String]?
    /// The kind of key that they have to have.
    public var keyType: KeyType?
    /// The only RA profile.
    public var raProfile: String?
    /// How often it is good; once if nil.
    public var uses: RegistrationUse?
    /// When it ends.
    public var expiresAt: Date?
    /// What templates may fill in.
    public var attributes: [String: String]?

    /// Names a device.
    public init(name: String) { self.name = name }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "NewRegistration",
        .required("name", .string(minimum: 1, maximum: 1024), "What its requests name, such as its common name."),
        .optional(
            "secret",
            .string(minimum: 8, maximum: 1024),
            "Its secret; the server makes one if it is left out."
        ).secret,
        .optional("subject", .string(maximum: 1024), "The subject that its requests have to ask for (RFC 4514)."),
        .optional(
            "subjectAltNames",
            .list(of: .string(minimum: 1, maximum: 1024), maximum: 64),
            "The alternative names that they have to ask for; an empty list for none."
        ),
        .optional("keyType", KeyType.schema, "The kind of key that they have to have."),
        .optional("raProfile", .profileName, "The only RA profile that it is good for."),
        .optional("uses", RegistrationUse.schema, "How often it is good; once if it is left out."),
        .optional("expiresAt", .moment, "When it ends; never if it is left out."),
        .optional(
            "attributes",
            .map(of: .string(maximum: 1024)),
            "What templates may fill in: keys of letters, digits, '.', '_' and '-', but not 'name'."
        )
    )
}
