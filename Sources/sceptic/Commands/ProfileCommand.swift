// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Enrollment
internal import SCEP
internal import ServerApp

/// The command `sceptic profile …`.
struct ProfileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Makes, changes and lists SCEP profiles.",
        subcommands: [New.self, Set.self, List.self, Show.self]
    )

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a SCEP profile, served at /scep/NAME.")

        @OptionGroup var state: DataOption

        @Argument(help: "Its name: lower-case letters, digits and hyphens.")
        var name: String

        @OptionGroup var options: ProfileOptions

        func run() async throws {
            var settings = SCEPProfileSettings(raProfile: ProfileName.default)
            try options.apply(to: &settings)
            try await state.folder.open().addProfile(name, settings)
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes a SCEP profile; what is not named stays as it is."
        )

        @OptionGroup var state: DataOption

        @Argument(help: "Its name.")
        var name: String

        @OptionGroup var options: ProfileOptions

        func run() async throws {
            let opened = try state.folder.open()
            try await opened.changeProfile(name) { settings in try options.apply(to: &settings) }
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
                ["NAME", "ENABLED", "RA PROFILE", "COMPATIBILITY", "APPROVAL", "RENEWAL", "LEGACY"],
                profiles.map { profile in
                    [
                        profile.name, profile.isEnabled ? "yes" : "no", profile.settings.raProfile,
                        profile.settings.compatibility, profile.settings.approval.rawValue, profile.renewal,
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

    fileprivate var renewal: String {
        settings.renewal.requests == .accepted ? settings.renewal.window.description : "no"
    }

    fileprivate var json: [String: Any] {
        [
            "name": name, "enabled": isEnabled, "raProfile": settings.raProfile,
            "compatibility": settings.compatibility, "acceptedLegacy": legacy,
            "refusedAlgorithms": settings.refusedAlgorithms.map(\.rawValue).sorted(),
            "pss": settings.pss.rawValue, "passwordRecipients": settings.passwordRecipients.rawValue,
            "approval": settings.approval.rawValue, "approvalDays": settings.approvalDays,
            "maximumClockSkew": settings.maximumClockSkew.map { $0 as Any } ?? "none",
            "renewal": [
                "requests": settings.renewal.requests.rawValue, "window": settings.renewal.window.description,
                "keyReuse": settings.renewal.keyReuse.rawValue, "graceDays": settings.renewal.graceDays,
                "alternateAuthorities": settings.renewal.alternateAuthorities,
            ] as [String: Any],
        ]
    }
}
