// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import ServerApp

/// What the commands for both kinds of profile have in common.
enum ProfileVerb<Settings: ProfileSettings> {
    struct Show: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "show",
                abstract: "Shows all settings of \(Settings.kind.withArticle), and whether it is served."
            )
        }

        @OptionGroup var state: DataOption

        @Flag(help: "Prints JSON, as it does anyway.")
        var json = false

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            try Terminal.json(try await state.folder.open().profile(name, Settings.self).json())
        }
    }

    struct Enable: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "enable",
                abstract: "Serves \(Settings.kind.withArticle) that was disabled."
            )
        }

        @OptionGroup var state: DataOption

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            let opened = try state.folder.open()
            let reason = try await opened.enableProfile(Settings.kind, name, true)
            Terminal.noteUnserved(name, Settings.kind, reason)
        }
    }

    struct Disable: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "disable",
                abstract: "Serves \(Settings.kind.withArticle) no more; its settings stay, and what was issued."
            )
        }

        @OptionGroup var state: DataOption

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            _ = try await state.folder.open().enableProfile(Settings.kind, name, false)
        }
    }

    struct Delete: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "delete",
                abstract: "Deletes \(Settings.kind.withArticle) that no other profile names; what was issued stays."
            )
        }

        @OptionGroup var state: DataOption

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            try await state.folder.open().deleteProfile(Settings.kind, name)
        }
    }
}

extension Terminal {
    /// Says that a profile which was just changed is not served, if it is not.
    static func noteUnserved(_ name: String, _ kind: ProfileKind, _ reason: String?) {
        guard let reason else { return }
        note("note: The \(kind.rawValue) '\(name)' is not served: \(reason).")
    }
}
