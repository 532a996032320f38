// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import SCEPClient
internal import ServerApp
internal import StrictJSON

internal import struct Foundation.Data
internal import struct Foundation.Date

/// The command `sceptic certificate …`.
struct CertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate",
        abstract: "Finds, shows, revokes and exports the certificates that were issued.",
        subcommands: [List.self, Show.self, Revoke.self, RevokeAll.self, Release.self, Export.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists certificates in the order of their issuance.")

        @OptionGroup var administration: AdministrationOptions

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
                guard let id = Identifier(text) else { throw AppError(.usage, "'\(text)' is no certificate's id.") }
                return id
            }
            let filter = try filter.document()
            var printer = ListPrinter<CertificateDocument>(
                ["SERIAL NUMBER", "SUBJECT", "PROFILE", "UNTIL", "STATUS"],
                json: json
            ) { certificate in
                [
                    certificate.serialNumber, certificate.subject, certificate.profile,
                    Texts.moment(certificate.notAfter), certificate.status.rawValue,
                ]
            }
            try await administration.administrator.forEach(
                ListCertificates.self,
                atMost: limit,
                after: start,
                { ListCertificates.Input(filter, after: $0, limit: $1) },
                { try printer.add($0) }
            )
            printer.end()
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a certificate.")

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its serial number or its id.")
        var certificate: String

        @Flag(help: "Prints the certificate as PEM.")
        var pem = false

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let shown = try await administration.administrator.perform(
                ShowCertificate.self,
                CertificateReference(certificate: certificate)
            )
            if pem { return Terminal.result(Texts.pem(shown.certificate ?? "", label: PEM.certificate)) }
            if json { return try Terminal.json(shown) }
            Terminal.result("subject:   \(shown.subject)")
            Terminal.result("serial:    \(shown.serialNumber)")
            Terminal.result("id:        \(shown.id)")
            Terminal.result("profile:   \(shown.profile)")
            Terminal.result("valid:     \(Texts.moment(shown.notBefore)) to \(Texts.moment(shown.notAfter))")
            Terminal.result("issued:    \(Texts.moment(shown.issuedAt))")
            Terminal.result("SHA-256:   \(Texts.fingerprint(shown.sha256))")
            Terminal.result("key:       \(Texts.fingerprint(shown.publicKeySHA256))")
            let revocation = shown.revokedAt.map { ", since \(Texts.moment($0)) (\(shown.reason ?? "-"))" }
            Terminal.result("status:    \(shown.status.rawValue)\(revocation ?? "")")
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revokes a certificate; the next CRL, which is made when it is asked for, lists it.",
            discussion: "With the reason certificateHold it can be released again, or revoked for good."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its serial number or its id.")
        var certificate: String

        @OptionGroup var why: RevocationOptions

        @Option(help: "Since when, if it was before now; such as 2026-12-31 or 2026-12-31T12:00:00Z.")
        var at: Moment?

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            if let at, at.date > Date() { throw AppError(.usage, "--at has to be before now.") }
            let input = RevokeCertificate.Input(certificate: certificate, reason: try why.word(), at: at?.date)
            try await administration.administrator.perform(RevokeCertificate.self, input).tell(json: json)
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a certificate that is on hold good again.")

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its serial number or its id.")
        var certificate: String

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let input = CertificateReference(certificate: certificate)
            try await administration.administrator.perform(ReleaseCertificate.self, input).tell(json: json)
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints certificates as PEM, or as JSON with one object on each line; or writes one to a file.",
            discussion: "Without the name of one, all that the options choose are printed."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The serial number or id of a single one.")
        var certificate: String?

        @OptionGroup var filter: CertificateFilter

        @Flag(help: "Adds the certificates of its issuers: for a single one, as PEM.")
        var chain = false

        @Flag(help: "Writes DER instead of PEM: for a single one, to the file of --out.")
        var der = false

        @Option(help: "Writes a single one to this file.")
        var out: String?

        @Flag(help: "Replaces the file if it is there already.")
        var force = false

        @Flag(help: "Prints JSON, with each certificate in base64.")
        var json = false

        func run() async throws {
            let filter = try filter.document()
            if let certificate {
                guard filter == CertificateFilterDocument() else {
                    throw AppError(.usage, "A single certificate is named: the other options choose nothing more.")
                }
                return try await export(certificate)
            }
            guard !chain, !der, out == nil else {
                throw AppError(.usage, "--chain, --der and --out are for a single certificate.", hint: "Name it.")
            }
            try await administration.administrator.forEach(
                ListCertificates.self,
                { ListCertificates.Input(filter, withCertificates: true, after: $0, limit: $1) },
                { page in
                    for certificate in page {
                        Terminal.result(
                            json
                                ? try AdminJSON.value(certificate).written
                                : Texts.pem(certificate.certificate ?? "", label: PEM.certificate)
                        )
                    }
                }
            )
        }

        private func export(_ name: String) async throws {
            guard !der || (out != nil && !chain && !json) else {
                throw AppError(.usage, "--der goes with --out, and is one certificate alone.")
            }
            let shown = try await administration.administrator.perform(
                ShowCertificate.self,
                CertificateReference(certificate: name)
            )
            if json { return Terminal.result(try AdminJSON.value(shown).written) }
            let all = [shown.certificate ?? ""] + (chain ? shown.chain ?? [] : [])
            let pem = all.map { Texts.pem($0, label: PEM.certificate) }.joined(separator: "\n")
            guard let out else { return Terminal.result(pem) }
            let bytes = der ? Array(Data(base64Encoded: all.first ?? "") ?? Data()) : Array((pem + "\n").utf8)
            try DocumentFile.write(out, bytes, replacing: force)
        }
    }
}

/// Why certificates are revoked.
struct RevocationOptions: ParsableArguments {
    @Option(help: "Why: one of \(RevocationWord.allCases.map(\.rawValue).joined(separator: ", ")).")
    var reason: String = RevocationWord.unspecified.rawValue

    func word() throws -> RevocationWord {
        guard let word = RevocationWord(rawValue: reason) else {
            throw AppError(
                .usage,
                "'\(reason)' is no reason.",
                hint: "Known are: \(RevocationWord.allCases.map(\.rawValue).joined(separator: ", "))."
            )
        }
        return word
    }
}

extension CertificateDocument {
    /// Tells what became of it.
    fileprivate func tell(json: Bool) throws {
        if json { return try Terminal.json(self) }
        let since = revokedAt.map { " since \(Texts.moment($0)) (\(reason ?? "-"))" } ?? ""
        Terminal.result("\(serialNumber) \(subject): \(status.rawValue)\(since)")
    }
}
