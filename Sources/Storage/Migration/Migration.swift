// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// One step of the schema's history.
struct Migration: Sendable {
    /// Counted from 1 without gaps.
    let version: Int
    /// What it brings, for people and as a check that the history is this program's.
    let name: String
    /// What it runs, with type tokens.
    let statements: [String]
}

/// How a database spells what `Migration` leaves open.
struct SQLDialect: Sendable {
    let int64: String
    let text: String
    let blob: String
    /// What follows a table's closing parenthesis.
    let strict: String
    /// The same for a table that is nothing but its key.
    let keyed: String

    /// SQLite, from 3.37 on.
    static let sqlite = SQLDialect(
        int64: "INTEGER",
        text: "TEXT",
        blob: "BLOB",
        strict: "STRICT",
        keyed: "WITHOUT ROWID, STRICT"
    )

    /// PostgreSQL, where texts sort by their bytes, as in SQLite.
    static let postgreSQL = SQLDialect(
        int64: "BIGINT",
        text: "TEXT COLLATE \"C\"",
        blob: "BYTEA",
        strict: "",
        keyed: ""
    )

    /// Puts the spellings in place of the tokens.
    func expand(_ statement: String) -> String {
        let spellings = ["int64": int64, "text": text, "blob": blob, "strict": strict, "keyed": keyed]
        var parts = statement.split(separator: "{{", omittingEmptySubsequences: false)
        var expanded = String(parts.removeFirst())
        for part in parts {
            let token = part.prefix { $0 != "}" }
            expanded += spellings[String(token)] ?? "{{\(token)}}"
            expanded += part.dropFirst(token.count + 2)
        }
        return expanded
    }
}
