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
        subcommands: [
            New.self, Set.self, List.self, ProfileVerb<SCEPProfileSettings>.Show.self,
            ProfileVerb<SCEPProfileSettings>.Enable.self, ProfileVerb<SCEPProfileSettings>.Disable.self,
            ProfileVerb<SCEPProfileSettings>.Delete.self, ProfileApply.self, ProfileExport.self,
        ]
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
            Terminal.noteUnserved(name, .scep, try await state.folder.open().addProfile(name, settings))
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
            let reason = try await state.folder.open().changeProfile(name) { (settings: inout SCEPProfileSettings) in
                try options.apply(to: &settings)
            }
            Terminal.noteUnserved(name, .scep, reason)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the SCEP profiles.")

        @OptionGroup var state: DataOption

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let profiles = try await state.folder.open().profiles(SCEPProfileSettings.self)
            if json { return try Terminal.json(profiles.map { try $0.json() }) }
            Terminal.table(
                ["NAME", "ALIASES", "RA PROFILE", "COMPATIBILITY", "APPROVAL", "RENEWAL", "LEGACY", "SERVED"],
                profiles.map { profile in
                    let settings = profile.settings
                    return [
                        profile.name, Self.list(settings?.aliases ?? []), settings?.raProfile ?? "-",
                        settings?.compatibility ?? "-", settings?.approval.rawValue ?? "-",
                        settings.map { Self.renewal($0.renewal) } ?? "-",
                        Self.list((settings?.acceptedLegacy ?? []).map(\.rawValue).sorted()),
                        profile.refusal ?? "yes",
                    ]
                }
            )
        }

        private static func list(_ texts: [String]) -> String {
            texts.isEmpty ? "-" : texts.joined(separator: ",")
        }

        private static func renewal(_ policy: RenewalPolicy) -> String {
            policy.requests == .accepted ? policy.window.description : "no"
        }
    }
}
