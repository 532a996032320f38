// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import ServerApp

internal import struct Foundation.Date
internal import struct Foundation.UUID

/// The command `sceptic certificate …`.
struct CertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate",
        abstract: "Lists, shows, revokes and exports the certificates that were issued.",
        subcommands: [List.self, Show.self, Revoke.self, Release.self, Export.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists certificates in the order of their issuance.")

        @OptionGroup var state: DataOption

        @OptionGroup var filter: CertificateFilter

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
            var certificates: [CertificateRecord] = []
            try await filter.forEach(in: try state.folder.open(), after: start, limit: limit) {
                certificates.append($0)
            }
            let now = Date()
            if json { return try Terminal.json(certificates.map { $0.json(at: now) }) }
            Terminal.table(
                ["SERIAL NUMBER", "SUBJECT", "PROFILE", "UNTIL", "STATUS"],
                certificates.map { record in
                    [
                        record.serialNumber.hexadecimal, record.subject, record.profile,
                        Texts.moment(record.notAfter), record.status(at: now),
                    ]
                }
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a certificate.")

        @OptionGroup var state: DataOption

        @Argument(help: "Its serial number or its id.")
        var certificate: String

        @Flag(help: "Prints the certificate as PEM.")
        var pem = false

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let record = try await CertificateCommand.find(certificate, in: try state.folder.open())
            if pem { return Terminal.result(Texts.pem(record.der, label: "CERTIFICATE")) }
            let now = Date()
            if json { return try Terminal.json(record.json(at: now)) }
            Terminal.result("subject:   \(record.subject)")
            Terminal.result("serial:    \(record.serialNumber.hexadecimal)")
            Terminal.result("id:        \(record.id.uuidString.lowercased())")
            Terminal.result("profile:   \(record.profile)")
            Terminal.result("valid:     \(Texts.moment(record.notBefore)) to \(Texts.moment(record.notAfter))")
            Terminal.result("issued:    \(Texts.moment(record.issuedAt))")
            Terminal.result("SHA-256:   \(Texts.fingerprint(DigestAlgorithm.sha256.digest(record.der)))")
            let revocation = record.revocation.map { ", since \(Texts.moment($0.at)) (\($0.reason))" }
            Terminal.result("status:    \(record.status(at: now))\(revocation ?? "")")
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revokes a certificate; the next CRL, which is made when it is asked for, lists it.",
            discussion: "With the reason certificateHold it can be released again, or revoked for good."
        )

        @OptionGroup var state: DataOption

        @Argument(help: "Its serial number or its id.")
        var certificate: String

        @Option(help: "Why: one of \(RevocationReason.allCases.map(\.description).joined(separator: ", ")).")
        var reason: String = RevocationReason.unspecified.description

        @Option(help: "Since when, if it was before now; such as 2026-12-31 or 2026-12-31T12:00:00Z.")
        var at: Moment?

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            guard let why = RevocationReason.allCases.first(where: { $0.description == reason }) else {
                throw AppError(
                    .usage,
                    "'\(reason)' is no reason.",
                    hint: "Known are: \(RevocationReason.allCases.map(\.description).joined(separator: ", "))."
                )
            }
            if let at, at.date > Date() { throw AppError(.usage, "--at has to be before now.") }
            let opened = try state.folder.open()
            let record = try await CertificateCommand.find(certificate, in: opened)
            let outcome: RevocationOutcome
            do {
                outcome = try await opened.certificateAdministration.revoke(record, reason: why, at: at?.date)
            } catch {
                throw AppError(error)
            }
            switch outcome {
            case .done: break
            case .alreadyRevoked(let revocation):
                throw AppError(
                    .conflict,
                    "The certificate is revoked already, since \(Texts.moment(revocation.at)) (\(revocation.reason))."
                )
            case .notOnHold, .unknown: throw AppError(.conflict, "The certificate has disappeared.")
            }
            try await CertificateCommand.tell(record, in: opened, json: json)
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a certificate that is on hold good again.")

        @OptionGroup var state: DataOption

        @Argument(help: "Its serial number or its id.")
        var certificate: String

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let opened = try state.folder.open()
            let record = try await CertificateCommand.find(certificate, in: opened)
            let outcome: RevocationOutcome
            do {
                outcome = try await opened.certificateAdministration.release(record)
            } catch {
                throw AppError(error)
            }
            switch outcome {
            case .done: break
            case .notOnHold, .alreadyRevoked:
                throw AppError(
                    .conflict,
                    "The certificate is not on hold.",
                    hint: "Only what was revoked with the reason certificateHold can be released."
                )
            case .unknown: throw AppError(.conflict, "The certificate has disappeared.")
            }
            try await CertificateCommand.tell(record, in: opened, json: json)
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints all certificates as PEM, or as JSON with one object on each line."
        )

        @OptionGroup var state: DataOption

        @OptionGroup var filter: CertificateFilter

        @Flag(help: "Prints JSON, with each certificate in base64.")
        var json = false

        func run() async throws {
            let now = Date()
            try await filter.forEach(in: try state.folder.open()) { record in
                guard json else { return Terminal.result(Texts.pem(record.der, label: "CERTIFICATE")) }
                var object = record.json(at: now)
                object["certificate"] = Texts.base64(record.der)
                try Terminal.jsonLine(object)
            }
        }
    }

    /// The one certificate that a text names.
    private static func find(_ text: String, in state: OpenedState) async throws -> CertificateRecord {
        let search: CertificateSearch
        do {
            search = try await state.certificateAdministration.find(text)
        } catch {
            throw AppError(error)
        }
        switch search {
        case .found(let record): return record
        case .ambiguous(let records):
            throw AppError(
                .conflict,
                "Certificates of several CAs have the serial number '\(text)'.",
                hint: "Name one by its id: \(records.map { $0.id.uuidString.lowercased() }.joined(separator: ", "))."
            )
        case .unknown:
            throw AppError(.missing, "There is no certificate '\(text)'.", hint: "Look with: sceptic certificate list")
        case .unreadable: throw AppError(.usage, "'\(text)' is neither a serial number nor an id.")
        }
    }

    /// Tells what became of a certificate.
    private static func tell(_ record: CertificateRecord, in state: OpenedState, json: Bool) async throws {
        let record = try await find(record.id.uuidString, in: state)
        if json { return try Terminal.json(record.json(at: Date())) }
        let since = record.revocation.map { " since \(Texts.moment($0.at)) (\($0.reason))" } ?? ""
        Terminal.result("\(record.serialNumber.hexadecimal) \(record.subject): \(record.status(at: Date()))\(since)")
    }
}
