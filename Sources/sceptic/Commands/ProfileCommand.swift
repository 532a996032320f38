// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Enrollment
internal import ServerApp

/// The command `sceptic profile …`.
struct ProfileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Makes and lists SCEP profiles.",
        subcommands: [New.self, List.self, Show.self]
    )

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a SCEP profile, served at /scep/NAME.")

        @OptionGroup var state: DataOption

        @Argument(help: "Its name: lower-case letters, digits and hyphens.")
        var name: String

        @Option(help: "The client compatibility: \(ClientCompatibility.all.map(\.name).joined(separator: ", ")).")
        var compatibility: String = "default"

        @Option(help: "The RA profile that says what is issued.")
        var raProfile: String = ProfileName.default

        @Option(help: "Forbidden algorithms that are accepted all the same, separated by commas: des, md5.")
        var acceptLegacy: String?

        func run() async throws {
            let legacy = try (acceptLegacy ?? "").split(separator: ",").map { text in
                guard let algorithm = LegacyAlgorithm(rawValue: String(text)) else {
                    throw AppError(.usage, "'\(text)' is no legacy algorithm.", hint: "Known are des and md5.")
                }
                return algorithm
            }
            if !legacy.isEmpty {
                Terminal.note(
                    "warning: RFC 8894 forbids \(legacy.map(\.rawValue).joined(separator: " and ")); "
                        + "who listens may read or forge what this profile's clients send."
                )
            }
            let settings = SCEPProfileSettings(
                raProfile: raProfile,
                compatibility: compatibility,
                acceptedLegacy: Set(legacy)
            )
            try await state.folder.open().addProfile(name, settings)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the SCEP profiles.")

        @OptionGroup var state: DataOption

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let profiles = try await state.folder.open().profiles()
            if json { return try Terminal.json(profiles.map(\.json)) }
            Terminal.table(
                ["NAME", "ENABLED", "RA PROFILE", "COMPATIBILITY", "LEGACY"],
                profiles.map { profile in
                    [
                        profile.name, profile.isEnabled ? "yes" : "no", profile.settings.raProfile,
                        profile.settings.compatibility,
                        profile.legacy.isEmpty ? "-" : profile.legacy.joined(separator: ","),
                    ]
                }
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a SCEP profile.")

        @OptionGroup var state: DataOption

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            guard let profile = try await state.folder.open().profiles().first(where: { $0.name == name }) else {
                throw AppError(
                    .conflict,
                    "There is no SCEP profile '\(name)'.",
                    hint: "Look with: sceptic profile list"
                )
            }
            try Terminal.json(profile.json)
        }
    }
}

extension StoredProfile {
    fileprivate var legacy: [String] { settings.acceptedLegacy.map(\.rawValue).sorted() }

    fileprivate var json: [String: Any] {
        [
            "name": name, "enabled": isEnabled, "raProfile": settings.raProfile,
            "compatibility": settings.compatibility, "acceptedLegacy": legacy,
        ]
    }
}
