// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Signed tokens as challenge source: the challenge is a JSON Web Token (RFC 7519) that somebody else made for the device.
public struct TokenSourceSettings: Sendable, Hashable, Codable {
    /// What a token's `sub` is.
    public enum SubjectRule: String, Sendable, Hashable, Codable, CaseIterable {
        /// The subject that the device has to ask for.
        case bound
        /// An attribute like others.
        case free
    }

    /// The name in traces.
    public var name: String
    /// Files with the public keys that sign tokens: PEM, or a JSON Web Key Set.
    public var keys: [String] = []
    /// Where the public keys are fetched from, as a JSON Web Key Set.
    public var keySet: String?
    /// The secret that tokens are authenticated with (HS256), of 32 bytes or more.
    public var secret: SecretReference?
    /// Whether the key set's URL may be http.
    public var allowInsecure = false
    /// A file with the PEM certificates that are trusted for the key set's URL instead of the system's.
    public var trustRoots: String?
    /// How many seconds fetching the key set may take.
    public var timeout = 5
    /// How many hours a key set is used that can't be fetched anew.
    public var maximumKeySetHours = 24
    /// What `iss` has to be; nil for anything.
    public var issuer: String?
    /// What `aud` has to name; nil for tokens without `aud`.
    public var audience: String?
    /// Whether `sub` binds the subject.
    public var sub: SubjectRule = .bound

    /// Puts settings together.
    public init(name: String) {
        self.name = name
    }

    private enum CodingKeys: String, CodingKey {
        case name, keys, keySet, secret, allowInsecure, trustRoots, timeout, maximumKeySetHours, issuer, audience, sub
    }

    /// Reads settings, and says what is wrong with them.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.name = try values.decodeIfPresent(String.self, forKey: .name) ?? "token"
        self.keys = try values.decodeIfPresent([String].self, forKey: .keys) ?? []
        self.keySet = try values.decodeIfPresent(String.self, forKey: .keySet)
        self.secret = try values.decodeIfPresent(SecretReference.self, forKey: .secret)
        self.allowInsecure = try values.decodeIfPresent(Bool.self, forKey: .allowInsecure) ?? false
        self.trustRoots = try values.decodeIfPresent(String.self, forKey: .trustRoots)
        self.timeout = try values.decodeIfPresent(Int.self, forKey: .timeout) ?? 5
        self.maximumKeySetHours = try values.decodeIfPresent(Int.self, forKey: .maximumKeySetHours) ?? 24
        self.issuer = try values.decodeIfPresent(String.self, forKey: .issuer)
        self.audience = try values.decodeIfPresent(String.self, forKey: .audience)
        self.sub = try values.decodeIfPresent(SubjectRule.self, forKey: .sub) ?? .bound
        try SourceNames.check(name, values.codingPath)
        // One kind of key, so that nothing has to be said about which algorithms are meant.
        let kinds = [!keys.isEmpty, keySet != nil, secret != nil].count { $0 }
        try values.check(.keys, kinds == 1 ? nil : "a token source has one of 'keys', 'keySet' and 'secret'")
        try values.check(.keys, keys.count <= 16 && !keys.contains("") ? nil : "they are 1 to 16 files")
        try values.check(.keySet, keySet.flatMap { OutgoingURL.problem($0, allowInsecure: allowInsecure) })
        // Such keys sign tokens for others, too.
        let isMeant = keySet == nil || issuer != nil || audience != nil
        try values.check(.keySet, isMeant ? nil : "it needs 'issuer' or 'audience', or both")
        try values.check(.timeout, (1...30).contains(timeout) ? nil : "it is 1 to 30 seconds")
        try values.check(.maximumKeySetHours, (1...720).contains(maximumKeySetHours) ? nil : "it is 1 to 720 hours")
    }
}
