// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX
internal import SwiftASN1
public import X509

/// How subjects and alternative names have to look: patterns by attribute type or kind of name.
public struct NamePatterns: Sendable, Hashable, Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case patterns, deniedPatterns
    }

    /// What a pattern is about.
    enum Subject: Sendable, Hashable {
        case attribute(ASN1ObjectIdentifier)
        case name(NameKind)

        init?(_ key: String) {
            if let kind = NameKind(rawValue: key) {
                self = .name(kind)
            } else if let type = Name.type(of: key) {
                self = .attribute(type)
            } else {
                return nil
            }
        }
    }

    /// Every value has to fit one of its patterns; what is not named may be anything.
    public private(set) var allowed: [String: [NamePattern]] = [:]
    /// No value may fit one of these, in whatever letter case.
    public private(set) var denied: [String: [NamePattern]] = [:]
    private var rules: [Subject: (allowed: [NamePattern], denied: [NamePattern])] = [:]

    /// No patterns.
    public init() {}

    /// Puts patterns together, by `CN`, `OU` and so on, or by `dns`, `email`, `uri`, `ip` and `upn`.
    ///
    /// - Throws: `malformed`.
    public init(
        allowed: [String: [NamePattern]],
        denied: [String: [NamePattern]] = [:]
    ) throws(TemplateError) {
        self.allowed = allowed
        self.denied = denied
        for key in Set(allowed.keys).union(denied.keys) {
            guard let subject = Subject(key) else {
                throw .malformed("'\(key)' is neither an attribute type nor dns, email, uri, ip or upn")
            }
            guard rules[subject] == nil else { throw .malformed("there are patterns for '\(key)' twice") }
            guard allowed[key] != [] else { throw .malformed("the list of patterns for '\(key)' is empty") }
            rules[subject] = (allowed[key] ?? [], denied[key] ?? [])
        }
    }

    /// Reads `patterns` and `deniedPatterns`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        do {
            try self.init(
                allowed: try values.decodeIfPresent([String: [NamePattern]].self, forKey: .patterns) ?? [:],
                denied: try values.decodeIfPresent([String: [NamePattern]].self, forKey: .deniedPatterns) ?? [:]
            )
        } catch let error as TemplateError {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "patterns: \(error.sentence)")
            )
        }
    }

    /// Writes what is there.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        if !allowed.isEmpty { try values.encode(allowed, forKey: .patterns) }
        if !denied.isEmpty { try values.encode(denied, forKey: .deniedPatterns) }
    }

    /// Whether two sets of patterns say the same.
    public static func == (left: NamePatterns, right: NamePatterns) -> Bool {
        left.allowed == right.allowed && left.denied == right.denied
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(allowed)
        hasher.combine(denied)
    }

    /// Whether there are none.
    public var isEmpty: Bool { rules.isEmpty }

    /// Says which value does not fit, and what would; nil when all do.
    public func violation(subject: Name, names: SubjectAlternativeNames?) -> String? {
        guard !rules.isEmpty else { return nil }
        for attribute in subject.attributes.joined() {
            let keyword = Name.keyword(of: attribute.type)
            if let sentence = violation(.attribute(attribute.type), keyword, attribute.text) { return sentence }
        }
        for name in names ?? SubjectAlternativeNames() {
            guard let kind = NameKind(of: name) else { continue }
            if let sentence = violation(.name(kind), kind.rawValue, NameKind.text(of: name)) { return sentence }
        }
        return nil
    }

    private func violation(_ subject: Subject, _ keyword: String, _ value: String?) -> String? {
        guard let rule = rules[subject] else { return nil }
        guard let value else { return "\(keyword) is no text, and can't be compared with its patterns" }
        let shown = value.unicodeScalars.count > 64 ? String(value.prefix(64)) + "…" : value
        if !rule.allowed.isEmpty, !rule.allowed.contains(where: { $0.fits(value, subject.comparison) }) {
            let list = rule.allowed.map { "'\($0.text)'" }.joined(separator: ", ")
            return "\(keyword) '\(shown)' is not as it has to be: \(list)"
        }
        guard !rule.denied.isEmpty else { return nil }
        guard value.utf8.count <= NamePattern.maximumTextByteCount else { return "\(keyword) '\(shown)' is too long" }
        let denial = rule.denied.first { $0.fits(value, subject.denial) }
        return denial.map { "\(keyword) '\(shown)' is denied by '\($0.text)'" }
    }
}

extension NamePatterns.Subject {
    /// How a value is compared with what is allowed.
    var comparison: NamePattern.Comparison {
        switch self {
        case .name(let kind): kind.comparison
        case .attribute: .exact
        }
    }

    /// How a value is compared with what is denied: nobody gets around it by other letter case or spacing, or by asking for a wildcard.
    var denial: NamePattern.Comparison {
        switch self {
        case .name(let kind):
            NamePattern.Comparison(isFolding: true, dividers: kind == .dns ? kind.dividers : [], takesAsterisks: true)
        case .attribute: NamePattern.Comparison(isFolding: true, takesAsterisks: true)
        }
    }
}
