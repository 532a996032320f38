// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Foundation
internal import PKIX
internal import SCEPClient

/// `sceptic get-crl`: gets the CRL that covers a certificate (RFC 8894 §4.6).
struct GetCRL: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get-crl",
        abstract: "Get the CRL that covers a certificate.",
        discussion: """
            It is taken from the URL that the certificate names, if it names one, as RFC 8894 recommends, and otherwise from the SCEP
            server by GetCRL; with --source scep by GetCRL in any case. Wherever it comes from, it has to be signed by the CA, current,
            and about the certificate. --cert and --key sign a GetCRL; the key has to be RSA, because the reply is encrypted to it.

            \(ClientExit.help(ClientExit.queries))
            """
    )

    @Option(help: "Where to look for the CRL.")
    var source: SourceChoice = .auto

    @OptionGroup var query: QueryArguments

    func run() async throws {
        try await query.run { identity, file in
            let found = try await Contact.run(query.server, query.message) { contact in
                try await contact.session.certificateList(
                    covering: identity.certificate,
                    as: identity,
                    authority: contact.authority,
                    preference: source.preference,
                    capabilities: contact.capabilities,
                    options: contact.options
                )
            }
            try file.write(Array(PEM.encode(found.list.der, label: "X509 CRL").utf8))
            return CertificateListReport(found, certificate: identity.certificate, file: file.path)
        }
    }
}

/// What `get-crl` tells about a CRL.
struct CertificateListReport: QueryReport {
    let issuer: String
    let number: String?
    let thisUpdate: Date
    let nextUpdate: Date?
    let entries: Int
    let source: String
    /// What it says of the certificate: `good`, `revoked` or `unknown`.
    let status: String
    let revokedAt: Date?
    let file: String

    init(_ found: RetrievedCertificateList, certificate: EncodedCertificate, file: String) {
        let list = found.list
        self.issuer = list.issuer.description
        self.number = list.number.map { hexadecimal($0) }
        self.thisUpdate = list.thisUpdate
        self.nextUpdate = list.nextUpdate
        self.entries = list.count
        self.source =
            switch found.source {
            case .distributionPoint(let url): url.harmless
            case .getCRL: "GetCRL"
            }
        do {
            let entry = try list.revocation(of: certificate.serialNumber)
            self.status = entry == nil ? "good" : "revoked"
            self.revokedAt = entry?.revokedAt
        } catch {
            self.status = "unknown"
            self.revokedAt = nil
        }
        self.file = file
    }

    var text: String {
        [
            "issuer:      \(issuer)",
            "number:      \(number ?? "none")",
            "made:        \(thisUpdate.text)",
            "next:        \(nextUpdate?.text ?? "?")",
            "entries:     \(entries)",
            "source:      \(source)",
            "certificate: \(status)\(revokedAt.map { " at " + $0.text } ?? "")",
            "file:        \(file)",
        ].joined(separator: "\n")
    }
}
