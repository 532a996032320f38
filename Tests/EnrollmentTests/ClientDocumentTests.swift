// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Foundation
internal import SCEP
internal import Testing

/// What docs/clients.md says about client compatibilities is true of the code.
@Suite struct ClientDocumentTests {
    /// What an entry changes, in words.
    private static func changes(_ entry: ClientCompatibility) -> String {
        var list = entry.extraCapabilities.map { "GetCACaps also lists `\($0)`" }
        switch entry.caList {
        case .whole: break
        case .withoutRoot: list.append("GetCACert leaves the root out")
        case .authoritiesFirst: list.append("GetCACert lists the CAs before the RA")
        }
        if entry.listsEncryptionCertificate {
            list.append("GetCACert also lists an RA certificate that only enciphers")
        }
        switch entry.replyChain {
        case .leaf: break
        case .leafAndIssuer: list.append("SUCCESS holds the issuing CA's certificate too, after the issued one")
        case .chain: list.append("SUCCESS holds all CA certificates below the root too, after the issued one")
        }
        if entry.emptyContent == .absent { list.append("FAILURE and PENDING have no content instead of an empty one") }
        if entry.missingNonce == .accepted { list.append("a request without a senderNonce is answered") }
        return list.isEmpty ? "–" : list.joined(separator: "; ")
    }

    @Test func tableOfCompatibilitiesSaysWhatTheyChange() throws {
        // Whoever adds a property adds it above.
        #expect(ClientCompatibility.all.allSatisfy { Mirror(reflecting: $0).children.count == 8 })
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/clients.md"), encoding: .utf8)
        let rows = ClientCompatibility.all.map { "| `\($0.name)` | \(Self.changes($0)) | \($0.reason) |" }
        let table = (["| `--compatibility` | changes | for |", "|---|---|---|"] + rows).joined(separator: "\n")
        #expect(text.contains("\n\(table)\n\n"), "docs/clients.md should have this table:\n\(table)")
    }
}
