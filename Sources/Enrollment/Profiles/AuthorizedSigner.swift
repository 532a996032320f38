// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import CertificateAuthority
internal import PKIX

/// A rule of a SCEP profile: a proxy whose certificate may sign requests for the keys of others, within names.
///
/// As JSON or YAML an object with a `name`, one way to name the proxy (`certificateSHA256`, `keySHA256`, or `issuedThrough` or
/// `authority` with a `subject`), and `names`: patterns by the path of what they are for.
public struct AuthorizedSigner: Sendable, Hashable, Codable {
    /// How a rule names its proxy.
    public enum Identity: Sendable, Hashable {
        /// The one certificate with a SHA-256 fingerprint.
        case certificate([UInt8])
        /// All certificates with a key whose SubjectPublicKeyInfo has a SHA-256 digest.
        case key([UInt8])
        /// Those that this server issued through another SCEP profile, to a subject (RFC 4514).
        case issued(through: String, subject: String)
        /// Those of an alternate authority of this server, to a subject (RFC 4514).
        case certified(authority: String, subject: String)
    }

    /// Whether a request needs a challenge beside the proxy's signature.
    public enum ChallengeNeed: String, Sendable, Hashable, Codable, CaseIterable {
        /// The device's challenge is asked about as in any other request.
        case needed
        /// The proxy has authenticated the device.
        case waived
    }

    /// The name for traces.
    public var name: String
    /// Who the proxy is.
    public var identity: Identity
    /// The patterns of the names that may be asked for, by path (`RequestValues`).
    ///
    /// What no path names may not be asked for at all.
    public var names: [String: [NamePattern]]
    /// Whether a challenge is needed as well.
    public var challenge: ChallengeNeed

    /// Puts a rule together.
    public init(
        name: String,
        identity: Identity,
        names: [String: [NamePattern]],
        challenge: ChallengeNeed = .waived
    ) {
        self.name = name
        self.identity = identity
        self.names = names
        self.challenge = challenge
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, certificateSHA256, keySHA256, issuedThrough, authority, subject, names, challenge
    }

    /// Reads a rule.
    ///
    /// - Throws: `DecodingError` that says what is wrong with it.
    public init(from decoder: any Decoder) throws {
        try SettingsKeys.check(decoder, known: CodingKeys.allCases)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.name = try values.decode(String.self, forKey: .name)
        guard (1...64).contains(name.utf8.count), name.showable == name else {
            throw DecodingError.dataCorruptedError(
                forKey: .name,
                in: values,
                debugDescription: "the name of an authorised signer has 1 to 64 bytes and no control characters"
            )
        }
        self.identity = try Self.identity(values)
        self.challenge = try values.decodeIfPresent(ChallengeNeed.self, forKey: .challenge) ?? .waived
        self.names = try Self.names(values)
    }

    private static func identity(_ values: KeyedDecodingContainer<CodingKeys>) throws -> Identity {
        let certificate = try values.decodeIfPresent(String.self, forKey: .certificateSHA256)
        let key = try values.decodeIfPresent(String.self, forKey: .keySHA256)
        let profile = try values.decodeIfPresent(String.self, forKey: .issuedThrough)
        let authority = try values.decodeIfPresent(String.self, forKey: .authority)
        let subject = try values.decodeIfPresent(String.self, forKey: .subject)
        switch (certificate, key, profile, authority, subject) {
        case (let text?, nil, nil, nil, nil):
            return .certificate(try fingerprint(text, .certificateSHA256, values))
        case (nil, let text?, nil, nil, nil):
            return .key(try fingerprint(text, .keySHA256, values))
        case (nil, nil, let profile?, nil, let subject?):
            return .issued(through: profile, subject: try self.subject(subject, values))
        case (nil, nil, nil, let authority?, let subject?):
            return .certified(authority: authority, subject: try self.subject(subject, values))
        default:
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: values.codingPath,
                    debugDescription:
                        "an authorised signer is named by 'certificateSHA256', by 'keySHA256', or by 'issuedThrough' or 'authority' with a 'subject'"
                )
            )
        }
    }

    /// Reads 32 bytes in hexadecimal digits, with colons or spaces as tools write them.
    private static func fingerprint(
        _ text: String,
        _ key: CodingKeys,
        _ values: KeyedDecodingContainer<CodingKeys>
    ) throws -> [UInt8] {
        let digits = text.filter { $0 != ":" && $0 != " " }.compactMap { $0.isASCII ? $0.hexDigitValue : nil }
        let length = text.count { $0 != ":" && $0 != " " }
        guard digits.count == 64, length == 64 else {
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: values,
                debugDescription: "a SHA-256 fingerprint has 64 hexadecimal digits"
            )
        }
        return stride(from: 0, to: 64, by: 2).map { UInt8(truncatingIfNeeded: digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static func subject(_ text: String, _ values: KeyedDecodingContainer<CodingKeys>) throws -> String {
        guard let name = try? Name(text), !name.isEmpty else {
            throw DecodingError.dataCorruptedError(
                forKey: .subject,
                in: values,
                debugDescription: "the subject is not of the form CN=proxy,O=Example"
            )
        }
        return text
    }

    private static func names(_ values: KeyedDecodingContainer<CodingKeys>) throws -> [String: [NamePattern]] {
        let written = try values.decode([String: [NamePattern]].self, forKey: .names)
        var names: [String: [NamePattern]] = [:]
        for (text, patterns) in written {
            guard let path = RequestValues.path(matching: text) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .names,
                    in: values,
                    debugDescription:
                        "'\(text)' is no name of a request: they are csr.subject.CN and such, and csr.san."
                        + RequestValues.nameKinds.joined(separator: ", csr.san.")
                )
            }
            names[path, default: []] += patterns
        }
        guard names.contains(where: { !$0.value.isEmpty }) else {
            throw DecodingError.dataCorruptedError(
                forKey: .names,
                in: values,
                debugDescription: "an authorised signer needs the names that it may ask for"
            )
        }
        return names
    }

    /// Writes a rule.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(name, forKey: .name)
        switch identity {
        case .certificate(let digest): try values.encode(digest.hexadecimal, forKey: .certificateSHA256)
        case .key(let digest): try values.encode(digest.hexadecimal, forKey: .keySHA256)
        case .issued(let profile, let subject):
            try values.encode(profile, forKey: .issuedThrough)
            try values.encode(subject, forKey: .subject)
        case .certified(let authority, let subject):
            try values.encode(authority, forKey: .authority)
            try values.encode(subject, forKey: .subject)
        }
        try values.encode(names, forKey: .names)
        try values.encode(challenge, forKey: .challenge)
    }

    /// The SCEP profile that issues the proxy's certificates, if the rule says so.
    public var issuingProfile: String? {
        if case .issued(let profile, _) = identity { return profile }
        return nil
    }

    /// The alternate authority that the rule relies on, if it does.
    public var authority: String? {
        if case .certified(let authority, _) = identity { return authority }
        return nil
    }
}
