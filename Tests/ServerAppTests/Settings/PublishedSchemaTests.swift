// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Foundation
internal import StrictJSON
internal import Testing

@testable internal import AdminAPI
@testable internal import ServerApp

/// The JSON Schema that is published, and the examples in the guides.
@Suite struct PublishedSchemaTests {
    static let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs")

    /// The blocks of YAML in a guide.
    static func blocks(_ guide: String) throws -> [String] {
        let text = try String(contentsOf: docs.appendingPathComponent(guide), encoding: .utf8)
        return text.components(separatedBy: "```yaml\n").dropFirst()
            .compactMap { $0.components(separatedBy: "\n```").first }
    }

    @Test func profileSchemaIsTheOneThatIsPrinted() throws {
        let text = try String(contentsOf: Self.docs.appendingPathComponent("profile.schema.json"), encoding: .utf8)
        #expect(
            text == SettingsSchema.profileFile.laidOut + "\n",
            "write it anew: sceptic profile schema > docs/profile.schema.json"
        )
    }

    @Test(arguments: ["operations.md", "profiles.md", "challenge-sources.md", "templates.md"])
    func examplesKeepTheSchema(_ guide: String) throws {
        let blocks = try Self.blocks(guide)
        #expect(!blocks.isEmpty)
        for block in blocks {
            let value = try SettingsNode(yaml: block).json
            // The guide of templates shows what stands below 'template'.
            let isTemplate = guide == "templates.md" && value["raProfiles"] == nil && value["scepProfiles"] == nil
            let schema = isTemplate ? SettingsSchema.certificateTemplate : SettingsSchema.file
            #expect(schema.violations(in: value).isEmpty, "\(schema.violations(in: value)) in\n\(block)")
        }
    }

    @Test(arguments: [
        "scepProfil: {}", "scepProfiles:\n  a:\n    raProfil: default", "scepProfiles: 5",
        "scepProfiles:\n  a:\n    renewal:\n      windows: always", "scepProfiles:\n  a:\n    approvalDays: many",
        "scepProfiles:\n  a:\n    challengeSources:\n      - typ: stored", "scepProfiles:\n  a:\n    approvalDays: 0",
        "scepProfiles:\n  a:\n    challengeSources:\n      - type: stored\n        url: x",
        "scepProfiles:\n  a:\n    pss: acepted", "scepProfiles:\n  a:\n    renewal: {window: sometimes}",
        "raProfiles:\n  a:\n    template: {validityDays: 0}", "raProfiles:\n  a:\n    template: {keys: {types: [dsa]}}",
    ])
    func wrongFilesDoNot(_ text: String) throws {
        #expect(!SettingsSchema.file.violations(in: try SettingsNode(yaml: text).json).isEmpty)
        #expect(throws: AppError.self) {
            let file = try ProfileFile(yaml: text)
            for profile in file.raProfiles.values where !profile.settings.problems().isEmpty {
                throw AppError(.usage, "")
            }
            for profile in file.scepProfiles.values where !profile.settings.problems().isEmpty {
                throw AppError(.usage, "")
            }
        }
    }

    @Test func whatIsExportedKeepsTheSchema() async throws {
        let state = try await State()
        let text = try await state.opened.export([])
        #expect(SettingsSchema.file.violations(in: try SettingsNode(yaml: text).json).isEmpty)
    }
}

extension SettingsNode {
    /// The value as YAML 1.2 has it.
    var json: JSONValue {
        switch self {
        case .scalar(let text, let isPlain, _):
            guard isPlain else { return .string(text) }
            if isNothing { return .null }
            if text == "true" || text == "false" { return .boolean(text == "true") }
            return Int(text).map(JSONValue.integer) ?? .string(text)
        case .list(let list, _): return .array(list.map(\.json))
        case .map(let members, _):
            return .object(Dictionary(members.map { ($0.key, $0.value.json) }, uniquingKeysWith: { first, _ in first }))
        }
    }
}
