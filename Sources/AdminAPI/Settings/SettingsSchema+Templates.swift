// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import StrictJSON

extension SettingsSchema {
    /// The settings of an RA profile.
    public static let raProfile = ObjectSchema(
        "RAProfileSettings",
        .optional("issuer", .string(minimum: 1, maximum: 64), "The CA that issues.").usually("issuing"),
        .optional("scepProfile", .profileName, "The SCEP profile that serves it at a URL of its own."),
        .optional("template", .object(certificateTemplate), "What certificates contain."),
        .optional("duplicates", .object(duplicates), "What becomes of requests for what is certified already.")
    )

    static let duplicates = ObjectSchema(
        "DuplicatePolicy",
        .optional(
            "subject",
            .choice(["allow", "refuse", "replace"]),
            "What becomes of a second certificate with the same subject."
        ).usually("allow"),
        .optional("key", .choice(["allow", "refuse"]), "What becomes of a second certificate for the same key.")
            .usually("allow"),
        .optional(
            "graceDays",
            .integer(0...3650),
            "For how many days a certificate that is replaced stays good; with 'subject: replace'."
        ).usually(0)
    )

    /// What certificates contain.
    static let certificateTemplate = ObjectSchema(
        "CertificateTemplate",
        .optional("validityDays", .integer(1...36_500), "For how many days certificates are valid.").usually(365),
        .optional(
            "validityHours",
            .integer(1...876_000),
            "For how many hours certificates are valid, instead of 'validityDays'."
        ),
        .optional(
            "backdateSeconds",
            .integer(0...2_592_000),
            "How far the start of the validity lies before the issuance."
        ).usually(3600),
        .optional(
            "subject",
            .either(
                .string(minimum: 1, maximum: 16_384),
                .list(of: .map(of: .string(maximum: 1024)), minimum: 1, maximum: 64)
            ),
            "What the subject is made of, such as 'CN=${csr.subject.CN},O=Example'; that of the request if it is left out."
        ),
        .optional(
            "names",
            .list(of: .string(minimum: 3, maximum: 1100, pattern: "(dns|email|uri|ip|upn):[\\s\\S]+"), maximum: 64),
            "Alternative names that certificates get, such as 'dns:${csr.subject.CN}.example.com'."
        ).usually([]),
        .optional(
            "allowedNames",
            .list(of: .choice(["dns", "email", "uri", "ip"]), maximum: 16),
            "The kinds of alternative name that are taken over from requests."
        ).usually(["dns", "email", "uri", "ip"]),
        .optional(
            "requestedNames",
            .choice(["take", "ignore", "refuse"]),
            "What becomes of the alternative names that requests ask for."
        ).usually("take"),
        .optional(
            "requiredNames",
            .list(of: .choice(["dns", "email", "uri", "ip", "upn"]), maximum: 16),
            "The kinds of alternative name of which there has to be one."
        ).usually([]),
        .optional(
            "requestedExtensions",
            .choice(["strip", "refuse"]),
            "What becomes of a request that asks for other extensions."
        ).usually("strip"),
        .optional("keys", .object(keyPolicy), "Which keys are certified."),
        .optional(
            "deniedKeys",
            .list(of: .string(minimum: 64, maximum: 200, pattern: "[0-9A-Fa-f:]+"), maximum: 10_000),
            "The SHA-256 of SubjectPublicKeyInfos that are never certified."
        ).usually([]),
        .optional("minimumRSABits", rsaBits, "The shortest RSA key; 'keys' may say it instead.").usually(2048),
        .optional(
            "requiredSubject",
            attributeTypes,
            "The attribute types of which the subject needs one, such as 'CN'."
        )
        .usually([]),
        .optional("forbiddenSubject", attributeTypes, "The attribute types that a subject must not have.").usually([]),
        .optional("allowedSubject", attributeTypes, "The only attribute types that a subject may have."),
        .optional(
            "invisibleCharacters",
            .choice(["accept", "refuse"]),
            "What becomes of subjects and names with characters that can't be seen."
        ).usually("accept"),
        .optional(
            "patterns",
            .map(of: .list(of: pattern, minimum: 1, maximum: 1000)),
            "What the parts of subject and names have to look like, by 'CN', 'OU' … or 'dns', 'email', 'uri', 'ip', 'upn'."
        ).defaulting(to: .object([:])),
        .optional(
            "deniedPatterns",
            .map(of: .list(of: pattern, maximum: 1000)),
            "What the parts of subject and names must not look like."
        ).defaulting(to: .object([:])),
        .optional(
            "keyUsages",
            .list(
                of: .choice([
                    "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
                ]),
                maximum: 16
            ),
            "The key usages; digitalSignature, with keyEncipherment for RSA keys, if it is left out."
        ),
        .optional("extendedKeyUsages", extendedUsages(1), "The extended key usages, by name or dotted number.")
            .usually(["clientAuth"]),
        .optional(
            "requestedUsages",
            .choice(["ignore", "grant", "refuse"]),
            "What becomes of the usages that requests ask for."
        ).usually("ignore"),
        .optional(
            "allowedExtendedKeyUsages",
            extendedUsages(0),
            "The extended key usages that requests get when they ask for them; with 'requestedUsages: grant'."
        ).usually([])
    )

    static let keyPolicy = ObjectSchema(
        "KeyPolicy",
        .optional(
            "types",
            .list(of: .choice(["rsa", "p256", "p384", "p521"]), minimum: 1, maximum: 16),
            "The types of key."
        ).usually(["rsa", "p256", "p384", "p521"]),
        .optional("minimumRSABits", rsaBits, "The shortest RSA key.").usually(2048),
        .optional("maximumRSABits", rsaBits, "The longest RSA key.").usually(8192),
        .optional("minimumRSAExponent", .integer(3...65_537), "The smallest public exponent of an RSA key.").usually(5)
    )

    private static let rsaBits = Schema.integer(1024...8192)
    private static let attributeTypes = Schema.list(of: .string(minimum: 1, maximum: 64), maximum: 64)
    private static func extendedUsages(_ minimum: Int) -> Schema {
        .list(of: .string(minimum: 1, maximum: 128), minimum: minimum, maximum: 64)
    }
}
