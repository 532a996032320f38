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

/// Registers a device.
public enum NewRegistration: AdminOperation {
    /// Which one, for which profile.
    public struct Input: AdminDocument {
        /// The SCEP profile.
        public var profile: String
        /// The device.
        public var device: NewRegistrationDocument

        /// Says which one.
        public init(profile: String, device: NewRegistrationDocument) {
            self.profile = profile
            self.device = device
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "RegistrationInput",
            .required("profile", .profileName, "The SCEP profile that it is registered for."),
            .required("device", .object(NewRegistrationDocument.schema), "The device.")
        )
    }

    /// The secret, if one was made.
    public struct Output: AdminDocument {
        /// The secret, which is known nowhere else.
        public var secret: String?

        /// Wraps a secret.
        public init(secret: String?) { self.secret = secret }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "RegistrationSecret",
            ObjectSchema.Property.optional(
                "secret",
                .text,
                "The secret that was made, which is known nowhere else from now on."
            ).secret
        )
    }

    /// The name of the operation.
    public static let id = "registration.new"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/registrations")
    /// What it does.
    public static let summary = "Registers a device."
    /// Whom it is for.
    public static let access = Access.issuingCodes
    /// It makes something.
    public static let creates = true

    /// The profile that it is registered for.
    public static func profile(of input: Input) -> String? { input.profile }
}

/// Registers many devices.
public enum ImportRegistrations: AdminOperation {
    /// The most devices of one call.
    public static let maximumCount = 10_000

    /// Which ones, for which profile.
    public struct Input: AdminDocument {
        /// The SCEP profile.
        public var profile: String
        /// The devices.
        public var devices: [NewRegistrationDocument]

        /// Says which ones.
        public init(profile: String, devices: [NewRegistrationDocument]) {
            self.profile = profile
            self.devices = devices
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "RegistrationsInput",
            .required("profile", .profileName, "The SCEP profile that they are registered for."),
            .required(
                "devices",
                .list(of: .object(NewRegistrationDocument.schema), minimum: 1, maximum: maximumCount),
                "The devices; no name may be there twice."
            )
        )
    }

    /// What was made.
    public struct Output: AdminDocument {
        /// A device with the secret that was made for it.
        public struct Made: Codable, Sendable, Hashable {
            /// The device's name.
            public var name: String
            /// Its secret.
            public var secret: String

            /// Puts both together.
            public init(name: String, secret: String) {
                self.name = name
                self.secret = secret
            }

            static let schema = ObjectSchema(
                "MadeSecret",
                .required("name", .text, "The device's name."),
                ObjectSchema.Property.required("secret", .text, "Its secret.").secret
            )
        }

        /// How many were registered.
        public var registered: Int
        /// The secrets that were made.
        public var secrets: [Made]

        /// Puts an answer together.
        public init(registered: Int, secrets: [Made]) {
            self.registered = registered
            self.secrets = secrets
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "MadeRegistrations",
            .required("registered", .integer(0...maximumCount), "How many were registered."),
            ObjectSchema.Property.required(
                "secrets",
                .list(of: .object(Made.schema)),
                "The secrets that were made, which are known nowhere else from now on."
            ).secret
        )
    }

    /// The name of the operation.
    public static let id = "registration.import"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/registration-imports")
    /// What it does.
    public static let summary = "Registers up to ten thousand devices, all or none."
    /// Whom it is for.
    public static let access = Access.issuingCodes
    /// It makes something.
    public static let creates = true

    /// The profile that they are registered for.
    public static func profile(of input: Input) -> String? { input.profile }
}

/// Lists registered devices.
public enum ListRegistrations: AdminOperation {
    /// Which ones.
    public struct Input: AdminDocument {
        /// Those of this SCEP profile.
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
    public typealias Output = Page<RegistrationDocument>

    /// The name of the operation.
    public static let id = "registration.list"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/registrations")
    /// What it does.
    public static let summary = "Lists registered devices without their secrets, the oldest first."
    /// Whom it is for.
    public static let access = Access.issuingCodes

    /// The profile whose devices are listed.
    public static func profile(of input: Input) -> String? { input.profile }
}

/// A registered device by what names it.
public struct RegistrationReference: AdminDocument {
    /// The SCEP profile.
    public var profile: String
    /// The device's name.
    public var name: String

    /// Names a device.
    public init(profile: String, name: String) {
        self.profile = profile
        self.name = name
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        nil,
        .required("profile", .profileName, "The SCEP profile that the device is registered for."),
        .required("name", .string(minimum: 1, maximum: 1024), "The name that it is registered under.")
    )
}

/// Shows a registered device.
public enum ShowRegistration: AdminOperation {
    /// Which one.
    public typealias Input = RegistrationReference
    /// What is answered.
    public typealias Output = RegistrationDocument

    /// The name of the operation.
    public static let id = "registration.show"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/registrations/{profile}/{name}")
    /// What it does.
    public static let summary = "Shows a registered device, without its secret."
    /// Whom it is for.
    public static let access = Access.issuingCodes

    /// The profile that it is registered for.
    public static func profile(of input: Input) -> String? { input.profile }
}

/// Takes a registration back.
public enum RevokeRegistration: AdminOperation {
    /// Which one.
    public typealias Input = RegistrationReference
    /// Nothing is answered.
    public typealias Output = NoContent

    /// The name of the operation.
    public static let id = "registration.revoke"
    /// Where it is.
    public static let endpoint = Endpoint(.delete, "/registrations/{profile}/{name}")
    /// What it does.
    public static let summary = "Takes a registration back; certificates that it was used for stay."
    /// Whom it is for.
    public static let access = Access.issuingCodes

    /// The profile that it is registered for.
    public static func profile(of input: Input) -> String? { input.profile }
}

/// Unlocks a registered device.
public enum UnlockRegistration: AdminOperation {
    /// Which one.
    public typealias Input = RegistrationReference
    /// Nothing is answered.
    public typealias Output = NoContent

    /// The name of the operation.
    public static let id = "registration.unlock"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/registrations/{profile}/{name}/unlock")
    /// What it does.
    public static let summary = "Unlocks a device that too many wrong secrets were tried for."
    /// Whom it is for.
    public static let access = Access.administering
}
