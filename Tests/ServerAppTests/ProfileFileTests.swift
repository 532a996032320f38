// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Foundation
internal import Testing

@testable internal import ServerApp

/// What is read from a document of profiles, and what is said when it can't be.
@Suite struct ProfileFileTests {
    @Test func whatIsLeftOutHasItsDefault() throws {
        let document = try ProfileFile(
            yaml: """
                raProfiles:
                  vpn:
                    scepProfile: phones
                scepProfiles:
                  phones:
                  printers: {enabled: no, raProfile: 123, aliases: [yes, "no"], renewal: {graceDays: 7}}
                """
        )
        #expect(document.raProfiles["vpn"]?.settings == RAProfileSettings(scepProfile: "phones"))
        #expect(document.scepProfiles["phones"]?.settings == SCEPProfileSettings(raProfile: nil))
        #expect(document.scepProfiles["phones"]?.isEnabled == nil)
        let printers = try #require(document.scepProfiles["printers"])
        #expect(printers.isEnabled == false)
        // A text takes any word, whatever YAML would read in it.
        #expect(printers.settings.raProfile == "123")
        #expect(printers.settings.aliases == ["yes", "no"])
        #expect(printers.settings.renewal == RenewalPolicy(graceDays: 7))
    }

    @Test(arguments: ["operations.md", "profiles.md"]) func readsWhatTheGuidesShow(name: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/\(name)"), encoding: .utf8)
        let blocks = text.components(separatedBy: "```yaml\n").dropFirst()
            .compactMap { $0.components(separatedBy: "\n```").first }
        #expect(!blocks.isEmpty)
        for block in blocks {
            let document = try ProfileFile(yaml: block)
            #expect(!document.scepProfiles.isEmpty || !document.raProfiles.isEmpty)
            for (name, profile) in document.scepProfiles { #expect(profile.settings.problems().isEmpty, "\(name)") }
            for (name, profile) in document.raProfiles { #expect(profile.settings.problems().isEmpty, "\(name)") }
        }
    }

    @Test func readsJSON() throws {
        let document = try ProfileFile(
            yaml: #"{"scepProfiles": {"a": {"challengeSources": [{"type": "stored"}], "approvalDays": 3}}}"#
        )
        #expect(document.scepProfiles["a"]?.settings.approvalDays == 3)
    }

    @Test func emptyDocumentNamesNothing() throws {
        for text in ["", "# nothing\n", "{}", "scepProfiles:\n"] {
            #expect(try ProfileFile(yaml: text).scepProfiles.isEmpty)
        }
    }

    static let wrong: [(String, String, String?)] = [
        ("scepProfil: {}", "Line 1: there is no setting 'scepProfil' here.", "Did you mean 'scepProfiles'?"),
        (
            "scepProfiles:\n  a:\n    raProfil: default",
            "Line 3, scepProfiles.a: there is no setting 'raProfil' here.", "Did you mean 'raProfile'?"
        ),
        (
            "scepProfiles:\n  a:\n    renewal:\n      windows: always",
            "Line 4, scepProfiles.a.renewal: there is no setting 'windows' here.", "Did you mean 'window'?"
        ),
        (
            "scepProfiles:\n  a:\n    challengeSources:\n      - type: stored\n      - typ: stored",
            "Line 5, scepProfiles.a.challengeSources[1]: there is no setting 'typ' here.", "Did you mean 'type'?"
        ),
        (
            "scepProfiles:\n  a:\n    challengeSources:\n      - type: stored\n        url: x",
            "Line 5, scepProfiles.a.challengeSources[0]: there is no setting 'url' here.", "Known are: type."
        ),
        (
            "scepProfiles:\n  a:\n    challengeSources:\n      - {}",
            "Line 4, scepProfiles.a.challengeSources[0]: 'type' is missing.", nil
        ),
        (
            "scepProfiles:\n  a:\n    approvalDays: many",
            "Line 3, scepProfiles.a.approvalDays: this has to be a whole number.", nil
        ),
        (
            "scepProfiles:\n  a:\n    approvalDays: \"3\"",
            "Line 3, scepProfiles.a.approvalDays: this has to be a whole number.", nil
        ),
        (
            "scepProfiles:\n  a:\n    approvalDays: 99999999999999999999",
            "Line 3, scepProfiles.a.approvalDays: this has to be a whole number.", nil
        ),
        (
            "scepProfiles:\n  a:\n    aliases: b",
            "Line 3, scepProfiles.a.aliases: this has to be a list, such as [first, second].",
            nil
        ),
        (
            "scepProfiles:\n  a:\n    pss: acepted",
            "Line 3, scepProfiles.a.pss: 'acepted' is none of refused, accepted; did you mean accepted?", nil
        ),
        (
            "scepProfiles:\n  a:\n    acceptedLegacy: [des, rot13]",
            "Line 3, scepProfiles.a.acceptedLegacy[1]: 'rot13' is none of des, md5.", nil
        ),
        (
            "scepProfiles:\n  a:\n    renewal: {window: sometimes}",
            "Line 3, scepProfiles.a.renewal.window: not a renewal window: always, 33% or 30d.", nil
        ),
        ("scepProfiles: 5", "Line 1, scepProfiles: this has to be names with values, such as 'name: value'.", nil),
        ("scepProfiles:\n  a: {}\n  b: {}\n  a: {}", "Line 2: 'a' is written twice.", nil),
        ("scepProfiles:\n  a: {pss: refused, pss: accepted}", "Line 2: 'pss' is written twice.", nil),
        ("scepProfiles: [", "Line 2: this is no YAML: did not find expected node content.", nil),
        ("scepProfiles: {}\n---\nscepProfiles: {}", "Line 2: this is no YAML: but found another document.", nil),
        ("scepProfiles: !secret {}", "Line 1: tags of YAML are not read.", nil),
        ("? [a]\n: b", "Line 1: a key has to be a word.", nil),
    ]

    @Test(arguments: wrong) func saysWhatIsWrongAndWhere(text: String, sentence: String, hint: String?) {
        #expect(throws: AppError(.usage, sentence, hint: hint)) { try ProfileFile(yaml: text) }
    }

    @Test(arguments: [
        "a: &a 1", "&a {}", "\u{FEFF}&a x: 1", "x: [&a 1]", "x:\n- &b\n  c: 1", "{\"x\":&a 1}", "x: !!str &a y",
        "? &a x\n: 1",
    ])
    func anchorsAreRefusedBeforeAnythingIsMadeOfThem(text: String) throws {
        let error = #expect(throws: AppError.self) { try SettingsNode(yaml: text) }
        #expect(error?.sentence.contains("anchors and aliases of YAML") == true)
    }

    @Test func fewLinesThatStandForGigabytesAreRefusedAtOnce() throws {
        var text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (former, next) in zip("abcdefghijklmnop", "bcdefghijklmnopq") {
            text += "\(next): &\(next) [\(Array(repeating: "*\(former)", count: 9).joined(separator: ","))]\n"
        }
        text += "? *q\n: 1\n"
        let clock = ContinuousClock()
        let time = clock.measure {
            _ = #expect(throws: AppError.self) { try ProfileFile(yaml: text) }
        }
        #expect(time < .seconds(5))
    }

    @Test func ampersandsInValuesAreOnlyText() throws {
        let node = try SettingsNode(yaml: "a: https://x.example/?b=1&c=2\nb: R & D\nc: \"a&b\"")
        #expect(node.child(Key("a"))?.node.isNothing == false)
    }

    @Test func depthAndLengthHaveBounds() throws {
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(throws: AppError(.usage, "Line 1: the document is nested too deeply.")) { try SettingsNode(yaml: deep) }
        let deeper = String(repeating: "[", count: 500_000)
        #expect(throws: AppError.self) { try SettingsNode(yaml: deeper) }
        let long = String(repeating: "# \n", count: 400_000)
        #expect(throws: AppError(.usage, "The document is longer than 1048576 bytes.")) { try SettingsNode(yaml: long) }
    }

    @Test(arguments: [
        ("raProfil", "raProfile"), ("RAPROFILE", "raProfile"), ("isuer", "issuer"), ("al", "all"), ("url", nil),
        ("", nil), ("entirely-different", nil),
    ])
    func suggestsOnlyWhatIsNear(word: String, expected: String?) {
        #expect(word.nearest(among: ["raProfile", "issuer", "all", "template"]) == expected)
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}

/// Settings as a tree: always in the same order where order means nothing, never where it does.
@Suite struct SettingsValueTests {
    private struct Example: Codable, Equatable {
        var set: Set<String> = ["c", "a", "b", "e", "d"]
        var list = ["c", "a", "b"]
        var nested = ["x": Set([3, 1, 2])]
        var absent: Int?
    }

    @Test func setsAreSortedAndListsAreNot() throws {
        let tree = try SettingsValue(canonical: Example()).object
        #expect(tree["set"]?.line == "[a, b, c, d, e]")
        #expect(tree["list"]?.line == "[c, a, b]")
        #expect(tree["nested"]?.line == "{x: [1, 2, 3]}")
        #expect(tree["absent"] == nil)
    }
}
