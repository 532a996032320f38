// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A pattern for a text, in which `*` stands for any run of characters.
///
/// In kinds of names whose parts are divided, such as domains by dots, `*` stops at what divides them and `**` does not. Neither stands for
/// an asterisk: nobody gets a wildcard certificate by a pattern. Its time grows with the length of text and pattern, never by trying
/// out where each asterisk could end.
public struct NamePattern: Sendable, Hashable, Codable {
    private enum Token: Sendable, Hashable {
        case scalar(Unicode.Scalar)
        /// `**`.
        case run
        /// `*`.
        case part
    }

    /// The longest pattern, and the longest text that fits one.
    static let maximumPatternByteCount = 256
    static let maximumTextByteCount = 2048

    /// The pattern.
    public let text: String

    /// Reads a pattern.
    ///
    /// - Throws: `malformed`, also when it has characters that can't be seen.
    public init(_ text: String) throws(TemplateError) {
        guard (1...Self.maximumPatternByteCount).contains(text.utf8.count) else {
            throw .malformed("a pattern has 1 to \(Self.maximumPatternByteCount) bytes")
        }
        let isVisible = text.unicodeScalars.allSatisfy { ![.control, .format].contains($0.properties.generalCategory) }
        guard isVisible else { throw .malformed("a pattern has no control characters") }
        self.text = text
    }

    /// Reads a text.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        let text = try value.decode(String.self)
        do {
            try self.init(text)
        } catch {
            throw DecodingError.dataCorruptedError(in: value, debugDescription: error.sentence)
        }
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(text)
    }

    /// How texts are compared.
    package struct Comparison: Sendable {
        /// Whether letter case and runs of spaces don't matter.
        var isFolding = false
        /// What `*` stops at.
        var dividers: Set<Unicode.Scalar> = []
        /// Whether asterisks in texts fit those of the pattern: where fitting is what is refused.
        var takesAsterisks = false

        /// Letter by letter.
        package static let exact = Comparison()

        func folded(_ text: String) -> String {
            guard isFolding else { return text }
            // Only of ASCII: a Kelvin sign is no k (RFC 5280 §7.2).
            let bytes = text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            return String(decoding: bytes, as: UTF8.self).split(separator: " ").joined(separator: " ")
        }
    }

    /// Whether a text is as the pattern says; one that is too long never is.
    package func fits(_ value: String, _ comparison: Comparison) -> Bool {
        guard value.utf8.count <= Self.maximumTextByteCount else { return false }
        let tokens = tokens(comparison)
        // Which parts of the pattern may have been read so far: a set of positions, moved on with each character.
        var reached = [Bool](repeating: false, count: tokens.count + 1)
        reached[0] = true
        Self.skipRuns(tokens, &reached)
        for scalar in comparison.folded(value).unicodeScalars {
            let isFree = scalar != "*" || comparison.takesAsterisks
            let isWithinPart = isFree && !comparison.dividers.contains(scalar)
            var next = [Bool](repeating: false, count: tokens.count + 1)
            for (position, token) in tokens.enumerated() where reached[position] {
                switch token {
                case .scalar(scalar): next[position + 1] = true
                case .scalar: break
                case .run: if isFree { next[position] = true }
                case .part: if isWithinPart { next[position] = true }
                }
            }
            Self.skipRuns(tokens, &next)
            reached = next
        }
        return reached.last ?? false
    }

    private static func skipRuns(_ tokens: [Token], _ reached: inout [Bool]) {
        for (position, token) in tokens.enumerated() where reached[position] {
            switch token {
            case .run, .part: reached[position + 1] = true
            case .scalar: break
            }
        }
    }

    private func tokens(_ comparison: Comparison) -> [Token] {
        var tokens: [Token] = []
        for scalar in comparison.folded(text).unicodeScalars {
            switch (scalar, tokens.last) {
            case ("*", .part), ("*", .run):
                tokens.removeLast()
                tokens.append(.run)
            case ("*", _): tokens.append(.part)
            default: tokens.append(.scalar(scalar))
            }
        }
        return tokens
    }
}

extension NameKind {
    /// What divides the parts of a name of this kind.
    package var dividers: Set<Unicode.Scalar> {
        switch self {
        case .dns: ["."]
        case .ip: [".", ":"]
        case .email, .upn: ["@"]
        case .uri: ["/", "?", "#", "@", ":"]
        }
    }

    /// How names of this kind are compared with what is allowed: domains and mail addresses without regard to letter case.
    package var comparison: NamePattern.Comparison {
        switch self {
        case .dns, .email, .upn: NamePattern.Comparison(isFolding: true, dividers: dividers)
        case .uri, .ip: NamePattern.Comparison(dividers: dividers)
        }
    }
}
