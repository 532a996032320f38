// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import CertificateAuthority
internal import Cryptography
public import SCEP

/// An algorithm that RFC 8894 §2.9 forbids and a profile may accept all the same, by name.
public enum LegacyAlgorithm: String, Sendable, Hashable, Codable, CaseIterable {
    /// Single DES in requests; the reply is in triple DES.
    case des
    /// MD5 in the signatures of requests; the reply has SHA-256.
    case md5
}

/// A profile's name: lower-case letters, digits and hyphens (design §6.14).
public enum ProfileName: Sendable {
    /// The name of the profile that the URLs without a name mean.
    public static let `default` = "default"

    /// The first parts of paths that old clients append to any URL, and what says at the command line that there is none: they can't
    /// be names.
    private static let reserved: Set<String> = ["cgi-bin", "certsrv", "none"]

    /// The name under which what an RA profile's own URL serves is kept: no SCEP profile can have it.
    public static func served(raProfile name: String) -> String { "raProfile/\(name)" }

    /// Whether a text is a name of 1 to 64 characters.
    public static func isValid(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !reserved.contains(text)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// An algorithm that a profile may do without, by name.
public enum OptionalAlgorithm: String, Sendable, Hashable, Codable, CaseIterable {
    /// SHA-1 in the signatures of requests.
    case sha1
    /// SHA-384 in the signatures of requests.
    case sha384
    /// SHA-512 in the signatures of requests.
    case sha512
    /// Triple DES.
    case des3
    /// AES-192.
    case aes192
    /// AES-256.
    case aes256
}

/// How the protocol is served at one URL, as it is stored (design §2).
public struct SCEPProfileSettings: Sendable, Hashable, Codable {
    /// The RA profile that says what is issued at its own URL; without one it serves the URLs of the RA profiles that name it.
    public var raProfile: String?
    /// Further names that its URL may have.
    public var aliases: [String] = []
    /// The name of the client compatibility.
    public var compatibility: String
    /// The forbidden algorithms that are accepted all the same.
    public var acceptedLegacy: Set<LegacyAlgorithm>
    /// The usual algorithms that are refused.
    public var refusedAlgorithms: Set<OptionalAlgorithm> = []
    /// Whether outer signatures may be RSASSA-PSS.
    public var pss: Acceptance = .refused
    /// Whether requests may be encrypted under a challenge instead of to the RA's key.
    public var passwordRecipients: Acceptance = .refused
    /// How certificates are renewed.
    public var renewal = RenewalPolicy()
    /// Which requests wait for somebody's decision.
    public var approval: ApprovalPolicy = .automatic
    /// What becomes of which requests, in the order in which they are looked at, where the policy is `rules`.
    public var approvalRules: [ApprovalRule] = []
    /// Who decides on what waits.
    public var approvers = ApproverPolicy()
    /// Whether somebody may approve what they themselves asked for.
    public var fourEyes: FourEyes = .optional
    /// After how many days a request expires on which nobody decided: polling has to end.
    public var approvalDays: Int = 14
    /// Who judges challenges, in the order in which they are asked.
    public var challengeSources: [ChallengeSourceSettings] = [.stored]
    /// The proxies that may ask for the keys of others to be certified.
    public var authorizedSigners: [AuthorizedSigner] = []
    /// How far a signingTime may be off, in seconds; nil for as far as it likes (client-quirks M2).
    public var maximumClockSkew: Int?
    /// How many one-time codes may be good at the same time; nil for any number.
    public var maximumOutstandingCodes: Int?
    /// How many requests of an address may fail to authenticate in a minute, and twice as many at once, before it has to wait;
    /// 0 for any number.
    public var maximumFailuresPerMinute = 60

    /// Puts settings together.
    public init(raProfile: String?, compatibility: String = "default", acceptedLegacy: Set<LegacyAlgorithm> = []) {
        self.raProfile = raProfile
        self.compatibility = compatibility
        self.acceptedLegacy = acceptedLegacy
    }

    /// Reads settings; what an older version or an administrator did not write has its default.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.raProfile = try values.decodeIfPresent(String.self, forKey: .raProfile)
        self.aliases = try values.decodeIfPresent([String].self, forKey: .aliases) ?? []
        self.compatibility = try values.decodeIfPresent(String.self, forKey: .compatibility) ?? "default"
        self.acceptedLegacy = try values.decodeIfPresent(Set.self, forKey: .acceptedLegacy) ?? []
        self.refusedAlgorithms = try values.decodeIfPresent(Set.self, forKey: .refusedAlgorithms) ?? []
        self.pss = try values.decodeIfPresent(Acceptance.self, forKey: .pss) ?? .refused
        self.passwordRecipients =
            try values.decodeIfPresent(Acceptance.self, forKey: .passwordRecipients) ?? .refused
        self.renewal = try values.decodeIfPresent(RenewalPolicy.self, forKey: .renewal) ?? RenewalPolicy()
        self.approval = try values.decodeIfPresent(ApprovalPolicy.self, forKey: .approval) ?? .automatic
        self.approvalRules = try values.decodeIfPresent([ApprovalRule].self, forKey: .approvalRules) ?? []
        self.approvers =
            try values.decodeIfPresent(ApproverPolicy.self, forKey: .approvers) ?? ApproverPolicy()
        self.fourEyes = try values.decodeIfPresent(FourEyes.self, forKey: .fourEyes) ?? .optional
        self.approvalDays = try values.decodeIfPresent(Int.self, forKey: .approvalDays) ?? 14
        self.challengeSources =
            try values.decodeIfPresent([ChallengeSourceSettings].self, forKey: .challengeSources) ?? [.stored]
        self.authorizedSigners =
            try values.decodeIfPresent([AuthorizedSigner].self, forKey: .authorizedSigners) ?? []
        self.maximumClockSkew = try values.decodeIfPresent(Int.self, forKey: .maximumClockSkew)
        self.maximumFailuresPerMinute =
            try values.decodeIfPresent(Int.self, forKey: .maximumFailuresPerMinute) ?? 60
        guard (0...1_000_000).contains(maximumFailuresPerMinute) else {
            throw DecodingError.dataCorruptedError(
                forKey: .maximumFailuresPerMinute,
                in: values,
                debugDescription: "maximumFailuresPerMinute is 0 to 1000000"
            )
        }
        self.maximumOutstandingCodes = try values.decodeIfPresent(Int.self, forKey: .maximumOutstandingCodes)
    }

    /// Whether nothing is issued before somebody has decided on it: only then may a profile ask nobody else (design §9).
    public var everyRequestWaits: Bool { approval == .all }

    /// The algorithms that follow.
    public var algorithms: AlgorithmPolicy {
        var policy = AlgorithmPolicy.standard
        if acceptedLegacy.contains(.des) { policy.ciphers.insert(.insecureDESCBC) }
        if acceptedLegacy.contains(.md5) { policy.digests.insert(.insecureMD5) }
        for algorithm in refusedAlgorithms {
            switch algorithm {
            case .sha1: policy.digests.remove(.sha1)
            case .sha384: policy.digests.remove(.sha384)
            case .sha512: policy.digests.remove(.sha512)
            case .des3: policy.ciphers.remove(.tripleDESCBC)
            case .aes192: policy.ciphers.remove(.aes192CBC)
            case .aes256: policy.ciphers.remove(.aes256CBC)
            }
        }
        policy.pss = pss
        policy.passwordRecipients = passwordRecipients
        return policy
    }
}

/// What may be issued and by whom, as it is stored (design §2).
public struct RAProfileSettings: Sendable, Hashable, Codable {
    /// The issuer's name.
    public var issuer: String
    /// What certificates may and do contain.
    public var template: CertificateTemplate
    /// The SCEP profile that says how it is served at a URL of its own; without one it has none.
    public var scepProfile: String?

    /// What becomes of requests for what is certified already.
    public var duplicates = DuplicatePolicy()

    /// The issuer that `sceptic init` makes.
    public static let usualIssuer = "issuing"

    /// Puts settings together.
    public init(
        issuer: String = usualIssuer,
        template: CertificateTemplate = CertificateTemplate(),
        scepProfile: String? = nil
    ) {
        self.issuer = issuer
        self.template = template
        self.scepProfile = scepProfile
    }

    /// Reads settings; what an older version or an administrator did not write has its default.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.issuer = try values.decodeIfPresent(String.self, forKey: .issuer) ?? Self.usualIssuer
        self.template =
            try values.decodeIfPresent(CertificateTemplate.self, forKey: .template) ?? CertificateTemplate()
        self.scepProfile = try values.decodeIfPresent(String.self, forKey: .scepProfile)
        self.duplicates = try values.decodeIfPresent(DuplicatePolicy.self, forKey: .duplicates) ?? DuplicatePolicy()
    }

    /// What makes no sense in the settings, a sentence for each; empty when they can be served.
    public func problems() -> [String] {
        (issuer.isEmpty ? ["The RA profile names no issuer."] : []) + template.problems()
    }
}
