// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import SCEP
internal import StrictJSON
internal import TestSupport
internal import Testing

internal import struct Foundation.UUID

@testable internal import ServerApp

/// A state of its own, with the profiles that `init` makes.
struct State: Sendable {
    let folder = Result { try TemporaryFolder() }
    let opened: OpenedState

    init() async throws {
        let state = StateFolder(path: try folder.get().file("state"))
        let initialization = try StateInitialization(
            name: "Example",
            keyType: .ec(.p256),
            hierarchy: .rootAndIssuing,
            publicURL: "http://ca.example"
        )
        _ = try await initialization.run(in: state)
        opened = try await state.open()
    }

    /// Why profiles are not served, by the names under which transactions are kept.
    func refusals() async throws -> [String: String] {
        try opened.served(try await opened.configuration()).refusals
    }
}

@Suite struct ProfileAdministrationTests {
    private static func settings(_ change: (inout SCEPProfileSettings) -> Void = { _ in }) -> SCEPProfileSettings {
        var settings = SCEPProfileSettings(raProfile: "default")
        change(&settings)
        return settings
    }

    @Test func saysWhyAProfileIsNotServed() async throws {
        let state = try await State()
        let opened = state.opened
        #expect(try await opened.addProfile("a", Self.settings()) == nil)
        #expect(try await opened.addProfile("vpn", RAProfileSettings(scepProfile: "a")) == nil)
        #expect(try await state.refusals().isEmpty)

        _ = try await opened.enableProfile(.registration, "default", false)
        #expect(
            try await state.refusals() == [
                "a": "its RA profile 'default' is disabled", "default": "its RA profile 'default' is disabled",
            ]
        )
        _ = try await opened.enableProfile(.scep, "a", false)
        #expect(try await state.refusals()["a"] == "it is disabled")
        #expect(try await state.refusals()["raProfile/vpn"] == "its SCEP profile 'a' is disabled")
        #expect(try await opened.enableProfile(.registration, "vpn", true) == "its SCEP profile 'a' is disabled")
        _ = try await opened.enableProfile(.registration, "vpn", false)
        #expect(try await state.refusals()["raProfile/vpn"] == "it is disabled")

        #expect(try await opened.enableProfile(.scep, "a", true) == "its RA profile 'default' is disabled")
        let reason = try await opened.changeProfile("a") { (settings: inout SCEPProfileSettings) in
            settings.raProfile = nil
        }
        #expect(reason == "it has no default RA profile, and serves only RA profiles that name it")
        // Its RA profiles are served all the same.
        #expect(try await opened.enableProfile(.registration, "vpn", true) == nil)
        #expect(try opened.served(try await opened.configuration()).profiles["raProfile/vpn"]?.scepProfile == "a")
    }

    @Test func rowsThatOthersWroteAreRefusedWithTheirReason() async throws {
        let state = try await State()
        var stored = try await state.opened.configuration()
        stored.scepProfiles.append(
            try ProfileRecord.make("lost", SCEPProfileSettings(raProfile: "gone"), id: UUID())
        )
        var open = Self.settings()
        open.challengeSources = []
        stored.scepProfiles.append(try ProfileRecord.make("open", open, id: UUID()))
        stored.raProfiles.append(try ProfileRecord.make("lost", RAProfileSettings(scepProfile: "gone"), id: UUID()))
        stored.raProfiles.append(
            ProfileRecord(id: UUID(), name: "torn", isEnabled: true, settings: "{", version: 1)
        )
        let refusals = try state.opened.served(stored).refusals
        #expect(refusals["lost"] == "its RA profile 'gone' is missing")
        #expect(refusals["raProfile/lost"] == "its SCEP profile 'gone' is missing")
        #expect(refusals["raProfile/torn"] == "its settings can't be read")
        #expect(refusals["open"]?.contains("nothing would authenticate its requests") == true)
        open.approval = .all
        stored.scepProfiles[stored.scepProfiles.count - 1] = try ProfileRecord.make("open", open, id: UUID())
        #expect(try state.opened.served(stored).profiles["open"] != nil)
    }

    @Test func everyNameAndAliasMeansOneProfile() async throws {
        let state = try await State()
        let opened = state.opened
        _ = try await opened.addProfile("a", Self.settings { $0.aliases = ["old-a", "older-a"] })
        let refused: [(String, [String], String)] = [
            ("old-a", [], "'old-a' is an alias of the SCEP profile 'a'."),
            ("b", ["older-a"], "'older-a' is an alias of the SCEP profile 'a' already."),
            ("b", ["a"], "There is a SCEP profile 'a': its name can't be an alias of 'b'."),
            ("b", ["b"], "'b' is the profile's name already."),
            ("b", ["x", "x"], "An alias is named twice."),
            ("b", ["cgi-bin"], "'cgi-bin' can't be an alias: \(ProfileName.rule)."),
            ("b", ["A"], "'A' can't be an alias: \(ProfileName.rule)."),
        ]
        for (name, aliases, sentence) in refused {
            let error = await #expect(throws: AppError.self) {
                _ = try await opened.addProfile(name, Self.settings { $0.aliases = aliases })
            }
            #expect(error?.sentence == sentence)
        }
        let served = try opened.served(try await opened.configuration())
        #expect(served.aliases == ["old-a": "a", "older-a": "a"])
        // RA profiles have names of their own.
        _ = try await opened.addProfile("old-a", RAProfileSettings())
    }

    @Test func whatIsNamedIsNotDeleted() async throws {
        let state = try await State()
        let opened = state.opened
        _ = try await opened.addProfile("vpn", RAProfileSettings(scepProfile: "default"))
        await #expect(throws: AppError.self) { try await opened.deleteProfile(.scep, "default") }
        await #expect(throws: AppError.self) { try await opened.deleteProfile(.registration, "default") }
        await #expect(throws: AppError.self) { try await opened.deleteProfile(.scep, "absent") }
        try await opened.deleteProfile(.registration, "vpn")
        try await opened.deleteProfile(.scep, "default")
        try await opened.deleteProfile(.registration, "default")
        #expect(try await opened.configuration().scepProfiles.isEmpty)
        #expect(try await opened.configuration().raProfiles.isEmpty)
    }

    @Test func whoDecidedOnAnOlderConfigurationChangesNothing() async throws {
        let state = try await State()
        let opened = state.opened
        var draft = ConfigurationDraft(try await opened.configuration())
        try draft.put("a", Self.settings { $0.aliases = ["x"] }, isEnabled: true)
        _ = try await opened.addProfile("b", Self.settings { $0.aliases = ["x"] })
        let stale = draft
        let error = await #expect(throws: AppError.self) { try await opened.commit(stale) }
        #expect(error?.sentence.contains("changed by somebody else meanwhile") == true)
        #expect(try await opened.configuration().scepProfiles.map(\.name) == ["b", "default"])
    }

    // MARK: - Documents

    @Test func documentBecomesTrueAllAtOnceOrNotAtAll() async throws {
        let state = try await State()
        let opened = state.opened
        let text = """
            raProfiles:
              short: {template: {validityDays: 7, backdateSeconds: 0, allowedNames: [dns], minimumRSABits: 3072}}
            scepProfiles:
              phones: {raProfile: short, aliases: [tel]}
              printers: {raProfile: absent}
            """
        let error = await #expect(throws: AppError.self) { _ = try await opened.apply(text, isDryRun: false) }
        #expect(error?.sentence == "Line 5, scepProfiles.printers.raProfile: There is no RA profile 'absent'.")
        #expect(try await opened.configuration().scepProfiles.count == 1)

        let good = text.replacing("absent", with: "default")
        let version = try await opened.configuration().version
        let planned = try await opened.apply(good, isDryRun: true)
        #expect(planned.map(\.change) == [.created, .created, .created])
        #expect(try await opened.configuration().version == version)
        let outcomes = try await opened.apply(good, isDryRun: false)
        #expect(outcomes.map(\.name) == ["short", "phones", "printers"])
        #expect(outcomes.allSatisfy { $0.reason == nil })
        // All of it is one change.
        #expect(try await opened.configuration().version == version + 1)
        #expect(try await opened.apply(good, isDryRun: false).allSatisfy { $0.change == .unchanged })
        #expect(try await opened.configuration().version == version + 1)
    }

    @Test func saysWhatItChanged() async throws {
        let state = try await State()
        let opened = state.opened
        _ = try await opened.addProfile(
            "a",
            Self.settings {
                $0.acceptedLegacy = [.des, .md5]
                $0.approvalDays = 3
            }
        )
        _ = try await opened.enableProfile(.scep, "a", false)
        let outcome = try #require(
            try await opened.apply(
                "scepProfiles: {a: {raProfile: default, acceptedLegacy: [md5, des], maximumClockSkew: 60}}",
                isDryRun: false
            ).first
        )
        #expect(outcome.change == .changed)
        #expect(outcome.differences.map(\.path) == ["approvalDays", "maximumClockSkew"])
        #expect(outcome.differences.map(\.old) == [.integer(3), nil])
        #expect(outcome.differences.map(\.new) == [.integer(14), .integer(60)])
        // Who was disabled in a hurry is not enabled by a file that says nothing of it.
        #expect(try await opened.profile("a", SCEPProfileSettings.self).isEnabled == false)
        _ = try await opened.apply("scepProfiles: {a: {raProfile: default, enabled: true}}", isDryRun: false)
        #expect(try await opened.profile("a", SCEPProfileSettings.self).refusal == nil)
    }

    @Test func whatIsExportedIsReadBackToTheSame() async throws {
        let state = try await State()
        let opened = state.opened
        _ = try await opened.addProfile(
            "odd",
            Self.settings {
                $0.aliases = ["123", "yes", "null", "a-b"]
                $0.acceptedLegacy = [.des, .md5]
                $0.refusedAlgorithms = [.sha1, .des3, .aes192]
                $0.pss = .accepted
                $0.renewal.window = .lastFraction(0.33)
                $0.renewal.graceDays = 5
                $0.approval = .all
                $0.challengeSources = []
                $0.maximumClockSkew = 300
            }
        )
        _ = try await opened.addProfile("vpn", RAProfileSettings(scepProfile: "odd"))
        _ = try await opened.enableProfile(.scep, "odd", false)
        let text = try await opened.export([])
        #expect(try await opened.apply(text, isDryRun: false).allSatisfy { $0.change == .unchanged })

        let other = try await State()
        _ = try await other.opened.apply(text, isDryRun: false)
        #expect(try await other.opened.export([]) == text)
        let stored = try await opened.profile("odd", SCEPProfileSettings.self)
        let read = try await other.opened.profile("odd", SCEPProfileSettings.self)
        #expect(read.settings == stored.settings)
        #expect(read.isEnabled == false)
        // One profile comes with the RA profiles that belong to it.
        let part = try ProfileFile(yaml: try await opened.export(["odd"]))
        #expect(part.raProfiles.keys.sorted() == ["default", "vpn"])
        #expect(part.scepProfiles.keys.sorted() == ["odd"])
    }
}
