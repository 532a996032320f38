// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import Cryptography
internal import PKIX
internal import ServerApp

internal import class Foundation.ProcessInfo

/// The command `sceptic init`.
struct Initialize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes a state folder with a root, an issuing CA, an RA and a default profile.",
        discussion: "It works on a state folder of this machine: there is no --server."
    )

    @OptionGroup var state: DataOption

    @Option(help: "The CA's name, for the subjects of its certificates.")
    var name: String

    @Option(help: "The type of the CA's keys; the RA's is always RSA.")
    var keyType: KeyType = .rsa2048

    @Option(help: "The server's public address, which stands in certificates for CRL and CA certificate.")
    var publicURL: String?

    @Flag(name: .customLong("single-ca"), help: "One RSA CA that does everything, and speaks SCEP with its own key.")
    var singleCA = false

    @Flag(help: "Makes no token for the admin API.")
    var noToken = false

    func run() async throws {
        let url = publicURL ?? "http://\(ProcessInfo.processInfo.hostName):8080"
        let choices = try StateInitialization(
            name: name,
            keyType: keyType.algorithm,
            hierarchy: singleCA ? .singleCA : .rootAndIssuing,
            publicURL: url
        )
        if singleCA {
            Terminal.note(
                "warning: a single CA decrypts what strangers send with the key that signs certificates; "
                    + "an error that lets them use it would compromise the CA. Without --single-ca an RA does that."
            )
        }
        if publicURL == nil {
            Terminal.note(
                "note: certificates will name \(url) for CRL and CA certificate; --public-url names another address."
            )
        }
        let outcome = try await choices.run(in: try state.folder, token: noToken ? .none : .administrator)
        Terminal.result("CA certificate:  \(outcome.root.subject)")
        Terminal.result("SHA-256:         \(Texts.fingerprint(outcome.root.fingerprint()))")
        if outcome.issuing != outcome.root {
            Terminal.result("Issuing CA:      \(outcome.issuing.subject)")
            Terminal.result("SHA-256:         \(Texts.fingerprint(outcome.issuing.fingerprint()))")
        }
        if let token = outcome.token {
            Terminal.result("Token:           \(token)")
            Terminal.note(
                "note: with this token, which is shown once and lives 90 days, you may do everything through 'serve --admin-listen'."
            )
        }
    }
}
