// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import SCEPClient
internal import ServerApp

/// The command `sceptic ca …`.
struct CACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca",
        abstract: "Shows the server's own certificates and CRLs, gives CA and RA new keys, and keeps other CAs.",
        subcommands: [
            Show.self, Issuers.self, RolloverCommand.self, RotateRACommand.self, CRLCommand.self, AuthorityCommand.self,
        ]
    )

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows root, issuing CA and RA, with their fingerprints."
        )

        @OptionGroup var administration: AdministrationOptions

        @Flag(help: "Prints the certificates as PEM: the root first, then the issuing CA, then the RA.")
        var pem = false

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let certificates = try await administration.administrator.perform(ShowCA.self, NoContent()).items
            if json { return try Terminal.json(certificates) }
            for certificate in certificates {
                if pem {
                    Terminal.result(Texts.pem(certificate.certificate, label: PEM.certificate))
                    continue
                }
                Terminal.result("\(certificate.role): \(certificate.subject)")
                Terminal.result("  until    \(certificate.notAfter.map(Texts.moment) ?? "-")")
                Terminal.result("  SHA-256  \(Texts.fingerprint(certificate.sha256))")
                Terminal.result("  SHA-1    \(Texts.fingerprint(certificate.sha1))")
            }
        }
    }

    struct Issuers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the keys of all CAs with their RAs.")

        @OptionGroup var administration: AdministrationOptions

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let keys = try await administration.administrator.perform(ListIssuers.self, NoContent()).items
            if json { return try Terminal.json(keys) }
            Terminal.table(
                ["CA", "KEY", "STATE", "SUBJECT", "UNTIL", "RA"],
                keys.map { key in [key.issuer] + key.cells }
            )
        }
    }
}

extension IssuerKeyDocument {
    /// The key in the columns of a table.
    var cells: [String] {
        [
            "\(key)", state, subject, notAfter.map(Texts.moment) ?? "-",
            ra.map { "\($0.generation) \($0.state)" }.joined(separator: ", "),
        ]
    }
}

/// The option that names one of the server's CAs.
struct IssuerOption: ParsableArguments {
    @Option(help: "The CA's name in URLs.")
    var issuer: String = "issuing"

    var reference: IssuerReference { IssuerReference(issuer: issuer) }
}
