// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The requirements on a server: those of the project's numbered list of RFC 8894 that bind servers, or servers and clients alike.
package enum RequirementTable {
    /// All of them, by number.
    package static let all: [Requirement] = discovery + messages + operations

    /// The requirement with a number.
    package static func requirement(_ number: Int) -> Requirement? { byNumber[number] }

    private static let byNumber = Dictionary(uniqueKeysWithValues: all.map { ($0.number, $0) })

    /// Puts rows of one part together.
    static func rows(_ part: RequirementPart, _ rows: [Row]) -> [Requirement] {
        rows.map { row in
            Requirement(
                number: row.number,
                part: part,
                section: row.section,
                level: row.level,
                subject: row.subject,
                text: row.text,
                kind: row.kind
            )
        }
    }

    /// A row of the table.
    struct Row {
        var number: Int
        var section: String
        var level: RequirementLevel
        var subject = RequirementSubject.server
        var kind = RequirementKind.requests
        var text: String

        init(
            _ number: Int,
            _ section: String,
            _ level: RequirementLevel,
            _ text: String,
            subject: RequirementSubject = .server,
            kind: RequirementKind = .requests
        ) {
            self.number = number
            self.section = section
            self.level = level
            self.subject = subject
            self.kind = kind
            self.text = text
        }
    }
}
