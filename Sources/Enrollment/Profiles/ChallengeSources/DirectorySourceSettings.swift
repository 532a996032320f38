// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority

/// A directory that knows challenges: passwords that it checks itself, or values in its entries (RFC 4511).
public struct DirectorySourceSettings: Sendable, Hashable, Codable {
    /// What a directory is asked.
    public enum Mode: String, Sendable, Hashable, Codable, CaseIterable {
        /// Whether the challenge is an entry's password: by binding with it.
        case bind
        /// Whether the challenge is a value of an entry.
        case lookup
    }

    /// How the connection is encrypted.
    public enum Encryption: String, Sendable, Hashable, CaseIterable {
        /// TLS from the first byte: `ldaps://`.
        case tls
        /// `ldap://` with StartTLS.
        case startTLS
        /// Not at all: whoever listens reads the passwords.
        case insecureNone
    }

    /// How far below its base a search reaches.
    public enum Scope: String, Sendable, Hashable, Codable, CaseIterable {
        /// The entries just below.
        case one
        /// All entries below, and the base.
        case subtree
    }

    /// Who searches.
    public struct Account: Sendable, Hashable, Codable {
        /// Its entry.
        public var dn: String
        /// Where its password lies.
        public var password: SecretReference

        /// Names an account.
        public init(dn: String, password: SecretReference) {
            self.dn = dn
            self.password = password
        }
    }

    /// How the entry is found that a request is for.
    public enum Entry: Sendable, Hashable {
        /// By its distinguished name.
        case named(DirectoryTemplate)
        /// By a search.
        case found(base: String, scope: Scope, filter: DirectoryTemplate, account: Account)
    }

    /// The name for traces.
    public var name: String
    /// What is asked.
    public var mode: Mode
    /// The directory's host; an IPv6 address without brackets.
    public var host: String
    /// Its port.
    public var port: Int
    /// How the connection is encrypted.
    public var encryption: Encryption
    /// The file of the CA certificates, in PEM, that the directory's certificate may come from; nil for the system's.
    public var roots: String?
    /// Within how many seconds the directory has to answer, all in all.
    public var timeoutSeconds: Int
    /// How the entry is found.
    public var entry: Entry
    /// The attribute that holds the challenge, in a lookup; nil where the filter compares it.
    public var attribute: String?
    /// The attributes of the entry that are kept for certificate templates, as `directory.<attribute>`.
    public var attributes: [String]

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case type, name, mode, url, startTLS, allowInsecure, roots, timeoutSeconds, bindDN, base, scope, filter, account
        case attribute, attributes
    }

    /// Reads settings.
    ///
    /// - Throws: `DecodingError` that says what is wrong with them.
    public init(from decoder: any Decoder) throws {
        try SettingsKeys.check(decoder, known: CodingKeys.allCases)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.name = try values.decodeIfPresent(String.self, forKey: .name) ?? "directory"
        self.mode = try values.decode(Mode.self, forKey: .mode)
        let url = try values.decode(String.self, forKey: .url)
        guard let place = Self.place(url) else {
            throw Self.fault(
                .url,
                values,
                "'\(url)' is not of the form ldaps://HOST or ldap://HOST, with a port or without"
            )
        }
        (self.host, self.port) = (place.host, place.port)
        self.encryption = try Self.encryption(isTLS: place.isTLS, values)
        self.roots = try values.decodeIfPresent(String.self, forKey: .roots)
        self.timeoutSeconds = try values.decodeIfPresent(Int.self, forKey: .timeoutSeconds) ?? 5
        guard (1...60).contains(timeoutSeconds) else {
            throw Self.fault(.timeoutSeconds, values, "timeoutSeconds is 1 to 60")
        }
        self.entry = try Self.entry(mode, values)
        self.attribute = try values.decodeIfPresent(String.self, forKey: .attribute)
        self.attributes = try values.decodeIfPresent([String].self, forKey: .attributes) ?? []
        guard attributes.count <= 64, (attributes + [attribute].compactMap(\.self)).allSatisfy(Self.isAttribute) else {
            throw Self.fault(
                .attributes,
                values,
                "an attribute has letters, digits and hyphens, and there are 64 at most"
            )
        }
        guard !attributes.contains(where: { $0.lowercased() == attribute?.lowercased() }) else {
            throw Self.fault(
                .attributes,
                values,
                "the attribute with the challenge is a secret, which templates may not show"
            )
        }
        try checkMode(values)
    }

    private func checkMode(_ values: KeyedDecodingContainer<CodingKeys>) throws {
        var isCompared = false
        if case .found(_, _, let filter, _) = entry { isCompared = filter.parts.contains(.challenge) }
        if case .named(let dn) = entry, dn.parts.contains(.challenge) {
            throw Self.fault(.bindDN, values, "the challenge has no place in a DN")
        }
        switch mode {
        case .bind where attribute != nil || isCompared:
            throw Self.fault(
                .mode,
                values,
                "the mode bind takes no 'attribute' and no ${challenge}: the directory compares"
            )
        case .lookup where (attribute == nil) != isCompared:
            throw Self.fault(
                .mode,
                values,
                "the mode lookup needs an 'attribute' or ${challenge} in its filter, and not both"
            )
        case .bind, .lookup: break
        }
    }

    private static func encryption(
        isTLS: Bool,
        _ values: KeyedDecodingContainer<CodingKeys>
    ) throws -> Encryption {
        let startTLS = try values.decodeIfPresent(Bool.self, forKey: .startTLS) ?? false
        let isInsecure = try values.decodeIfPresent(Bool.self, forKey: .allowInsecure) ?? false
        switch (isTLS, startTLS, isInsecure) {
        case (true, false, false): return .tls
        case (false, true, false): return .startTLS
        case (false, false, true): return .insecureNone
        case (false, false, false):
            throw fault(
                .url,
                values,
                "ldap:// needs 'startTLS: true', or 'allowInsecure: true' for passwords in the clear"
            )
        default: throw fault(.url, values, "it is one of ldaps://, 'startTLS: true' and 'allowInsecure: true'")
        }
    }

    private static func entry(_ mode: Mode, _ values: KeyedDecodingContainer<CodingKeys>) throws -> Entry {
        let dn = try values.decodeIfPresent(DirectoryTemplate.self, forKey: .bindDN)
        let base = try values.decodeIfPresent(String.self, forKey: .base)
        let filter = try values.decodeIfPresent(DirectoryTemplate.self, forKey: .filter)
        let account = try values.decodeIfPresent(Account.self, forKey: .account)
        let scope = try values.decodeIfPresent(Scope.self, forKey: .scope)
        switch (dn, base, filter, account) {
        case (let dn?, nil, nil, nil) where mode == .bind && scope == nil:
            guard dn.namesTheRequest else { throw fault(.bindDN, values, "the bindDN needs a value of the request") }
            return .named(dn)
        case (nil, let base?, let filter?, let account?):
            guard filter.namesTheRequest else {
                throw fault(.filter, values, "the filter needs a value of the request: a challenge alone names nobody")
            }
            // An empty name or password would be an anonymous bind (RFC 4513 §5.1).
            guard !account.dn.isEmpty else { throw fault(.account, values, "the account has no dn") }
            return .found(base: base, scope: scope ?? .subtree, filter: filter, account: account)
        default:
            let ways = mode == .bind ? "by a 'bindDN', or by" : "by"
            throw fault(.mode, values, "the entry is found \(ways) 'base', 'filter' and 'account'")
        }
    }

    private static func place(_ url: String) -> (isTLS: Bool, host: String, port: Int)? {
        let isTLS = url.hasPrefix("ldaps://")
        guard isTLS || url.hasPrefix("ldap://") else { return nil }
        var rest = url.dropFirst(isTLS ? 8 : 7)
        if rest.last == "/" { rest = rest.dropLast() }
        var host = rest
        var port = isTLS ? 636 : 389
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
            guard host.contains(":"), rest.isEmpty || rest.first == ":" else { return nil }
        } else {
            host = rest.prefix { $0 != ":" }
            rest = rest[host.endIndex...]
        }
        if let text = rest.split(separator: ":", maxSplits: 1).first, !text.isEmpty {
            guard let number = Int(text), (1...65_535).contains(number) else { return nil }
            port = number
        }
        let isHost = host.utf8.allSatisfy { byte in
            Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber
                || ".-:".utf8.contains(byte)
        }
        guard !host.isEmpty, isHost, host.utf8.allSatisfy({ $0 < 128 }) else { return nil }
        return (isTLS, String(host), port)
    }

    private static func isAttribute(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789-".unicodeScalars.contains($0))
            }
    }

    private static func fault(
        _ key: CodingKeys,
        _ values: KeyedDecodingContainer<CodingKeys>,
        _ sentence: String
    ) -> DecodingError {
        DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: sentence)
    }

    /// Writes settings.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(name, forKey: .name)
        try values.encode(mode, forKey: .mode)
        let scheme = encryption == .tls ? "ldaps" : "ldap"
        try values.encode("\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)", forKey: .url)
        if encryption == .startTLS { try values.encode(true, forKey: .startTLS) }
        if encryption == .insecureNone { try values.encode(true, forKey: .allowInsecure) }
        try values.encodeIfPresent(roots, forKey: .roots)
        try values.encode(timeoutSeconds, forKey: .timeoutSeconds)
        switch entry {
        case .named(let dn): try values.encode(dn, forKey: .bindDN)
        case .found(let base, let scope, let filter, let account):
            try values.encode(base, forKey: .base)
            try values.encode(scope, forKey: .scope)
            try values.encode(filter, forKey: .filter)
            try values.encode(account, forKey: .account)
        }
        try values.encodeIfPresent(attribute, forKey: .attribute)
        if !attributes.isEmpty { try values.encode(attributes, forKey: .attributes) }
    }
}
