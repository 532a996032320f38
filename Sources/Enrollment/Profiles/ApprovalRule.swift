// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import CertificateAuthority
internal import Cryptography

/// One rule of a profile whose approval policy is `rules`: the first one that a request fits says what becomes of it.
///
/// As JSON or YAML an object with `then` (`issue` or `wait`), `needed` if another number of people has to approve than the profile's, and
/// `when`: what a request has to be, all of it; a rule without `when` is for all that are left.
public struct ApprovalRule: Sendable, Hashable, Codable {
    /// What becomes of a request that fits.
    public enum Decision: String, Sendable, Hashable, Codable, CaseIterable {
        /// It is issued at once.
        case issue
        /// It waits until somebody approves it.
        case wait
    }

    /// What a request is for.
    public enum Purpose: String, Sendable, Hashable, Codable, CaseIterable {
        /// A first certificate.
        case enrollment
        /// Another certificate for the same names.
        case renewal
    }

    /// What a request has to be; what is absent may be anything.
    public struct Condition: Sendable, Hashable, Codable {
        /// What it is for.
        public var purpose: Purpose?
        /// The RA profiles that are to issue it.
        public var raProfiles: [String]?
        /// The types and sizes of its key, such as `RSA-2048` or `P-256`.
        public var keys: [String]?
        /// Patterns by path, of names that it asks for (`csr.subject.CN`, `csr.san.dns`) or of what its source knows (`webhook.group`).
        ///
        /// Every value at a path has to fit one of its patterns, and there has to be one.
        public var values: [String: [NamePattern]]?

        /// Puts a condition together.
        public init(
            purpose: Purpose? = nil,
            raProfiles: [String]? = nil,
            keys: [String]? = nil,
            values: [String: [NamePattern]]? = nil
        ) {
            self.purpose = purpose
            self.raProfiles = raProfiles
            self.keys = keys
            self.values = values
        }

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case purpose, raProfiles, keys, values
        }

        /// Reads a condition.
        ///
        /// - Throws: `DecodingError`, also when a path names what no request has.
        public init(from decoder: any Decoder) throws {
            try SettingsKeys.check(decoder, known: CodingKeys.allCases)
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            self.purpose = try fields.decodeIfPresent(Purpose.self, forKey: .purpose)
            self.raProfiles = try fields.decodeIfPresent([String].self, forKey: .raProfiles)
            self.keys = try fields.decodeIfPresent([String].self, forKey: .keys)
            guard let written = try fields.decodeIfPresent([String: [NamePattern]].self, forKey: .values) else {
                return
            }
            var values: [String: [NamePattern]] = [:]
            for (text, patterns) in written {
                let path = text.hasPrefix("csr.") ? RequestValues.path(matching: text) : text
                guard let path, !patterns.isEmpty else {
                    throw DecodingError.dataCorruptedError(
                        forKey: .values,
                        in: fields,
                        debugDescription: "'\(text.showable)' names nothing that a request has, or has no patterns"
                    )
                }
                values[path, default: []] += patterns
            }
            self.values = values
        }
    }

    /// What a request has to be; all fit when it is nil.
    public var when: Condition?
    /// What becomes of one that fits.
    public var then: Decision
    /// How many people have to approve it; as many as the profile says when it is nil.
    public var needed: Int?

    /// Puts a rule together.
    public init(when: Condition? = nil, then: Decision, needed: Int? = nil) {
        self.when = when
        self.then = then
        self.needed = needed
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case when, then, needed
    }

    /// Reads a rule.
    ///
    /// - Throws: `DecodingError`.
    public init(from decoder: any Decoder) throws {
        try SettingsKeys.check(decoder, known: CodingKeys.allCases)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.when = try fields.decodeIfPresent(Condition.self, forKey: .when)
        self.then = try fields.decode(Decision.self, forKey: .then)
        self.needed = try fields.decodeIfPresent(Int.self, forKey: .needed)
        if let needed, then == .issue || !(1...ApproverPolicy.maximumNeeded).contains(needed) {
            throw DecodingError.dataCorruptedError(
                forKey: .needed,
                in: fields,
                debugDescription: then == .issue
                    ? "nobody is needed for what is issued at once"
                    : "1 to \(ApproverPolicy.maximumNeeded) people can be needed"
            )
        }
    }
}

/// A request as approval rules see it: pure, everything they need is in here.
struct ApprovalSubject {
    let purpose: ApprovalRule.Purpose
    let raProfile: String
    let key: KeyAlgorithm
    /// The names that it asks for and what its challenge's source knows, by path.
    let values: [String: [String]]
    /// Names that are no texts or of no kind that has a path: patterns say nothing of them.
    let others: [String]

    /// Whether a condition holds; why, if it does not, is nobody's business but the next rule's.
    func fits(_ condition: ApprovalRule.Condition) -> Bool {
        if let wanted = condition.purpose, wanted != purpose { return false }
        if let profiles = condition.raProfiles, !profiles.contains(raProfile) { return false }
        if let keys = condition.keys, !keys.contains(key.description) { return false }
        return (condition.values ?? [:]).allSatisfy { path, patterns in
            guard let found = values[path], !found.isEmpty, !others.contains(path) else { return false }
            return found.allSatisfy { value in patterns.contains { $0.matches(value, of: path) } }
        }
    }

    /// The first rule that it fits, with its number from 1.
    func rule(among rules: [ApprovalRule]) -> (number: Int, rule: ApprovalRule)? {
        for (index, rule) in rules.enumerated() where rule.when.map(fits) ?? true { return (index + 1, rule) }
        return nil
    }
}
