// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import ServerApp

/// The command `sceptic ca …`.
struct CACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca",
        abstract: "Shows the server's own certificates and CRLs, gives CA and RA new keys, and keeps other CAs.",
        subcommands: [
            Show.self, RolloverCommand.self, RotateRACommand.self, CRLCommand.self, AuthorityCommand.self,
        ]
    )

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows root, issuing CA and RA, with their fingerprints."
        )

        @OptionGroup var state: DataOption

        @Flag(help: "Prints the certificates as PEM: the root first, then the issuing CA, then the RA.")
        var pem = false

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let certificates = try await state.folder.open().ownCertificates()
            if json {
                return try Terminal.json(
                    certificates.map { role, certificate in
                        [
                            "role": role, "subject": "\(certificate.subject)",
                            "sha256": certificate.fingerprint().hexadecimal,
                            "sha1": certificate.fingerprint(.sha1).hexadecimal,
                            "notAfter": certificate.notAfter.map(Texts.moment) ?? "",
                        ]
                    }
                )
            }
            for (role, certificate) in certificates {
                if pem {
                    Terminal.result(Texts.pem(certificate.der, label: "CERTIFICATE"))
                    continue
                }
                Terminal.result("\(role): \(certificate.subject)")
                Terminal.result("  until    \(certificate.notAfter.map(Texts.moment) ?? "-")")
                Terminal.result("  SHA-256  \(Texts.fingerprint(certificate.fingerprint()))")
                Terminal.result("  SHA-1    \(Texts.fingerprint(certificate.fingerprint(.sha1)))")
            }
        }
    }
}

/// The option that names one of the server's CAs.
struct IssuerOption: ParsableArguments {
    @Option(help: "The CA's name in URLs.")
    var issuer: String = "issuing"
}
