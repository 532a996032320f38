// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import StrictJSON

/// What the settings of profiles look like.
///
/// A test compares it with what reads them, both ways: their keys, words, limits and defaults.
public enum SettingsSchema: Sendable {
    /// The settings of a SCEP profile.
    public static let scepProfile = ObjectSchema(
        "SCEPProfileSettings",
        .optional(
            "raProfile",
            .profileName,
            "The RA profile that issues at the profile's own URL; without it none is served."
        ),
        .optional("aliases", .list(of: .profileName, maximum: 1000), "Further names of its URL.").usually([]),
        .optional(
            "challengeSources",
            .list(of: challengeSource, maximum: 64),
            "Who judges challenges, in this order."
        ).defaulting(to: .array([.object(["type": .string("stored")])])),
        .optional(
            "authorizedSigners",
            .list(of: .object(authorizedSigner), maximum: 1000),
            "The proxies that may ask for the keys of others to be certified."
        ).usually([]),
        .optional(
            "approval",
            .choice(["automatic", "enrollments", "all", "rules"]),
            "Which requests wait for somebody's decision."
        ).usually("automatic"),
        .optional(
            "approvalRules",
            .list(of: .object(approvalRule), maximum: 1000),
            "With 'approval: rules': the first rule that a request fits says what becomes of it; what fits none waits."
        ).usually([]),
        .optional("approvalDays", .integer(1...3650), "After how many days a request expires that nobody decided on.")
            .usually(14),
        .optional("approvers", .object(approvers), "Who decides on what waits."),
        .optional(
            "fourEyes",
            .choice(["optional", "required"]),
            "Whether somebody may approve what they themselves asked for: only if it is optional."
        ).usually("optional"),
        .optional("compatibility", .choice(compatibilities), "The client compatibility.").usually("default"),
        .optional(
            "acceptedLegacy",
            .list(of: .choice(["des", "md5"]), maximum: 16),
            "Algorithms that RFC 8894 forbids, and that are accepted all the same."
        ).usually([]),
        .optional(
            "refusedAlgorithms",
            .list(of: .choice(["sha1", "sha384", "sha512", "des3", "aes192", "aes256"]), maximum: 16),
            "Usual algorithms that are refused."
        ).usually([]),
        .optional("pss", acceptance, "Whether signatures of requests may be RSASSA-PSS.").usually("refused"),
        .optional(
            "passwordRecipients",
            acceptance,
            "Whether requests may be encrypted under a challenge that was made for their transactionID."
        ).usually("refused"),
        .optional("renewal", .object(renewal), "How certificates are renewed."),
        .optional(
            "maximumClockSkew",
            .integer(1...31_536_000),
            "How many seconds a signingTime may be off; as many as it likes if it is left out."
        ),
        .optional(
            "maximumOutstandingCodes",
            .integer(0...1_000_000_000),
            "How many one-time codes may be good at the same time; any number if it is left out."
        ),
        .optional(
            "maximumFailuresPerMinute",
            .integer(0...1_000_000),
            "How many requests of an address may fail to authenticate in a minute before it has to wait; 0 for any number."
        ).usually(60)
    )

    static let renewal = ObjectSchema(
        "RenewalPolicy",
        .optional("requests", acceptance, "Whether certificates are renewed with themselves at all.").usually(
            "accepted"
        ),
        .optional(
            "window",
            .string(minimum: 2, maximum: 32, pattern: "always|[0-9]+([.][0-9]+)?%|[0-9]+d"),
            "From when on: 'always', '33%' (the last third of the validity) or '30d' (its last 30 days)."
        ).usually("always"),
        .optional("keyReuse", acceptance, "Whether the new certificate may have the old key.").usually("accepted"),
        .optional(
            "graceDays",
            .integer(0...3650),
            "For how many days after its end a certificate may still be renewed."
        ).usually(0),
        .optional(
            "alternateAuthorities",
            .list(of: .string(minimum: 1, maximum: 256), maximum: 1000),
            "The CAs of others whose certificates may sign renewals, by the names that they have here."
        ).usually([])
    )

    static let approvers = ObjectSchema(
        "ApproverPolicy",
        .optional("needed", .integer(1...16), "How many different people have to approve a request.").usually(1),
        .optional(
            "names",
            .list(of: .string(maximum: 256), maximum: 1000),
            "Who may decide, by name; whoever may give commands if it is empty."
        ).usually([])
    )

    static let approvalRule = ObjectSchema(
        "ApprovalRule",
        .optional("when", .object(approvalCondition), "What a request has to be; all requests fit if it is left out."),
        .required("then", .choice(["issue", "wait"]), "Whether a request that fits is issued at once, or waits."),
        .optional(
            "needed",
            .integer(1...16),
            "How many people have to approve it; as the profile says if it is left out."
        )
    )

    static let approvalCondition = ObjectSchema(
        "ApprovalCondition",
        .optional("purpose", .choice(["enrollment", "renewal"]), "What the request is for."),
        .optional("raProfiles", .list(of: .profileName, maximum: 1000), "The RA profiles that are to issue it."),
        .optional(
            "keys",
            .list(of: .string(minimum: 1, maximum: 32), maximum: 64),
            "The types and sizes of its key, such as 'RSA-2048' or 'P-256'."
        ),
        .optional(
            "values",
            .map(of: .list(of: pattern, minimum: 1, maximum: 1000)),
            "Patterns by path, of names that it asks for ('csr.subject.CN') or of what its challenge source knows ('webhook.group')."
        )
    )

    static let authorizedSigner = ObjectSchema(
        "AuthorizedSigner",
        .required("name", .string(minimum: 1, maximum: 64), "Its name in traces."),
        .optional("certificateSHA256", fingerprint, "The SHA-256 of the proxy's certificate."),
        .optional("keySHA256", fingerprint, "The SHA-256 of the SubjectPublicKeyInfo of the proxy's key."),
        .optional(
            "issuedThrough",
            .string(minimum: 1, maximum: 74, pattern: "(raProfile/)?[a-z0-9-]+"),
            "The profile that issues the proxy's certificates; with 'subject'."
        ),
        .optional(
            "authority",
            .string(minimum: 1, maximum: 256),
            "The alternate authority that issues the proxy's certificates; with 'subject'."
        ),
        .optional("subject", .string(minimum: 1, maximum: 1024), "The subject of the proxy's certificate (RFC 4514)."),
        .required(
            "names",
            .map(of: .list(of: pattern, maximum: 1000)),
            "Patterns of the names that it may ask for, by path ('csr.subject.CN', 'csr.san.dns')."
        ),
        .optional("challenge", .choice(["needed", "waived"]), "Whether a challenge is needed as well.").usually(
            "waived"
        )
    )

    static let acceptance = Schema.choice(["accepted", "refused"])
    /// A text in which an asterisk stands for any run of characters.
    static let pattern = Schema.string(minimum: 1, maximum: 256)
    /// 32 bytes in hexadecimal digits, as tools write them.
    static let fingerprint = Schema.string(minimum: 64, maximum: 200, pattern: "[0-9A-Fa-f: ]+")
    static let compatibilities = [
        "default", "apple", "windows", "android", "cisco-ios", "juniper", "mikrotik", "ndes", "legacy",
        "strongswan-5.9", "pyscep", "absent-content",
    ]
}

extension ObjectSchema.Property {
    func usually(_ word: String) -> Self { defaulting(to: .string(word)) }
    func usually(_ number: Int) -> Self { defaulting(to: .integer(number)) }
    func usually(_ truth: Bool) -> Self { defaulting(to: .boolean(truth)) }
    func usually(_ words: [String]) -> Self { defaulting(to: .array(words.map(JSONValue.string))) }
}
