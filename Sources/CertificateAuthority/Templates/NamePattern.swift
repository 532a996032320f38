// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A pattern for a text: `*` stands for any run of characters, of which `*` in DNS names does not cross a dot, and `**` does.
///
/// Its time grows with the length of text and pattern, never by trying out where each asterisk could end.
public struct NamePattern: Sendable, Hashable, Codable {
    private enum Token: Sendable, Hashable {
        case scalar(Unicode.Scalar)
        case run
        case label
    }

    /// The longest pattern, and the longest text that fits one.
    static let maximumPatternByteCount = 255
    static let maximumTextByteCount = 2048

    /// The pattern.
    public let text: String

    /// Reads a pattern.
    ///
    /// - Throws: `malformed`.
    public init(_ text: String) throws(TemplateError) {
        guard !text.isEmpty, text.utf8.count <= Self.maximumPatternByteCount else {
            throw .malformed("a pattern has 1 to \(Self.maximumPatternByteCount) bytes")
        }
        self.text = text
    }

    /// Reads a text.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        let text = try value.decode(String.self)
        do {
            try self.init(text)
        } catch {
            throw DecodingError.dataCorruptedError(in: value, debugDescription: "'\(text)': \(error.sentence)")
        }
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(text)
    }

    /// How texts are compared.
    struct Comparison: Sendable {
        /// Whether letter case and runs of spaces don't matter.
        var isFolding: Bool
        /// Whether an asterisk stops at dots.
        var hasLabels: Bool

        func folded(_ text: String) -> String {
            isFolding ? text.lowercased().split(separator: " ").joined(separator: " ") : text
        }
    }

    /// Whether a text is as the pattern says; one that is too long never is.
    func fits(_ value: String, _ comparison: Comparison) -> Bool {
        guard value.utf8.count <= Self.maximumTextByteCount else { return false }
        let tokens = tokens(comparison)
        // Which parts of the pattern may have been read so far: a set of positions, moved on with each character.
        var reached = [Bool](repeating: false, count: tokens.count + 1)
        reached[0] = true
        Self.skipRuns(tokens, &reached)
        for scalar in comparison.folded(value).unicodeScalars {
            var next = [Bool](repeating: false, count: tokens.count + 1)
            for (position, token) in tokens.enumerated() where reached[position] {
                switch token {
                case .scalar(scalar): next[position + 1] = true
                case .scalar: break
                case .run: next[position] = true
                case .label: if scalar != "." { next[position] = true }
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
            case .run, .label: reached[position + 1] = true
            case .scalar: break
            }
        }
    }

    private func tokens(_ comparison: Comparison) -> [Token] {
        var tokens: [Token] = []
        for scalar in comparison.folded(text).unicodeScalars {
            switch (scalar, tokens.last) {
            case ("*", .label), ("*", .run):
                tokens.removeLast()
                tokens.append(.run)
            case ("*", _): tokens.append(comparison.hasLabels ? .label : .run)
            default: tokens.append(.scalar(scalar))
            }
        }
        return tokens
    }
}
