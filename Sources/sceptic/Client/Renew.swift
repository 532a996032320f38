// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import SCEPClient

/// `sceptic renew`: gets a new certificate in place of an old one (RFC 8894 §2.5).
struct Renew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Renew a certificate at a SCEP server.",
        discussion: """
            The old certificate signs the request; the new one has its subject and its alternative names. A new key is made and written
            before the request is sent. If something goes wrong after that, run the command again with --new-key instead of --key-out.

            No challenge is sent unless one is given, except that an old key of type p256, p384 or p521 needs one: the reply to it is
            encrypted under the challenge.

            A request that has to wait for approval is polled for with the old key.

            \(ClientExit.help(ClientExit.allCases))
            """
    )

    @OptionGroup var server: ServerArguments

    @OptionGroup var identity: IdentityArguments

    @Option(
        name: .customLong("key-out"),
        help: ArgumentHelp("Write the new private key to this file.", valueName: "file")
    )
    var keyOut: String?

    @Option(name: .customLong("key-type"), help: "The type of the new key; that of the old one without.")
    var keyType: KeyType?

    @Option(
        name: .customLong("new-key"),
        help: ArgumentHelp("Use the private key in this file (PEM or DER) as the new one.", valueName: "file")
    )
    var newKey: String?

    @Flag(name: .customLong("reuse-key"), help: "Keep the old key.")
    var reuseKey = false

    @Option(
        name: .customLong("message-type"),
        help: ArgumentHelp(
            "RenewalReq, PKCSReq signed with the old certificate as in old drafts, or what the capabilities say.",
            valueName: "type"
        )
    )
    var messageType: RenewalMessageChoice = .auto

    @OptionGroup var challenge: ChallengeArguments

    @OptionGroup var certificate: CertificateArguments

    @Option(
        name: .customLong("pending-out"),
        help: ArgumentHelp(
            "Write a request that waits for approval to this file, for `sceptic poll`.",
            valueName: "file"
        )
    )
    var pendingOut: String?

    @OptionGroup var message: MessageArguments

    func run() async throws {
        let renewing = Renewing(arguments: self)
        try await Terminal.run(reporting: renewing.report) { try await renewing.run() }
    }
}
