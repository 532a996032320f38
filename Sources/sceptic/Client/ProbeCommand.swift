// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import SCEPProbe

/// `sceptic probe`: finds out what a SCEP server does right (RFC 8894).
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Test a SCEP server against RFC 8894, requirement by requirement.",
        discussion: """
            Plays a client that does right, and one that does wrong, and reports what the server makes of it. A whole run takes some
            150 requests and 30 challenges, one after the other. It asks for certificates named probe-…, so use a test CA or a profile
            made for it.

            Some requirements need a URL of their own: one where requests wait for approval, one whose CA has a successor, and so on.
            What can't be tested is reported with the reason.

            PROFILES
            \(ExpectationProfile.all.map { "  \($0.name)  \($0.title)" }.joined(separator: "\n"))

            EXIT CODES
              0  every MUST that could be tested holds
              1  a MUST does not hold
              2  the command was not used as it should be (64 when its arguments can't be read at all)
              3  the server could not be spoken to
              7  a file could not be read or written
            """
    )

    @Argument(help: ArgumentHelp("The SCEP URL. Without a path, \(ProbeURL.defaultPath) is taken.", valueName: "url"))
    var url: String

    @Option(
        help: ArgumentHelp("A challenge. Others can read it in the process list. May be repeated.", valueName: "code")
    )
    var challenge: [String] = []

    @Option(
        name: .customLong("challenge-file"),
        help: ArgumentHelp("Read challenges from this file, one a line; '-' is standard input.", valueName: "file")
    )
    var challengeFile: String?

    @Flag(name: .customLong("reuse-challenge"), help: "Use the last challenge again and again: it is a static one.")
    var reuseChallenge = false

    @Option(help: ArgumentHelp("What to measure against; see below.", valueName: "name"))
    var profile = ExpectationProfile.rfc8894.name

    @OptionGroup var manual: FurtherURL<ManualURL>

    @Option(
        name: .customLong("approve-command"),
        help: ArgumentHelp(
            "Approves a request: a program and its arguments, {transaction} among them. No shell is used.",
            valueName: "command"
        )
    )
    var approveCommand: String?

    @Option(name: .customLong("deny-command"), help: ArgumentHelp("Denies one.", valueName: "command"))
    var denyCommand: String?

    @OptionGroup var rollover: FurtherURL<RolloverURL>

    @OptionGroup var other: FurtherURL<OtherURL>

    @OptionGroup var ec: FurtherURL<ECURL>

    @OptionGroup var noRenewal: FurtherURL<NoRenewalURL>

    @Flag(help: "Also send malformed requests that a weak server may not survive.")
    var dangerous = false

    @Option(help: ArgumentHelp("How long one request may take.", valueName: "seconds"))
    var timeout: Int = 20

    @Option(
        name: .customLong("total-timeout"),
        help: ArgumentHelp("How long the whole run may take.", valueName: "seconds")
    )
    var totalTimeout: Int = 600

    @Option(help: ArgumentHelp("The pause before each request.", valueName: "milliseconds"))
    var pause: Int = 50

    @Flag(help: "Print the report as one JSON object instead of text.")
    var json = false

    @Option(help: ArgumentHelp("Write the report to this file as one page of HTML.", valueName: "file"))
    var html: String?

    @Option(
        help: ArgumentHelp(
            "Keep the bytes of each request and answer in this folder. They may hold challenges.",
            valueName: "folder"
        )
    )
    var save: String?

    func run() async throws {
        try await Terminal.run { try await Probing(arguments: self).run() }
    }
}
