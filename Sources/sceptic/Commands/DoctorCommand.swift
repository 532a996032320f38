// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import ServerApp
internal import StrictJSON

internal import struct Foundation.Date

/// The command `sceptic doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks for what is wrong with a state folder and what it needs, or soon will be; changes nothing.",
        discussion: """
            Connections are opened to what judges challenges, and nothing is sent. \
            Exit codes are those of monitoring plugins: 0 all is well, 1 something should be looked at, 2 something does not work.
            """
    )

    @OptionGroup var state: DataOption

    @Option(help: "The server's configuration file, which is looked at as well.")
    var config: String?

    @Flag(help: "Prints JSON.")
    var json = false

    func run() async throws {
        let configuration = try config.map { try ServerConfiguration(file: $0) }
        let doctor = Doctor(folder: try state.folder(configuration), configuration: configuration, now: Date())
        let findings = await doctor.findings()
        if json {
            Terminal.result(JSONValue.array(findings.map(Self.json)).laidOut)
        } else {
            for finding in findings {
                Terminal.result("\(Self.word(finding.level))\(finding.check): \(finding.sentence).")
                if let hint = finding.hint { Terminal.result("      hint: \(hint)") }
            }
        }
        if findings.contains(where: { $0.level == .failure }) { throw ExitCode(2) }
        if findings.contains(where: { $0.level == .warning }) { throw ExitCode(1) }
    }

    private static func word(_ level: Doctor.Level) -> String {
        switch level {
        case .ok: "ok    "
        case .warning: "warn  "
        case .failure: "FAIL  "
        }
    }

    private static func json(_ finding: Doctor.Finding) -> JSONValue {
        var members: [String: JSONValue] = [
            "check": .string(finding.check), "level": .string(finding.level.rawValue),
            "sentence": .string(finding.sentence),
        ]
        if let hint = finding.hint { members["hint"] = .string(hint) }
        return .object(members)
    }
}
