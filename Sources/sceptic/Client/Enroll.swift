// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

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

            The challenge is read from --challenge-file, else from the environment variable \(InputFile.challengeVariable).

            Keys of type p256 and p384 are refused for now: replies to them need PasswordRecipientInfo.

            \(ClientExit.help(ClientExit.allCases))
            """
    )

    @OptionGroup var server: ServerArguments

    @Option(
        name: .customLong("challenge-file"),
        help: ArgumentHelp("Read the challenge from this file; '-' is standard input.", valueName: "file")
    )
    var challengeFile: String?

    @Option(help: ArgumentHelp("The challenge itself. Others can read it in the process list.", valueName: "code"))
    var challenge: String?

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

    @Option(name: .customLong("cert-out"), help: ArgumentHelp("Write the certificate to this file.", valueName: "file"))
    var certificateOut: String

    @Option(
        name: .customLong("chain-out"),
        help: ArgumentHelp("Write the CA certificates above it to this file, its issuer first.", valueName: "file")
    )
    var chainOut: String?

    @Flag(help: "Replace files that are there already.")
    var force = false

    @Option(
        name: .customLong("ca-fingerprint"),
        help: ArgumentHelp("The CA certificate's SHA-256 or SHA-1 fingerprint, which has to fit.", valueName: "hex")
    )
    var fingerprint: String?

    @Flag(name: .customLong("expect-scep-standard"), help: "Stop if the server does not announce SCEPStandard.")
    var expectStandard = false

    @Option(help: "The digest to sign with, instead of the one that the server's capabilities suggest.")
    var digest: DigestChoice?

    @Option(help: "The cipher to encrypt with, instead of the one that the server's capabilities suggest.")
    var cipher: CipherChoice?

    @Option(help: "How to send the request.")
    var transport: TransportChoice = .auto

    func run() async throws {
        let enrolling = Enrolling(arguments: self)
        try await Terminal.run(reporting: enrolling.report) { try await enrolling.run() }
    }
}
