// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import ServerApp

/// What the commands for both kinds of profile have in common.
enum ProfileVerb<Noun: LocalProfileNoun> {
    struct Show: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "show",
                abstract: "Shows all settings of \(Noun.Settings.kind.withArticle), and whether it is served."
            )
        }

        @OptionGroup var administration: AdministrationOptions

        @Flag(help: "Prints JSON, as it does anyway.")
        var json = false

        @Argument(help: "Its name.")
        var name: String

        func run() async throws { try Terminal.json(try await ProfileVerb.read(name, administration.administrator)) }
    }

    struct Enable: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "enable",
                abstract: "Serves \(Noun.Settings.kind.withArticle) that was disabled."
            )
        }

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            let input = try ProfileVerb.reference(name)
            let profile = try await administration.administrator.perform(EnableProfile<Noun>.self, input)
            Terminal.noteUnserved(profile)
        }
    }

    struct Disable: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "disable",
                abstract: "Serves \(Noun.Settings.kind.withArticle) no more; its settings stay, and what was issued."
            )
        }

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            let input = try ProfileVerb.reference(name)
            _ = try await administration.administrator.perform(DisableProfile<Noun>.self, input)
        }
    }

    struct Delete: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "delete",
                abstract:
                    "Deletes \(Noun.Settings.kind.withArticle) that no other profile names; what was issued stays."
            )
        }

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            let input = try ProfileVerb.reference(name)
            _ = try await administration.administrator.perform(DeleteProfile<Noun>.self, input)
        }
    }

    // MARK: - What they do

    /// All profiles.
    static func all(_ administration: AdministrationOptions) async throws -> [ProfileDocument<Noun>] {
        try await administration.administrator.allByName(ListProfiles<Noun>.self) { after, limit in
            ListProfiles<Noun>.Input(after: after, limit: limit)
        }
    }

    /// Makes a profile.
    static func make(_ name: String, _ settings: Noun.Settings, _ administration: AdministrationOptions) async throws {
        let input = NewProfile<Noun>.Input(try Noun.input(name, settings))
        Terminal.noteUnserved(try await administration.administrator.perform(NewProfile<Noun>.self, input))
    }

    /// Changes a profile, unless somebody else does so at the same time.
    static func change(
        _ name: String,
        _ administration: AdministrationOptions,
        _ edit: (inout Noun.Settings) throws -> Void
    ) async throws {
        let administrator = try await administration.administrator
        let document = try await read(name, administrator)
        let input = SetProfile<Noun>.Input(try Noun.input(changing: document, edit))
        Terminal.noteUnserved(try await administrator.perform(SetProfile<Noun>.self, input))
    }

    private static func read(_ name: String, _ administrator: Administrator) async throws -> ProfileDocument<Noun> {
        let input = ShowProfile<Noun>.Input(name: try reference(name).name)
        return try await administrator.perform(ShowProfile<Noun>.self, input)
    }

    /// A profile that may be there.
    private static func reference(_ name: String) throws -> ProfileReference<Noun> {
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy({ $0 == 0x2D || Self.isAlphanumeric($0) }) else {
            throw AppError(
                .missing,
                "There is no \(Noun.title) '\(name)'.",
                hint: "Look with: sceptic \(Noun.command) list"
            )
        }
        return ProfileReference(name: name)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
    }
}

extension ProfileDocument where Noun: LocalProfileNoun {
    /// Its settings; nil if they can't be read.
    var readableSettings: Noun.Settings? { settings.isEmpty ? nil : try? Noun.Settings(members: settings) }
}

extension Terminal {
    /// Says that a profile which was just changed is not served, if it is not although it has a URL.
    static func noteUnserved<Noun: LocalProfileNoun>(_ profile: ProfileDocument<Noun>) {
        let hasURL = Noun.Settings.kind == .scep || profile.settings["scepProfile"] != nil
        guard profile.isEnabled, hasURL, let reason = profile.reason else { return }
        noteUnserved(profile.name, Noun.Settings.kind, reason)
    }

    static func noteUnserved(_ name: String, _ kind: ProfileKind, _ reason: String?) {
        guard let reason else { return }
        note("note: The \(kind.rawValue) '\(name)' is not served: \(reason).")
    }
}
