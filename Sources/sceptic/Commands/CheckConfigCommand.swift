// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import ServerApp
internal import StrictJSON

internal import struct Foundation.Date

/// The command `sceptic check-config`.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Checks the configuration file of a server, and the files that it names; opens and changes nothing.",
        discussion: "Exit codes: 0 in order, 64 the file is wrong, 78 something that it names is."
    )

    @Argument(help: "The file that 'sceptic serve --config' is to read.")
    var file: String?

    @Flag(help: "Prints the JSON Schema of such a file instead.")
    var schema = false

    func run() throws {
        if schema { return Terminal.result(ServerConfiguration.schema.laidOut) }
        guard let file else { throw AppError(.usage, "No file is named.") }
        let findings = try ServerConfiguration(file: file).findings(at: Date())
        for finding in findings {
            Terminal.note("\(finding.isError ? "error" : "warning"): \(finding.sentence)")
            if let hint = finding.hint { Terminal.note("hint: \(hint)") }
        }
        guard !findings.contains(where: \.isError) else { throw ExitCode(78) }
        Terminal.result("\(file): in order")
    }
}
