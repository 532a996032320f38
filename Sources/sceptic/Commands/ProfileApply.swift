// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import ServerApp
internal import StrictJSON

/// The command `sceptic profile apply`.
struct ProfileApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Makes and changes SCEP and RA profiles as a file says, all or none; others stay as they are.",
        discussion: """
            The file is YAML or JSON with the maps scepProfiles and raProfiles. A profile in it becomes what the file says: a setting that \
            is left out has its default. Only whether the profile is enabled stays, unless the file says it.

            Exit codes: 0 when all is as the file says, now or before; 1 with --check when something is not; else those of all commands.
            """
    )

    @OptionGroup var administration: AdministrationOptions

    @Option(name: .shortAndLong, help: "The file; '-' for standard input.")
    var file: String

    @Flag(help: "Says what would be done, and does nothing.")
    var dryRun = false

    @Flag(help: "Like --dry-run, and ends with exit code 1 if something would be done.")
    var check = false

    @Flag(help: "Removes the profiles that the file does not name, of the kinds that it has a map of.")
    var prune = false

    @Flag(help: "Does it although nothing would be served then, or an issuer would not issue any more.")
    var force = false

    @Flag(help: "Prints JSON.")
    var json = false

    func run() async throws {
        let text = try DocumentFile.text(file)
        let isDryRun = dryRun || check
        let input = ApplyProfiles.Input(document: text, prune: prune, dryRun: isDryRun, force: force)
        let result = try await administration.administrator.perform(ApplyProfiles.self, input)
        if json {
            try Terminal.json(result)
        } else {
            for outcome in result.profiles { Self.print(outcome) }
        }
        for outcome in result.profiles {
            guard let kind = ProfileKind.allCases.first(where: { $0.key == outcome.kind }) else { continue }
            Terminal.noteUnserved(outcome.name, kind, outcome.reason)
        }
        if result.profiles.isEmpty { Terminal.note("note: The file names no profile.") }
        if isDryRun, !force {
            for objection in result.objections { Terminal.note("note: --force is needed: \(objection)") }
        }
        if isDryRun { Terminal.note("note: Nothing was changed.") }
        if check, result.isDifferent { throw ExitCode(1) }
    }

    /// The profile, and what is another than it was: a line that was and a line that is.
    private static func print(_ outcome: ProfileOutcome) {
        Terminal.result("\(outcome.kind).\(outcome.name): \(outcome.change.rawValue)")
        for difference in outcome.differences {
            if let old = difference.old { Terminal.result("  - \(difference.path): \(text(old))") }
            if let new = difference.new { Terminal.result("  + \(difference.path): \(text(new))") }
        }
    }

    /// A value as YAML has it on one line.
    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .array(let elements): "[" + elements.map(text).joined(separator: ", ") + "]"
        case .string(let text) where text.isPlain: text
        default: value.written
        }
    }
}

extension String {
    /// Whether nothing in it could be taken for the end of a line or of the text.
    fileprivate var isPlain: Bool {
        !isEmpty && first != " " && last != " " && unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }
}

/// The command `sceptic profile export`.
struct ProfileExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Prints profiles as YAML that 'sceptic profile apply' reads."
    )

    @OptionGroup var administration: AdministrationOptions

    @Argument(
        help:
            "The SCEP profiles, with the RA profiles that belong to them; all profiles of both kinds if none is named."
    )
    var names: [String] = []

    func run() async throws {
        let input = ExportProfiles.Input(names: names.isEmpty ? nil : names)
        let text = try await administration.administrator.perform(ExportProfiles.self, input).document
        Terminal.result(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    }
}

/// The command `sceptic profile schema`.
struct ProfileSchema: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Prints the JSON Schema of the file that 'sceptic profile apply' reads, for editors and checks."
    )

    func run() async throws { Terminal.result(SettingsSchema.profileFile.laidOut) }
}
