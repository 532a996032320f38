// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Enrollment
internal import ServerApp

internal import struct Foundation.UUID

/// The command `sceptic certificate …`.
struct CertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate",
        abstract: "Lists the certificates that were issued.",
        subcommands: [List.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists certificates in the order of their issuance.")

        @OptionGroup var state: DataOption

        @Option(help: "How many.")
        var limit: Int = 100

        @Option(help: "Only those after the one with this id.")
        var after: String?

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            guard (1...10_000).contains(limit) else { throw AppError(.usage, "--limit has to be 1 to 10000.") }
            let start = try after.map { text in
                guard let id = UUID(uuidString: text) else {
                    throw AppError(.usage, "'\(text)' is no certificate's id.")
                }
                return id
            }
            let store = try state.folder.open().certificates
            let certificates: [CertificateRecord]
            do {
                certificates = try await store.certificates(after: start, limit: limit)
            } catch {
                throw AppError(error)
            }
            if json {
                return try Terminal.json(
                    certificates.map { record in
                        [
                            "id": record.id.uuidString.lowercased(), "serialNumber": record.serialNumber.hexadecimal,
                            "subject": record.subject, "profile": record.profile,
                            "notBefore": Texts.moment(record.notBefore), "notAfter": Texts.moment(record.notAfter),
                        ]
                    }
                )
            }
            Terminal.table(
                ["SERIAL NUMBER", "SUBJECT", "PROFILE", "UNTIL"],
                certificates.map { record in
                    [record.serialNumber.hexadecimal, record.subject, record.profile, Texts.moment(record.notAfter)]
                }
            )
        }
    }
}
