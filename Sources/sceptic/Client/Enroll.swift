// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import SCEPClient

/// `sceptic enroll`: gets a certificate from a SCEP server (RFC 8894 §4.3).
struct Enroll: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enroll",
        abstract: "Get a certificate from a SCEP server.",
        discussion: """
            A new key is made and written before the request is sent. If something goes wrong after that, run the command again with
            --key instead of --key-out: a server gives the same key the same certificate.

            The challenge is read from --challenge-file, else from the environment variable \(InputFile.challengeVariable). Keys of
            the types p256, p384 and p521 need one: the reply to them is encrypted under it.

            A request may have to wait for approval. With --wait the command polls; with --pending-out it writes what `sceptic poll`
            needs later to a file, which is removed once the request is decided.

            \(ClientExit.help(ClientExit.allCases))
            """
    )

    @OptionGroup var server: ServerArguments

    @OptionGroup var challenge: ChallengeArguments

    @Option(help: ArgumentHelp("The subject, such as \"CN=device-1,O=Example\".", valueName: "name"))
    var subject: String

    @Option(
        help: ArgumentHelp(
            "An alternative name: dns:a.example, email:a@b.example, uri:https://a.example/ or ip:192.0.2.1. May be repeated.",
            valueName: "kind:value"
        )
    )
    var san: [String] = []

    @Option(name: .customLong("key-type"), help: "The type of the new key.")
    var keyType: KeyType = .rsa2048

    @Option(
        help: ArgumentHelp("Use the private key in this file (PEM or DER) instead of a new one.", valueName: "file")
    )
    var key: String?

    @Option(
        name: .customLong("key-out"),
        help: ArgumentHelp("Write the new private key to this file.", valueName: "file")
    )
    var keyOut: String?

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
        let enrolling = Enrolling(arguments: self)
        try await Terminal.run(reporting: enrolling.report) { try await enrolling.run() }
    }
}
