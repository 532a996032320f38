// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import StrictJSON

/// What became of a profile that a file names, or would.
public struct ProfileOutcome: Codable, Sendable, Hashable {
    /// What happened to it.
    public enum Change: String, Codable, Sendable, CaseIterable {
        /// It is new.
        case created
        /// It is another than it was.
        case changed
        /// It is as it was.
        case unchanged
        /// It is gone.
        case removed
    }

    /// A setting that is another than it was.
    public struct Difference: Codable, Sendable, Hashable {
        /// Where it stands, such as `renewal.window` or `challengeSources[0].url`.
        public var path: String
        /// What it was; nil if it was not there.
        public var old: JSONValue?
        /// What it is; nil if it is not there.
        public var new: JSONValue?

        /// Puts a difference together.
        public init(path: String, old: JSONValue?, new: JSONValue?) {
            self.path = path
            self.old = old
            self.new = new
        }

        static let schema = ObjectSchema(
            "SettingDifference",
            .required("path", .text, "Where the setting stands, such as 'renewal.window'."),
            .optional("old", .anything, "What it was; missing if it was not there."),
            .optional("new", .anything, "What it is; missing if it is not there.")
        )
    }

    /// The kind of profile, by its key in the file.
    public var kind: String
    /// Its name.
    public var name: String
    /// What happened to it.
    public var change: Change
    /// What is another than it was; for a new profile, than its default.
    public var differences: [Difference]
    /// Why it is enabled and not served all the same.
    public var reason: String?

    /// Puts an outcome together.
    public init(kind: String, name: String, change: Change, differences: [Difference], reason: String?) {
        self.kind = kind
        self.name = name
        self.change = change
        self.differences = differences
        self.reason = reason
    }

    static let schema = ObjectSchema(
        "ProfileOutcome",
        .required("kind", .choice(["raProfiles", "scepProfiles"]), "The kind of profile, by its key in the file."),
        .required("name", .text, "Its name."),
        .required("change", .choice(Change.allCases.map(\.rawValue)), "What happened to it."),
        .required(
            "differences",
            .list(of: .object(Difference.schema)),
            "What is another than it was; for a new profile, than its default."
        ),
        .optional("reason", .text, "Why it is enabled and not served all the same.")
    )
}

/// Makes profiles what a file says.
public enum ApplyProfiles: AdminOperation {
    /// The file, and how it is meant.
    public struct Input: AdminDocument {
        /// The file.
        public var document: String
        /// Whether profiles go that it does not name.
        public var prune: Bool?
        /// Whether nothing is to be changed.
        public var dryRun: Bool?
        /// Whether it is done although nothing would be served then.
        public var force: Bool?

        /// Says what is to be applied, and how.
        public init(document: String, prune: Bool? = nil, dryRun: Bool? = nil, force: Bool? = nil) {
            self.document = document
            self.prune = prune
            self.dryRun = dryRun
            self.force = force
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "ApplyProfiles",
            // It may hold what somebody put there by mistake; what it changes is in the log anyway.
            ObjectSchema.Property.required(
                "document",
                .string(maximum: 1_048_576),
                "YAML or JSON with the maps 'scepProfiles' and 'raProfiles'."
            ).secret,
            .optional("prune", .boolean, "Removes profiles that it does not name, of the kinds that it has a map of.")
                .usually(false),
            .optional("dryRun", .boolean, "Tells what would change, and changes nothing.").usually(false),
            .optional("force", .boolean, "Does it although nothing would be served, or an issuer would not issue.")
                .usually(false)
        )
    }

    /// What became of the profiles.
    public struct Output: AdminDocument, Hashable {
        /// Whether anything was changed, or would be.
        public var isDifferent: Bool
        /// Whether it was done.
        public var isApplied: Bool
        /// What became of each profile.
        public var profiles: [ProfileOutcome]
        /// Why it is not done without force.
        public var objections: [String]

        private enum CodingKeys: String, CodingKey {
            case isDifferent = "changed"
            case isApplied = "applied"
            case profiles, objections
        }

        /// Puts an answer together.
        public init(isDifferent: Bool, isApplied: Bool, profiles: [ProfileOutcome], objections: [String]) {
            self.isDifferent = isDifferent
            self.isApplied = isApplied
            self.profiles = profiles
            self.objections = objections
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "AppliedProfiles",
            .required("changed", .boolean, "Whether anything was changed, or would be."),
            .required("applied", .boolean, "Whether it was done; not if 'dryRun' was said."),
            .required("profiles", .list(of: .object(ProfileOutcome.schema)), "What became of each profile."),
            .required("objections", .list(of: .text), "Why it is not done without 'force'.")
        )
    }

    /// The name of the operation.
    public static let id = "profile.apply"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/profile-file")
    /// What it does.
    public static let summary = "Makes profiles of both kinds what a file says, all or none."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Writes profiles as a file.
public enum ExportProfiles: AdminOperation {
    /// Which ones.
    public struct Input: AdminDocument {
        /// The SCEP profiles; nil for all profiles.
        public var names: [String]?

        /// Says which ones.
        public init(names: [String]? = nil) { self.names = names }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            .optional(
                "names",
                .list(of: .profileName, maximum: 1000),
                "The SCEP profiles, with the RA profiles that belong to them; all of both kinds if it is left out."
            )
        )
    }

    /// The file.
    public struct Output: AdminDocument {
        /// YAML.
        public var document: String

        /// Wraps a file.
        public init(document: String) { self.document = document }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "ProfileFile",
            .required("document", .text, "YAML that 'profile.apply' reads back to the same.")
        )
    }

    /// The name of the operation.
    public static let id = "profile.export"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/profile-file")
    /// What it does.
    public static let summary = "Writes profiles of both kinds as a file."
    /// Whom it is for.
    public static let access = Access.reading
}
