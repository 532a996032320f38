// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEPClient
internal import ServerApp

internal import struct Foundation.Date

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

        @OptionGroup var state: DataOption

        @Argument(help: "Its name, as profiles name it: lower-case letters, digits and hyphens.")
        var name: String

        @Option(help: "The file with its certificate, PEM or DER; '-' for standard input.")
        var certificate: String

        func run() async throws {
            let der = try DocumentFile.read(certificate, label: PEM.certificate)
            try await state.folder.open().addAlternateAuthority(name, certificate: der)
            Terminal.note("next: sceptic ca authority crl \(name) --file FILE")
        }
    }

    struct CRL: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "crl",
            abstract: "Takes a CRL of such a CA up, after checking its signature and dates."
        )

        @OptionGroup var state: DataOption

        @Argument(help: "The CA's name.")
        var name: String

        @Option(help: "The file with the CRL, PEM or DER; '-' for standard input.")
        var file: String

        func run() async throws {
            let der = try DocumentFile.read(file, label: DocumentFile.certificateList)
            try await state.folder.open().putAlternateCertificateList(name, der)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists such CAs with the state of their CRLs.")

        @OptionGroup var state: DataOption

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let authorities = try await state.folder.open().alternateAuthorities()
            let now = Date()
            if json {
                return try Terminal.json(
                    authorities.map { authority in
                        [
                            "name": authority.name, "subject": "\(authority.certificate.subject)",
                            "sha256": authority.certificate.fingerprint().hexadecimal,
                            "notAfter": authority.certificate.notAfter.map(Texts.moment) ?? "",
                            "crl": authority.status(at: now),
                            "crlNextUpdate": authority.certificateList?.nextUpdate.map(Texts.moment) ?? "",
                        ]
                    }
                )
            }
            Terminal.table(
                ["NAME", "SUBJECT", "UNTIL", "CRL", "CRL UNTIL"],
                authorities.map { authority in
                    [
                        authority.name, "\(authority.certificate.subject)",
                        authority.certificate.notAfter.map(Texts.moment) ?? "-", authority.status(at: now),
                        authority.certificateList?.nextUpdate.map(Texts.moment) ?? "-",
                    ]
                }
            )
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes such a CA, if no profile names it.")

        @OptionGroup var state: DataOption

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            try await state.folder.open().removeAlternateAuthority(name)
        }
    }
}

extension StoredAlternateAuthority {
    fileprivate func status(at now: Date) -> String {
        guard let certificateList else { return "missing" }
        return certificateList.isCurrent(at: now) ? "current" : "out of date"
    }
}
