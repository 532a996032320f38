// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
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
            New.self, Set.self, List.self, ProfileVerb<SCEPProfiles>.Show.self,
            ProfileVerb<SCEPProfiles>.Enable.self, ProfileVerb<SCEPProfiles>.Disable.self,
            ProfileVerb<SCEPProfiles>.Delete.self, ProfileApply.self, ProfileExport.self, ProfileSchema.self,
        ]
    )

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a SCEP profile, served at /scep/NAME.")

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its name: lower-case letters, digits and hyphens.")
        var name: String

        @OptionGroup var options: ProfileOptions

        func run() async throws {
            var settings = SCEPProfileSettings(raProfile: ProfileName.default)
            try options.apply(to: &settings)
            try await ProfileVerb<SCEPProfiles>.make(name, settings, administration)
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes a SCEP profile; what is not named stays as it is."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its name.")
        var name: String

        @OptionGroup var options: ProfileOptions

        func run() async throws {
            try await ProfileVerb<SCEPProfiles>.change(name, administration) { try options.apply(to: &$0) }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the SCEP profiles.")

        @OptionGroup var administration: AdministrationOptions

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let profiles = try await ProfileVerb<SCEPProfiles>.all(administration)
            if json { return try Terminal.json(profiles) }
            Terminal.table(
                ["NAME", "ALIASES", "RA PROFILE", "COMPATIBILITY", "APPROVAL", "RENEWAL", "LEGACY", "SERVED"],
                profiles.map { profile in
                    let settings = profile.readableSettings
                    return [
                        profile.name, Self.list(settings?.aliases ?? []), settings?.raProfile ?? "-",
                        settings?.compatibility ?? "-", settings?.approval.rawValue ?? "-",
                        settings.map { Self.renewal($0.renewal) } ?? "-",
                        Self.list((settings?.acceptedLegacy ?? []).map(\.rawValue).sorted()),
                        profile.reason ?? "yes",
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
