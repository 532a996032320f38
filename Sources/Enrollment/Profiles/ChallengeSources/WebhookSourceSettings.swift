// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A user and a password for Basic authentication (RFC 7617).
public struct BasicCredentials: Sendable, Hashable, Codable {
    /// The user's name, without a colon.
    public var user: String
    /// The password.
    public var password: SecretReference

    /// Puts credentials together.
    public init(user: String, password: SecretReference) {
        self.user = user
        self.password = password
    }
}

/// A webhook as challenge source: another system is asked about each challenge.
public struct WebhookSourceSettings: Sendable, Hashable, Codable {
    /// What the question and the answer look like.
    public enum Form: String, Sendable, Hashable, Codable, CaseIterable {
        /// As step-ca asks its SCEPCHALLENGE webhooks.
        case stepCA = "step-ca"
        /// A flat JSON object of our own.
        case json
    }

    /// What a system's "no" means.
    public enum Denial: String, Sendable, Hashable, Codable, CaseIterable {
        /// The challenge is refused.
        case reject
        /// The next source is asked.
        case next
    }

    /// The name in traces, and of the hook in the question.
    public var name: String
    /// The URL that is asked by POST.
    public var url: String
    /// Whether the URL may be http.
    public var allowInsecure = false
    /// The id that tells the receiver which secret is meant.
    public var id: String?
    /// The base64-encoded secret that the questions are signed with.
    public var secret: SecretReference
    /// The token for `Authorization: Bearer`.
    public var bearerToken: SecretReference?
    /// The credentials for `Authorization: Basic`.
    public var basicAuth: BasicCredentials?
    /// How many seconds the whole question may take, with the second try.
    public var timeout = 5
    /// A file with the PEM certificates that are trusted instead of the system's.
    public var trustRoots: String?
    /// What question and answer look like.
    public var form: Form = .stepCA
    /// What a "no" means.
    public var deny: Denial = .reject
    /// How many questions are on their way at once, at most.
    public var parallel = 64

    /// Puts settings together.
    public init(name: String, url: String, secret: SecretReference) {
        self.name = name
        self.url = url
        self.secret = secret
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, url, allowInsecure, id, secret, bearerToken, basicAuth, timeout, trustRoots, form, deny, parallel
    }

    /// Reads settings, and says what is wrong with them.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.url = try values.decode(String.self, forKey: .url)
        self.name = try values.decodeIfPresent(String.self, forKey: .name) ?? "webhook"
        self.allowInsecure = try values.decodeIfPresent(Bool.self, forKey: .allowInsecure) ?? false
        self.id = try values.decodeIfPresent(String.self, forKey: .id)
        self.secret = try values.decode(SecretReference.self, forKey: .secret)
        self.bearerToken = try values.decodeIfPresent(SecretReference.self, forKey: .bearerToken)
        self.basicAuth = try values.decodeIfPresent(BasicCredentials.self, forKey: .basicAuth)
        self.timeout = try values.decodeIfPresent(Int.self, forKey: .timeout) ?? 5
        self.trustRoots = try values.decodeIfPresent(String.self, forKey: .trustRoots)
        self.form = try values.decodeIfPresent(Form.self, forKey: .form) ?? .stepCA
        self.deny = try values.decodeIfPresent(Denial.self, forKey: .deny) ?? .reject
        self.parallel = try values.decodeIfPresent(Int.self, forKey: .parallel) ?? 64
        try SourceNames.check(name, values.codingPath)
        try values.check(.url, OutgoingURL.problem(url, allowInsecure: allowInsecure))
        try values.check(.timeout, (1...30).contains(timeout) ? nil : "it is 1 to 30 seconds")
        try values.check(.parallel, (1...64).contains(parallel) ? nil : "it is 1 to 64")
        try values.check(.id, id.map(Self.isHeaderValue) == false ? "it has 1 to 200 visible ASCII characters" : nil)
        let hasColon = basicAuth?.user.contains(":") ?? false
        try values.check(.basicAuth, hasColon ? "a user has no colon in it" : nil)
        let isTwice = bearerToken != nil && basicAuth != nil
        try values.check(.bearerToken, isTwice ? "there is 'bearerToken' or 'basicAuth', not both" : nil)
    }

    private static func isHeaderValue(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
