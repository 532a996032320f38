// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Foundation
internal import PKIX
internal import SCEPCrafting
internal import Testing

@testable internal import Enrollment

/// What the documents say of templates and their rules is true of the code.
@Suite struct PolicyDocumentTests {
    private static func document(_ name: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("docs/\(name)"), encoding: .utf8)
    }

    @Test func listOfRulesIsThatOfTheCode() throws {
        let rows = PolicyCheck.all.map {
            "| \($0.name) | `\($0.reason.rawValue)` | \($0.rule(CertificateTemplate())) |"
        }
        let table = (["| step | reason | rule |", "|---|---|---|"] + rows).joined(separator: "\n")
        #expect(
            try Self.document("policy-checks.md").hasSuffix("\n\n\(table)\n"),
            "docs/policy-checks.md should end with this table:\n\(table)"
        )
    }

    @Test func everyRuleSaysWhatItAsksForInASentence() throws {
        let templates = [
            "{}", "{subject: CN=a, names: ['dns:a.example'], requestedNames: ignore, requestedExtensions: refuse}",
            "{requestedNames: refuse, requestedUsages: refuse, requiredSubject: [CN], forbiddenSubject: [L], allowedSubject: [CN]}",
            "{requestedUsages: grant, allowedExtendedKeyUsages: [serverAuth], patterns: {CN: ['a']}, deniedPatterns: {CN: ['b']}}",
            "{invisibleCharacters: refuse, requiredNames: [dns], allowedNames: []}",
        ]
        for yaml in templates {
            let template = try TemplateBench.template(yaml)
            for check in PolicyCheck.all {
                let rule = check.rule(template)
                #expect(rule.hasSuffix(".") && rule.count > 15 && !rule.contains("|"), "\(check.name): \(rule)")
            }
        }
    }

    @Test func everyRuleIsInTheGroupOfPolicies() {
        #expect(PolicyCheck.all.allSatisfy { $0.reason.rawValue.hasPrefix("policy.") })
    }

    /// An example with what comes of it.
    private struct Example {
        var yaml: String
        var outcome: String
    }

    private static func examples() throws -> [Example] {
        var examples: [Example] = []
        for block in try document("templates.md").components(separatedBy: "```yaml\n").dropFirst() {
            let parts = block.components(separatedBy: "\n```\n")
            let line = parts.last?.split(separator: "\n").first.map(String.init) ?? ""
            #expect(parts.count == 2 && line.hasPrefix("→ "), "no outcome after an example: \(block)")
            var outcome = line.replacing("`", with: "")
            for prefix in ["→ ", "refused: "] where outcome.hasPrefix(prefix) {
                outcome = String(outcome.dropFirst(prefix.count))
            }
            examples.append(Example(yaml: parts.first ?? "", outcome: outcome))
        }
        return examples
    }

    @Test func examplesOfTemplatesDoWhatTheySay() async throws {
        let examples = try Self.examples()
        #expect(examples.count >= 15)
        for example in examples {
            let template = try TemplateBench.template(example.yaml)
            #expect(template.problems() == [], "\(example.yaml)")
            let bench = try await TemplateBench(
                template,
                [
                    "webhook.device.serial": ["C02XK1"], "webhook.account": ["anna"],
                    "directory.mail": ["anna@example.com"],
                ]
            )
            let outcome = try await bench.outcome(
                "CN=device-1,O=Somebody",
                extensions: [Wish.names(Wish.dns("device-1.example"), Wish.uri("urn:device:1"))]
            )
            #expect(outcome == example.outcome, "\(example.yaml)")
        }
    }

    @Test func guideNamesEverySetting() throws {
        let guide = try Self.document("templates.md")
        for key in CertificateTemplate.knownKeys { #expect(guide.contains(key), "\(key) is not in docs/templates.md") }
    }
}
