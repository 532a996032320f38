// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX
internal import SwiftASN1

/// What a subject must and must not hold.
public struct SubjectRules: Sendable, Hashable, Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case requiredSubject, forbiddenSubject, allowedSubject, invisibleCharacters
    }

    /// What becomes of characters that can't be seen or turn others around.
    public enum InvisibleCharacters: String, Sendable, Hashable, Codable, CaseIterable {
        /// They are certified.
        case accept
        /// A subject or name with them is refused.
        case refuse
    }

    /// The attribute types of which there has to be one, such as `CN`.
    public var required: [String] = []
    /// The attribute types that must not occur.
    public var forbidden: [String] = []
    /// The only attribute types that may occur; nil for any.
    public var allowed: [String]?
    /// What becomes of control and formatting characters.
    public var invisibleCharacters: InvisibleCharacters = .accept

    /// No rules.
    public init() {}

    /// Reads what is there.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.required = try values.decodeIfPresent([String].self, forKey: .requiredSubject) ?? []
        self.forbidden = try values.decodeIfPresent([String].self, forKey: .forbiddenSubject) ?? []
        self.allowed = try values.decodeIfPresent([String].self, forKey: .allowedSubject)
        self.invisibleCharacters =
            try values.decodeIfPresent(InvisibleCharacters.self, forKey: .invisibleCharacters) ?? .accept
        for keyword in required + forbidden + (allowed ?? []) where Name.type(of: keyword) == nil {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "'\(keyword)' is not a known attribute type"
                )
            )
        }
    }

    /// Writes what is there.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        if !required.isEmpty { try values.encode(required, forKey: .requiredSubject) }
        if !forbidden.isEmpty { try values.encode(forbidden, forKey: .forbiddenSubject) }
        try values.encodeIfPresent(allowed, forKey: .allowedSubject)
        if invisibleCharacters != .accept { try values.encode(invisibleCharacters, forKey: .invisibleCharacters) }
    }

    /// Whether nothing is asked of attributes.
    public var saysNothingOfAttributes: Bool { required.isEmpty && forbidden.isEmpty && allowed == nil }

    /// Says which attribute is missing or too much, and what would do; nil when the rules are kept.
    public func violation(_ subject: Name) -> String? {
        guard !saysNothingOfAttributes else { return nil }
        let types = subject.attributes.joined().map(\.type)
        for keyword in required where !types.contains(where: { $0 == Name.type(of: keyword) }) {
            return "the subject has no \(keyword); it needs \(required.joined(separator: ", "))"
        }
        for keyword in forbidden where types.contains(where: { $0 == Name.type(of: keyword) }) {
            return "the subject has \(keyword), which is forbidden"
        }
        guard let allowed else { return nil }
        let known = allowed.compactMap(Name.type)
        guard let other = types.first(where: { !known.contains($0) }) else { return nil }
        return
            "the subject has \(Name.keyword(of: other)); only \(allowed.joined(separator: ", ")) may occur"
    }
}
