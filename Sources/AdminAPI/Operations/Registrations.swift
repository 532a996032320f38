// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

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
