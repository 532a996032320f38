// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What an RA profile does with a request for what it has certified already.
///
/// As JSON or YAML: `{subject: replace, graceDays: 7, key: refuse}`. What it does not name is allowed.
public struct DuplicatePolicy: Sendable, Hashable, Codable {
    /// What becomes of a second certificate with the same subject.
    public enum SubjectRule: String, Sendable, Hashable, Codable, CaseIterable {
        /// It is issued.
        case allow
        /// It is refused, as long as the first one is good.
        case refuse
        /// It is issued, and the first one is revoked.
        case replace
    }

    /// What becomes of a second certificate for the same key.
    public enum KeyRule: String, Sendable, Hashable, Codable, CaseIterable {
        /// It is issued.
        case allow
        /// It is refused, as long as the first one has not expired.
        case refuse
    }

    /// What becomes of a second certificate with the same subject.
    public var subject: SubjectRule
    /// What becomes of a second certificate for the same key.
    public var key: KeyRule
    /// For how many days a certificate that is replaced stays good.
    public var graceDays: Int

    private enum CodingKeys: String, CodingKey {
        case subject
        case key
        case graceDays
    }

    /// Puts a policy together.
    public init(subject: SubjectRule = .allow, key: KeyRule = .allow, graceDays: Int = 0) {
        self.subject = subject
        self.key = key
        self.graceDays = graceDays
    }

    /// Reads a policy; what is not named has its default.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.subject = try Self.read(values, .subject) ?? .allow
        self.key = try Self.read(values, .key) ?? .allow
        self.graceDays = try values.decodeIfPresent(Int.self, forKey: .graceDays) ?? 0
        guard (0...3650).contains(graceDays) else {
            throw DecodingError.dataCorruptedError(
                forKey: .graceDays,
                in: values,
                debugDescription: "graceDays is 0 to 3650"
            )
        }
        guard graceDays == 0 || subject == .replace else {
            throw DecodingError.dataCorruptedError(
                forKey: .graceDays,
                in: values,
                debugDescription: "graceDays is for 'subject: replace'"
            )
        }
    }

    private static func read<Rule: RawRepresentable<String> & CaseIterable>(
        _ values: KeyedDecodingContainer<CodingKeys>,
        _ key: CodingKeys
    ) throws -> Rule? {
        guard let text = try values.decodeIfPresent(String.self, forKey: key) else { return nil }
        guard let rule = Rule(rawValue: text) else {
            let known = Rule.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: values,
                debugDescription: "'\(text)' is none of \(known)"
            )
        }
        return rule
    }

    /// Whether nothing is refused or replaced.
    var allowsEverything: Bool { subject == .allow && key == .allow }
}
