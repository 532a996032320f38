// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Foundation
internal import Testing

/// What the documents say about roles is what they are.
@Suite struct RoleTableTests {
    @Test func theTableOfRolesIsTheCodes() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
            path: "../../../docs/operators.md"
        )
        let text = try String(contentsOf: file, encoding: .utf8)
        let heading = "| role | " + Access.allCases.map { Self.word($0) }.joined(separator: " | ") + " |"
        let line = "|" + String(repeating: "---|", count: Access.allCases.count + 1)
        let rows = Role.allCases.map { role in
            let cells = Access.allCases.map { role.allows($0) ? " yes |" : " |" }
            return "| `\(role.rawValue)` |" + cells.joined()
        }
        let table = ([heading, line] + rows).joined(separator: "\n")
        #expect(
            text.contains("<!-- roles -->\n\n\(table)\n\n<!-- end of roles -->"),
            "docs/operators.md should say:\n\(table)"
        )
    }

    /// `issuingCodes` as `issuing-codes`.
    private static func word(_ access: Access) -> String {
        access.rawValue.reduce(into: "") { word, letter in
            word += letter.isUppercase ? "-" + letter.lowercased() : String(letter)
        }
    }

    @Test func aRoleIsCoveredByWhoeverMayDoAsMuch() {
        for role in Role.allCases {
            #expect(role.isCovered(by: [role]))
            #expect(role.isCovered(by: [.administrator]))
            #expect(Role.administrator.isCovered(by: [role]) == (role == .administrator))
        }
        #expect(Role.monitor.isCovered(by: [.auditor]))
        #expect(!Role.auditor.isCovered(by: [.monitor, .approver]))
    }
}
