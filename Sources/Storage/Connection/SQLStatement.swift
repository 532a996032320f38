// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// One SQL statement, written once for every database and bound by name.
///
/// A statement is an object so that a driver can know it again by its identity. The parameters are numbered by their
/// first appearance in the text, which is how SQLite numbers `:name` and how a driver for PostgreSQL can write `$1`.
final class SQLStatement: Sendable {
    /// The text, with `:name` for each parameter.
    let text: String
    /// The parameters' names without the colon, each once, by first appearance.
    let parameters: [String]

    init(_ text: String) {
        self.text = text
        self.parameters = Self.parameters(in: text)
    }

    private static func parameters(in text: String) -> [String] {
        var found: [String] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false).dropFirst() {
            let name = String(part.prefix { $0 == "_" || ($0.isASCII && ($0.isLetter || $0.isNumber)) })
            if !name.isEmpty, !found.contains(name) { found.append(name) }
        }
        return found
    }
}

/// The values of a statement by the names of its parameters.
struct SQLValues: Sendable, ExpressibleByDictionaryLiteral, RandomAccessCollection {
    private let pairs: [(String, SQLValue)]

    init(dictionaryLiteral pairs: (String, SQLValue)...) { self.pairs = pairs }

    /// For statements that are put together, as most are not.
    init(_ pairs: [(String, SQLValue)]) { self.pairs = pairs }

    var startIndex: Int { 0 }
    var endIndex: Int { pairs.count }

    subscript(position: Int) -> (key: String, value: SQLValue) { pairs[position] }
}
