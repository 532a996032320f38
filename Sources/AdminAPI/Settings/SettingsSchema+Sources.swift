// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension SettingsSchema {
    /// Who judges challenges.
    static let challengeSource = Schema.union(
        by: "type",
        [
            "stored": stored, "directory": directory, "webhook": webhook, "token": token, "program": program,
            "registration": registration,
        ]
    )

    /// The one-time codes and static challenges of this server.
    static let stored = ObjectSchema("StoredSource")

    static let registration = ObjectSchema(
        "RegistrationSource",
        .optional(
            "identifiedBy",
            .choice(["CN", "serialNumber", "subject", "dns"]),
            "What of a request names the device."
        ).usually("CN"),
        .optional("maximumGuesses", .integer(1...1000), "With how many wrong secrets a registration is locked.")
            .usually(10)
    )

    static let webhook = ObjectSchema(
        "WebhookSource",
        .optional("name", sourceName, "Its name in traces, and of the hook in the question.").usually("webhook"),
        .required("url", url, "The https URL that is asked by POST."),
        .optional("allowInsecure", .boolean, "Whether the URL may be http.").usually(false),
        .optional(
            "id",
            .string(minimum: 1, maximum: 200, pattern: "[!-~]+"),
            "The id that tells the receiver which secret is meant."
        ),
        .required("secret", .object(secret), "The base64-encoded secret that questions are signed with."),
        .optional("bearerToken", .object(secret), "The token for 'Authorization: Bearer'."),
        .optional("basicAuth", .object(basicCredentials), "The credentials for 'Authorization: Basic'."),
        .optional("timeout", .integer(1...30), "How many seconds the whole question may take.").usually(5),
        .optional("trustRoots", path, "A file with the PEM certificates that are trusted instead of the system's."),
        .optional("form", .choice(["step-ca", "json"]), "What question and answer look like.").usually("step-ca"),
        .optional(
            "deny",
            .choice(["reject", "next"]),
            "Whether a 'no' refuses the challenge, or has the next source asked."
        ).usually("reject"),
        .optional("parallel", .integer(1...64), "How many questions are on their way at once, at most.").usually(64)
    )

    static let basicCredentials = ObjectSchema(
        "BasicCredentials",
        .required("user", .string(maximum: 256, pattern: "[^:]*"), "The user's name."),
        .required("password", .object(secret), "The password.")
    )

    static let token = ObjectSchema(
        "TokenSource",
        .optional("name", sourceName, "Its name in traces.").usually("token"),
        .optional(
            "keys",
            .list(of: path, maximum: 16),
            "Files with the public keys that sign tokens: PEM, or a JSON Web Key Set."
        ).usually([]),
        .optional("keySet", url, "The https URL of a JSON Web Key Set."),
        .optional(
            "secret",
            .object(secret),
            "The secret of 32 bytes or more that tokens are authenticated with (HS256)."
        ),
        .optional("allowInsecure", .boolean, "Whether the key set's URL may be http.").usually(false),
        .optional("trustRoots", path, "A file with the PEM certificates that are trusted instead of the system's."),
        .optional("timeout", .integer(1...30), "How many seconds fetching the key set may take.").usually(5),
        .optional(
            "maximumKeySetHours",
            .integer(1...720),
            "How many hours a key set is used that can't be fetched anew."
        ).usually(24),
        .optional("issuer", .string(maximum: 1024), "What 'iss' has to be."),
        .optional("audience", .string(maximum: 1024), "What 'aud' has to name."),
        .optional("sub", .choice(["bound", "free"]), "Whether 'sub' is the subject that a device has to ask for.")
            .usually("bound")
    )

    static let program = ObjectSchema(
        "ProgramSource",
        .optional("name", sourceName, "Its name in traces.").usually("program"),
        .required("path", .string(minimum: 1, maximum: 4095, pattern: "/.*"), "The program's absolute path."),
        .optional("arguments", .list(of: .string(maximum: 4095), maximum: 64), "Its arguments, always the same.")
            .usually([]),
        .optional("timeout", .integer(1...30), "How many seconds it may take.").usually(5),
        .optional("parallel", .integer(1...64), "How many of it run at once, at most.").usually(8)
    )

    static let directory = ObjectSchema(
        "DirectorySource",
        .optional("name", .string(maximum: 256), "Its name in traces.").usually("directory"),
        .required(
            "mode",
            .choice(["bind", "lookup"]),
            "Whether the challenge is an entry's password, or a value in an entry."
        ),
        .required(
            "url",
            .string(minimum: 8, maximum: 512, pattern: "ldaps?://[A-Za-z0-9.:\\[\\]-]+/?"),
            "ldaps://HOST or ldap://HOST, with a port or without."
        ),
        .optional("startTLS", .boolean, "Whether ldap:// goes over to TLS.").usually(false),
        .optional("allowInsecure", .boolean, "Whether ldap:// may stay in the clear.").usually(false),
        .optional("roots", path, "A file with the PEM certificates that are trusted instead of the system's."),
        .optional("timeoutSeconds", .integer(1...60), "Within how many seconds the directory has to answer.").usually(
            5
        ),
        .optional("bindDN", template, "The entry of a request, such as 'uid=${csr.subject.UID},dc=example'."),
        .optional("base", .string(maximum: 1024), "Where to search for the entry."),
        .optional("scope", .choice(["one", "subtree"]), "How far the search reaches; 'subtree' if it is left out."),
        .optional("filter", template, "The filter of the search, such as '(uid=${csr.subject.UID})'."),
        .optional("account", .object(account), "Who searches."),
        .optional("attribute", attribute, "The attribute that holds the challenge."),
        .optional(
            "attributes",
            .list(of: attribute, maximum: 64),
            "Attributes of the entry that certificate templates may use, as 'directory.NAME'."
        ).usually([])
    )

    static let account = ObjectSchema(
        "DirectoryAccount",
        .required("dn", .string(minimum: 1, maximum: 1024), "Its entry."),
        .required("password", .object(secret), "Its password.")
    )

    /// Where a secret lies; it is never in the settings.
    static let secret = ObjectSchema(
        "SecretReference",
        .optional("file", path, "The file that holds the secret; there is 'file' or 'environment'."),
        .optional(
            "environment",
            .string(minimum: 1, maximum: 256),
            "The environment variable of the server that holds the secret."
        )
    )

    static let sourceName = Schema.string(minimum: 1, maximum: 64, pattern: "[ -~]+")
    static let path = Schema.string(minimum: 1, maximum: 4095)
    static let url = Schema.string(minimum: 8, maximum: 2048)
    static let attribute = Schema.string(minimum: 1, maximum: 128, pattern: "[A-Za-z0-9-]+")
    static let template = Schema.string(minimum: 1, maximum: 1024)
}
