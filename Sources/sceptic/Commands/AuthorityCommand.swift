// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import PKIX
internal import SCEPClient
internal import ServerApp

internal import struct Foundation.Data

/// The command `sceptic ca authority …`.
struct AuthorityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authority",
        abstract: "Keeps the CAs of others whose certificates may sign renewals, with their CRLs.",
        discussion: """
            A profile accepts renewals of such a CA's certificates when it names the CA, and only while its CRL here is current.
            """,
        subcommands: [Add.self, CRL.self, List.self, Remove.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Adds the CA of somebody else.")

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its name, as profiles name it: lower-case letters, digits and hyphens.")
        var name: String

        @Option(help: "The file with its certificate, PEM or DER; '-' for standard input.")
        var certificate: String

        func run() async throws {
            let der = try DocumentFile.read(certificate, label: PEM.certificate)
            _ = try await administration.administrator.perform(
                AddAuthority.self,
                AddAuthority.Input(name: name, certificate: Data(der).base64EncodedString())
            )
            Terminal.note("next: sceptic ca authority crl \(name) --file FILE")
        }
    }

    struct CRL: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "crl",
            abstract: "Takes a CRL of such a CA up, after checking its signature and dates."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The CA's name.")
        var name: String

        @Option(help: "The file with the CRL, PEM or DER; '-' for standard input.")
        var file: String

        func run() async throws {
            let der = try DocumentFile.read(file, label: DocumentFile.certificateList)
            _ = try await administration.administrator.perform(
                PutAuthorityList.self,
                PutAuthorityList.Input(name: name, crl: Data(der).base64EncodedString())
            )
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists such CAs with the state of their CRLs.")

        @OptionGroup var administration: AdministrationOptions

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let authorities = try await administration.administrator.perform(ListAuthorities.self, NoContent()).items
            if json { return try Terminal.json(authorities) }
            Terminal.table(
                ["NAME", "SUBJECT", "UNTIL", "CRL", "CRL UNTIL"],
                authorities.map { authority in
                    [
                        authority.name, authority.subject, authority.notAfter.map(Texts.moment) ?? "-",
                        authority.crl.rawValue, authority.crlNextUpdate.map(Texts.moment) ?? "-",
                    ]
                }
            )
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes such a CA, if no profile names it.")

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            _ = try await administration.administrator.perform(
                RemoveAuthority.self,
                RemoveAuthority.Input(name: name)
            )
        }
    }
}
