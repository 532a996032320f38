// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import CertificateAuthority
internal import Enrollment
internal import ServerApp

/// The command `sceptic ra-profile …`.
struct RAProfileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ra-profile",
        abstract: "Makes, changes and lists RA profiles.",
        subcommands: [
            New.self, Set.self, List.self, ProfileVerb<RAProfiles>.Show.self,
            ProfileVerb<RAProfiles>.Enable.self, ProfileVerb<RAProfiles>.Disable.self,
            ProfileVerb<RAProfiles>.Delete.self,
        ]
    )

    struct Options: ParsableArguments {
        @Option(help: "The CA that issues.")
        var issuer: String?

        @Option(
            help:
                "The SCEP profile that serves it at its own URL, /api/v1/protocols/scep/raProfile/NAME/pkiclient.exe; 'none' for no such URL."
        )
        var scepProfile: String?

        @Option(help: "For how many days certificates are valid.")
        var validityDays: Int?

        /// Changes what was named.
        func apply(to settings: inout RAProfileSettings) throws {
            if let issuer { settings.issuer = issuer }
            if let scepProfile { settings.scepProfile = scepProfile == "none" ? nil : scepProfile }
            if let validityDays {
                guard (1...36_500).contains(validityDays) else {
                    throw AppError(.usage, "--validity-days has to be 1 to 36500.")
                }
                settings.template.validityDays = validityDays
                settings.template.validityHours = nil
            }
        }
    }

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes an RA profile, for SCEP profiles to name or with a URL of its own."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its name: lower-case letters, digits and hyphens.")
        var name: String

        @OptionGroup var options: Options

        func run() async throws {
            var settings = RAProfileSettings()
            try options.apply(to: &settings)
            try await ProfileVerb<RAProfiles>.make(name, settings, administration)
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes an RA profile; what is not named stays as it is."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its name.")
        var name: String

        @OptionGroup var options: Options

        func run() async throws {
            try await ProfileVerb<RAProfiles>.change(name, administration) { try options.apply(to: &$0) }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the RA profiles.")

        @OptionGroup var administration: AdministrationOptions

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let profiles = try await ProfileVerb<RAProfiles>.all(administration)
            if json { return try Terminal.json(profiles) }
            Terminal.table(
                ["NAME", "ENABLED", "ISSUER", "VALIDITY", "SCEP PROFILE", "SERVED"],
                profiles.map { profile in
                    let settings = profile.readableSettings
                    return [
                        profile.name, profile.isEnabled ? "yes" : "no", settings?.issuer ?? "-",
                        settings.map { Self.validity($0.template) } ?? "-", settings?.scepProfile ?? "-",
                        profile.reason ?? "yes",
                    ]
                }
            )
        }

        private static func validity(_ template: CertificateTemplate) -> String {
            template.validityHours.map { "\($0)h" } ?? "\(template.validityDays)d"
        }
    }
}
