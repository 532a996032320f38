// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A text with placeholders such as `${csr.subject.CN|webhook.serial|'none'}`.
///
/// Parsed once. What is filled in is never looked at again, so that a value can't bring placeholders or anything else with it.
public struct TextTemplate: Sendable, Hashable {
    enum Alternative: Sendable, Hashable {
        case value(TemplatePath)
        case literal(String)
    }

    enum Piece: Sendable, Hashable {
        case literal(String)
        case placeholder(String, [Alternative])
    }

    /// The longest template: more than any field of a certificate takes.
    static let maximumByteCount = 1024
    /// The most bytes of a value that is filled in: a subject's attribute has 128 characters, and a URI not many more.
    static let maximumValueByteCount = 1024
    /// The most values of a placeholder that names are made of.
    static let maximumValueCount = 64

    /// The template as it was written.
    public let text: String
    let pieces: [Piece]

    /// Parses a template.
    ///
    /// - Throws: `malformed`.
    public init(_ text: String) throws(TemplateError) {
        guard text.utf8.count <= Self.maximumByteCount else {
            throw .malformed("a template of \(text.utf8.count) bytes; at most \(Self.maximumByteCount) are read")
        }
        guard !text.hasControlCharacters else { throw .malformed("a template with a control character in it") }
        self.text = text
        var pieces: [Piece] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            if start.lowerBound > rest.startIndex { pieces.append(.literal(String(rest[..<start.lowerBound]))) }
            rest = rest[start.upperBound...]
            let before = rest
            let alternatives = try Self.alternatives(&rest, in: text)
            let source = before[..<rest.startIndex].dropLast()
            pieces.append(.placeholder(String(source), alternatives))
        }
        if !rest.isEmpty { pieces.append(.literal(String(rest))) }
        self.pieces = pieces
    }

    /// Reads the alternatives of a placeholder and its closing brace.
    private static func alternatives(
        _ rest: inout Substring,
        in text: String
    ) throws(TemplateError) -> [Alternative] {
        var list: [Alternative] = []
        while true {
            if rest.first == "'" {
                let inner = rest.dropFirst()
                guard let end = inner.firstIndex(of: "'") else {
                    throw .malformed("'\(text)': a text in single quotes does not end")
                }
                list.append(.literal(String(inner[..<end])))
                rest = inner[inner.index(after: end)...]
            } else {
                let path = rest.prefix { $0 != "|" && $0 != "}" }
                list.append(.value(try TemplatePath(String(path))))
                rest = rest[path.endIndex...]
            }
            switch rest.popFirst() {
            case "}": return list
            case "|": continue
            default: throw .malformed("'\(text)': a placeholder does not end with a brace")
            }
        }
    }

    /// Where its values come from.
    var paths: [TemplatePath] {
        pieces.flatMap { piece -> [TemplatePath] in
            guard case .placeholder(_, let alternatives) = piece else { return [] }
            return alternatives.compactMap { if case .value(let path) = $0 { path } else { nil } }
        }
    }

    /// The text before the first placeholder.
    var literalPrefix: String {
        if case .literal(let text) = pieces.first { text } else { "" }
    }

    /// The texts that come of it: one, or one for each value if one placeholder has several.
    ///
    /// - Parameters:
    ///   - values: what is filled in.
    ///   - fit: makes a value fit for its place, or throws `unfit`.
    /// - Returns: the texts.
    /// - Throws: `missing`, `ambiguous`, `unfit`.
    func fill(
        _ values: TemplateValues,
        fit: (String) throws(TemplateError) -> String = { $0 }
    ) throws(TemplateError) -> [String] {
        var results = [""]
        for piece in pieces {
            switch piece {
            case .literal(let text): results = results.map { $0 + text }
            case .placeholder(let source, let alternatives):
                let found = try Self.values(source, alternatives, values, fit)
                guard found.count == 1 || results.count == 1, let first = results.first else {
                    throw .ambiguous("${\(source)}", count: found.count)
                }
                results = found.count == 1 ? results.map { $0 + (found.first ?? "") } : found.map { first + $0 }
            }
        }
        return results
    }

    private static func values(
        _ source: String,
        _ alternatives: [Alternative],
        _ values: TemplateValues,
        _ fit: (String) throws(TemplateError) -> String
    ) throws(TemplateError) -> [String] {
        for alternative in alternatives {
            switch alternative {
            case .literal(let text): return [text]
            case .value(let path):
                let found = values.texts(path).filter { !$0.utf8.allSatisfy { $0 == UInt8(ascii: " ") } }
                guard !found.isEmpty else { continue }
                guard found.count <= maximumValueCount else {
                    throw .ambiguous("${\(source)}", count: found.count)
                }
                var fitting: [String] = []
                for value in found {
                    try check(value, source)
                    fitting.append(try fit(value))
                }
                return fitting
            }
        }
        throw .missing("${\(source)}")
    }

    private static func check(_ value: String, _ source: String) throws(TemplateError) {
        guard value.utf8.count <= maximumValueByteCount else {
            throw .unfit(
                "the value of '${\(source)}' has \(value.utf8.count) bytes; at most \(maximumValueByteCount) are filled in"
            )
        }
        guard !value.hasControlCharacters else {
            throw .unfit("the value of '${\(source)}' has a control character in it")
        }
    }
}

extension String {
    /// Whether there are characters in it that steer instead of saying something, or break a line.
    var hasControlCharacters: Bool {
        unicodeScalars.contains { scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }
    }

    /// Whether there are characters in it that can't be seen or change how others are seen, such as RIGHT-TO-LEFT OVERRIDE.
    package var hasInvisibleCharacters: Bool {
        unicodeScalars.contains { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }
    }
}
