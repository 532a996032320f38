// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment
internal import Foundation
internal import PKIX
internal import StrictJSON
internal import TestSupport
internal import Testing

@testable internal import ServerApp

/// Each check of `sceptic doctor`, with what it is for planted.
@Suite struct DoctorTests {
    private static func findings(_ state: State, in days: Double = 0) async -> [Doctor.Finding] {
        await Doctor(
            folder: state.opened.folder,
            configuration: nil,
            now: Date().addingTimeInterval(days * 86_400)
        ).findings()
    }

    /// What is not well, as `check level`.
    private static func troubles(_ state: State, in days: Double = 0) async -> Set<String> {
        Set(
            await findings(state, in: days).filter { $0.level != .ok && $0.check != "disk" }
                .map { "\($0.check) \($0.level.rawValue)" }
        )
    }

    @Test func nothingIsWrongWithANewState() async throws {
        let state = try await State()
        #expect(await Self.troubles(state).isEmpty)
        let checks = await Self.findings(state).map(\.check)
        #expect(
            checks == [
                "permissions", "disk", "database", "clock", "certificates", "ra", "keys", "profiles", "capabilities",
                "connectors",
            ]
        )
    }

    @Test func secretsThatOthersCanReadAreFound() async throws {
        let state = try await State()
        let path = state.opened.folder.path
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path + "/master.key")
        #expect(await Self.troubles(state) == ["permissions failure"])
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path + "/master.key")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        #expect(await Self.troubles(state) == ["permissions warning"])
    }

    @Test func keysUnderAnotherMasterKeyAreFound() async throws {
        let state = try await State()
        let file = state.opened.folder.path + "/master.key"
        try Data(String(repeating: "ab", count: 32).utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        #expect(await Self.troubles(state) == ["keys failure"])
    }

    /// Nothing is written under another key: it would spoil the audit log for ever.
    @Test func stateIsNotOpenedUnderAnotherMasterKey() async throws {
        let state = try await State()
        let folder = state.opened.folder
        let file = folder.path + "/master.key"
        try Data(String(repeating: "ab", count: 32).utf8).write(to: URL(fileURLWithPath: file))
        let error = await #expect(throws: AppError.self) { try await folder.open() }
        #expect(error?.sentence == AppError.wrongMasterKey.sentence)
    }

    @Test func databaseOfAnOlderVersionIsFoundAndNotChanged() async throws {
        let state = try await State()
        try await state.opened.store.close()
        let file = state.opened.folder.path + "/sceptic.sqlite"
        let older = Process()
        older.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        older.arguments = [
            "python3", "-c",
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('DELETE FROM schema_migration WHERE version > 7'); c.commit(); c.close()",
            file,
        ]
        try older.run()
        older.waitUntilExit()
        let before = FileManager.default.contents(atPath: file)
        #expect(await Self.troubles(state) == ["database warning"])
        #expect(FileManager.default.contents(atPath: file) == before)
    }

    @Test func databaseThatIsNoneIsFound() async throws {
        let state = try await State()
        try await state.opened.store.close()
        let file = state.opened.folder.path + "/sceptic.sqlite"
        try Data("nonsense".utf8).write(to: URL(fileURLWithPath: file))
        #expect(await Self.troubles(state) == ["database failure"])
    }

    @Test func clockThatIsBehindIsFound() async throws {
        let state = try await State()
        #expect(await Self.troubles(state, in: -1).isSuperset(of: ["clock failure", "certificates failure"]))
    }

    @Test func certificatesThatEndAreFound() async throws {
        let state = try await State()
        let stored = try await state.opened.configuration()
        let ends = try stored.raCredentials.map {
            try #require(try EncodedCertificate(derEncoded: $0.certificate).notAfter)
        }
        let days = try #require(ends.min()).timeIntervalSince(Date()) / 86_400
        #expect(await Self.troubles(state, in: days - 40).isEmpty)
        #expect(await Self.troubles(state, in: days - 20).contains("certificates warning"))
        #expect(await Self.troubles(state, in: days + 1).contains("certificates failure"))
    }

    @Test func authoritiesWithoutARAAreFound() async throws {
        let state = try await State()
        var stored = try await state.opened.configuration()
        let doctor = Doctor(folder: state.opened.folder, configuration: nil, now: Date())
        #expect(doctor.credentialFindings(stored).map(\.level) == [.ok])
        for index in stored.raCredentials.indices { stored.raCredentials[index].state = .decryptOnly }
        #expect(doctor.credentialFindings(stored).map(\.level) == [.failure])
    }

    @Test func fullDisksAreFound() async throws {
        let state = try await State()
        let doctor = Doctor(folder: state.opened.folder, configuration: nil, now: Date())
        #expect(doctor.disk(free: 10 << 20).level == .failure)
        #expect(doctor.disk(free: 500 << 20).level == .warning)
        #expect(doctor.disk(free: 5 << 30).level == .ok)
    }

    @Test func profilesThatAreNotServedAreFound() async throws {
        let state = try await State()
        _ = try await state.opened.addProfile("phones", SCEPProfileSettings(raProfile: nil))
        #expect(await Self.troubles(state) == ["profiles warning"])
        // It serves another one: that is what it is for.
        _ = try await state.opened.addProfile("vpn", RAProfileSettings(scepProfile: "phones"))
        #expect(await Self.troubles(state).isEmpty)
        for name in ["phones", "default"] { _ = try await state.opened.enableProfile(.scep, name, false) }
        #expect(await Self.troubles(state).contains("profiles failure"))
    }

    @Test func capabilitiesThatAreNotKeptAreFound() async throws {
        let state = try await State()
        var settings = SCEPProfileSettings(raProfile: "default", compatibility: "strongswan-5.9")
        settings.refusedAlgorithms = [.sha384]
        _ = try await state.opened.addProfile("a", settings)
        #expect(await Self.troubles(state) == ["capabilities warning"])
        settings.refusedAlgorithms = []
        settings.acceptedLegacy = [.des]
        _ = try await state.opened.changeProfile("a") { (changed: inout SCEPProfileSettings) in changed = settings }
        let finding = await Self.findings(state).first { $0.check == "capabilities" }
        #expect(finding?.sentence == "'a' accepts des, which RFC 8894 forbids")
    }

    @Test(arguments: [
        ("{type: program, path: /absent}", "'program': /absent is no program that can be run"),
        (
            "{type: webhook, url: 'https://127.0.0.1:1/', secret: {environment: SCEPTIC_ABSENT}}",
            "'webhook': nothing listens at 127.0.0.1 port 1, or the name is not known"
        ),
        (
            "{type: webhook, url: 'https://127.0.0.1:1/', secret: {environment: SCEPTIC_ABSENT}}",
            "'webhook': the variable SCEPTIC_ABSENT is not set here"
        ),
        ("{type: token, keys: [/absent]}", "'token': the file /absent can't be read"),
        ("{type: token, secret: {file: /absent}}", "'token': the secret in /absent can't be read"),
        (
            "{type: directory, mode: bind, url: 'ldaps://127.0.0.1:1', bindDN: 'uid=${csr.subject.UID}'}",
            "'directory': nothing listens at 127.0.0.1 port 1, or the name is not known"
        ),
    ])
    func connectorsThatAreAwayAreFound(_ source: String, _ sentence: String) async throws {
        let state = try await State()
        let text = "scepProfiles: {default: {raProfile: default, challengeSources: [\(source)]}}"
        _ = try await state.opened.apply(text, isDryRun: false)
        let findings = await Self.findings(state)
        #expect(findings.contains { $0.check == "connectors" && $0.level == .failure && $0.sentence == sentence })
    }

    @Test func configurationFilesAreLookedAt() async throws {
        let state = try await State()
        let configuration = try ServerConfiguration(yaml: "masterKey: {file: /absent}", file: "a.yaml")
        let doctor = Doctor(folder: state.opened.folder, configuration: configuration, now: Date())
        #expect(doctor.configurationFindings().map(\.level) == [.failure])
    }
}
