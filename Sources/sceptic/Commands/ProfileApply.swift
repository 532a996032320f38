// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import ServerApp

/// The command `sceptic profile apply`.
struct ProfileApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Makes and changes SCEP and RA profiles as a file says, all or none; others stay as they are.",
        discussion: """
            The file is YAML or JSON with the maps scepProfiles and raProfiles. A profile in it becomes what the file says: a setting that \
            is left out has its default. Only whether the profile is enabled stays, unless the file says it.
            """
    )

    @OptionGroup var state: DataOption

    @Option(name: .shortAndLong, help: "The file; '-' for standard input.")
    var file: String

    @Flag(help: "Says what would be done, and does nothing.")
    var dryRun = false

    func run() async throws {
        let text = try DocumentFile.text(file)
        let outcomes = try await state.folder.open().apply(text, isDryRun: dryRun)
        for outcome in outcomes {
            Terminal.result("\(outcome.kind.key).\(outcome.name): \(outcome.change.rawValue)")
            for difference in outcome.differences {
                Terminal.result("  \(difference.path): \(difference.old) -> \(difference.new)")
            }
        }
        for outcome in outcomes { Terminal.noteUnserved(outcome.name, outcome.kind, outcome.refusal) }
        if outcomes.isEmpty { Terminal.note("note: The file names no profile.") }
        if dryRun { Terminal.note("note: Nothing was changed.") }
    }
}

/// The command `sceptic profile export`.
struct ProfileExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Prints profiles as YAML that 'sceptic profile apply' reads."
    )

    @OptionGroup var state: DataOption

    @Argument(
        help:
            "The SCEP profiles, with the RA profiles that belong to them; all profiles of both kinds if none is named."
    )
    var names: [String] = []

    func run() async throws {
        let text = try await state.folder.open().export(names)
        Terminal.result(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    }
}
