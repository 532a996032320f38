// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX

extension CertificateTemplate: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case validityDays, validityHours, backdateSeconds, subject, names, allowedNames, requestedNames
        case requiredNames, requestedExtensions, keys, deniedKeys, minimumRSABits
    }

    /// The keys of all settings.
    package static let knownKeys = Set(
        CodingKeys.allCases.map(\.rawValue) + SubjectRules.CodingKeys.allCases.map(\.rawValue)
            + NamePatterns.CodingKeys.allCases.map(\.rawValue) + UsagePolicy.CodingKeys.allCases.map(\.rawValue)
    )

    /// Reads a template; what is not said has its default.
    ///
    /// A key that is not known is refused: a rule that is misspelt, or that a later version knows, must not be left out silently.
    public init(from decoder: any Decoder) throws {
        try SettingsKeys.check(decoder, known: Self.knownKeys)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            validityDays: try values.decodeIfPresent(Int.self, forKey: .validityDays) ?? 365,
            backdateSeconds: try values.decodeIfPresent(Int.self, forKey: .backdateSeconds) ?? 3600,
            allowedNames: try values.decodeIfPresent(Set.self, forKey: .allowedNames) ?? NameKind.requestable
        )
        self.validityHours = try values.decodeIfPresent(Int.self, forKey: .validityHours)
        guard validityHours == nil || !values.contains(.validityDays) else {
            throw Self.error(decoder, "validityDays and validityHours are two answers to one question")
        }
        self.subject = try values.decodeIfPresent(SubjectTemplate.self, forKey: .subject)
        self.names = try values.decodeIfPresent([NameTemplate].self, forKey: .names) ?? []
        self.requestedNames = try values.decodeIfPresent(RequestedNames.self, forKey: .requestedNames) ?? .take
        self.requiredNames = try values.decodeIfPresent(Set.self, forKey: .requiredNames) ?? []
        self.requestedExtensions =
            try values.decodeIfPresent(RequestedExtensions.self, forKey: .requestedExtensions) ?? .strip
        self.keys = try values.decodeIfPresent(KeyPolicy.self, forKey: .keys) ?? KeyPolicy()
        // Where older versions wrote it.
        if let bits = try values.decodeIfPresent(Int.self, forKey: .minimumRSABits) {
            guard keys.minimumRSABits == bits || keys.minimumRSABits == KeyPolicy().minimumRSABits else {
                throw Self.error(decoder, "minimumRSABits is \(bits) and, in keys, \(keys.minimumRSABits)")
            }
            self.keys.minimumRSABits = bits
        }
        self.keys.denied = Set(
            try values.decodeIfPresent([String].self, forKey: .deniedKeys)?.map { text in
                guard let digest = Self.digest(text) else {
                    throw Self.error(decoder, "deniedKeys: '\(text)' is no SHA-256 in hexadecimal")
                }
                return digest
            } ?? []
        )
        self.subjectRules = try SubjectRules(from: decoder)
        self.patterns = try NamePatterns(from: decoder)
        self.usages = try UsagePolicy(from: decoder)
    }

    /// Writes what is not as usual, and what older versions want to be there.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        if let validityHours {
            try values.encode(validityHours, forKey: .validityHours)
        } else {
            try values.encode(validityDays, forKey: .validityDays)
        }
        try values.encode(backdateSeconds, forKey: .backdateSeconds)
        try values.encode(allowedNames.sorted(), forKey: .allowedNames)
        try values.encode(keys.minimumRSABits, forKey: .minimumRSABits)
        try values.encodeIfPresent(subject, forKey: .subject)
        if !names.isEmpty { try values.encode(names, forKey: .names) }
        if requestedNames != .take { try values.encode(requestedNames, forKey: .requestedNames) }
        if !requiredNames.isEmpty { try values.encode(requiredNames.sorted(), forKey: .requiredNames) }
        if requestedExtensions != .strip { try values.encode(requestedExtensions, forKey: .requestedExtensions) }
        var others = keys
        others.denied = []
        others.minimumRSABits = KeyPolicy().minimumRSABits
        if others != KeyPolicy() { try values.encode(others, forKey: .keys) }
        if !keys.denied.isEmpty {
            try values.encode(keys.denied.map(Self.hexadecimal).sorted(), forKey: .deniedKeys)
        }
        try subjectRules.encode(to: encoder)
        try patterns.encode(to: encoder)
        try usages.encode(to: encoder)
    }

    private static func error(_ decoder: any Decoder, _ sentence: String) -> DecodingError {
        .dataCorrupted(DecodingError.Context(codingPath: decoder.codingPath, debugDescription: sentence))
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The bytes of 64 hexadecimal digits, with or without colons between them.
    private static func digest(_ text: String) -> [UInt8]? {
        let digits = text.filter { $0 != ":" }.map { $0.isASCII ? $0.hexDigitValue : nil }
        guard digits.count == 64, digits.allSatisfy({ $0 != nil }) else { return nil }
        let values = digits.compactMap(\.self)
        return stride(from: 0, to: 64, by: 2).map { UInt8(truncatingIfNeeded: values[$0] << 4 | values[$0 + 1]) }
    }
}

extension KeyPolicy: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case types, minimumRSABits, maximumRSABits, minimumRSAExponent
    }

    /// Reads what is there.
    public init(from decoder: any Decoder) throws {
        try SettingsKeys.check(decoder, known: CodingKeys.allCases)
        let usual = KeyPolicy()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.types = try values.decodeIfPresent(Set.self, forKey: .types) ?? usual.types
        self.minimumRSABits = try values.decodeIfPresent(Int.self, forKey: .minimumRSABits) ?? usual.minimumRSABits
        self.maximumRSABits = try values.decodeIfPresent(Int.self, forKey: .maximumRSABits) ?? usual.maximumRSABits
        self.minimumRSAExponent =
            try values.decodeIfPresent(UInt64.self, forKey: .minimumRSAExponent) ?? usual.minimumRSAExponent
    }

    /// Writes what is not as usual.
    public func encode(to encoder: any Encoder) throws {
        let usual = KeyPolicy()
        var values = encoder.container(keyedBy: CodingKeys.self)
        if types != usual.types { try values.encode(KeyType.allCases.filter(types.contains), forKey: .types) }
        if minimumRSABits != usual.minimumRSABits { try values.encode(minimumRSABits, forKey: .minimumRSABits) }
        if maximumRSABits != usual.maximumRSABits { try values.encode(maximumRSABits, forKey: .maximumRSABits) }
        if minimumRSAExponent != usual.minimumRSAExponent {
            try values.encode(minimumRSAExponent, forKey: .minimumRSAExponent)
        }
    }
}
