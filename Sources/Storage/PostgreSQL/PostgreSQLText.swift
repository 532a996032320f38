// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A statement as PostgreSQL writes it: `$1` for `:name`, numbered by first appearance.
struct PostgreSQLText: Sendable {
    /// The text.
    private(set) var text = ""
    /// The parameters' names, each once.
    private(set) var parameters: [String] = []

    /// Rewrites a statement; literals, quoted names, comments and casts stay as they are.
    init(_ statement: String) {
        var rest = Substring(statement)
        while let character = rest.first {
            switch character {
            case "'", "\"":
                take(quoted(character, &rest))
            case "-" where rest.hasPrefix("--"):
                take(rest.prefix { $0 != "\n" }, of: &rest)
            case "/" where rest.hasPrefix("/*"):
                let end = rest.firstRange(of: "*/")?.upperBound ?? rest.endIndex
                take(rest[..<end], of: &rest)
            case ":" where rest.hasPrefix("::"):
                take(rest.prefix(2), of: &rest)
            case ":":
                takeParameter(&rest)
            default:
                text.append(rest.removeFirst())
            }
        }
    }

    private mutating func take(_ part: Substring) { text += part }

    private mutating func take(_ part: Substring, of rest: inout Substring) {
        text += part
        rest = rest[part.endIndex...]
    }

    /// Up to the closing quote; one that is doubled opens the next part, which comes to the same.
    private func quoted(_ quote: Character, _ rest: inout Substring) -> Substring {
        let end = rest.dropFirst().firstIndex(of: quote).map { rest.index(after: $0) } ?? rest.endIndex
        defer { rest = rest[end...] }
        return rest[..<end]
    }

    private mutating func takeParameter(_ rest: inout Substring) {
        let name = String(rest.dropFirst().prefix { $0 == "_" || ($0.isASCII && ($0.isLetter || $0.isNumber)) })
        guard !name.isEmpty else { return take(rest.prefix(1), of: &rest) }
        rest = rest.dropFirst(1 + name.count)
        let position: Int
        if let known = parameters.firstIndex(of: name) {
            position = known
        } else {
            position = parameters.count
            parameters.append(name)
        }
        text += "$\(position + 1)"
    }
}
