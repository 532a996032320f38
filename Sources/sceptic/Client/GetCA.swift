// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEP
internal import SCEPClient

/// `sceptic get-ca`: shows the certificates of a CA (RFC 8894 §4.2).
struct GetCA: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get-ca",
        abstract: "Show, check and save the CA certificates of a SCEP server.",
        discussion: """
            Compare the SHA-256 fingerprint of the certificate marked 'anchor' with one that you got another way, and give it to
            `sceptic enroll --ca-fingerprint`.

            \(ClientExit.help([.done, .usage, .network, .caNotTrusted, .localFile]))
            """
    )

    @OptionGroup var server: ServerArguments

    @OptionGroup var authority: AuthorityArguments

    @Option(help: ArgumentHelp("Write the certificates to this file, as PEM.", valueName: "file"))
    var out: String?

    @Flag(help: "Replace the file if it is there already.")
    var force = false

    func run() async throws {
        try await Terminal.run {
            let file = out.map { OutputFile(path: $0, mode: 0o644, existing: force ? .replace : .refuse) }
            try file?.check()
            let fingerprint = try self.authority.fingerprint()
            let offered = try await SCEPSession.run(with: try server.server(), options: try server.options()) {
                session in
                try await session.caCertificates()
            }
            // What is not in order is shown all the same: to find out why is what this command is for.
            let checked = Result { try TrustedAuthority(offered, fingerprint: fingerprint, now: Date()) }
            let authority = try? checked.get()
            let reports = offered.certificates.map { certificate in
                CertificateReport(certificate, roles: authority?.roles(of: certificate) ?? [])
            }
            if server.json {
                try Terminal.print(json: ["certificates": reports])
            } else {
                print(reports.map(\.text).joined(separator: "\n\n"))
            }
            _ = try checked.get()
            try file?.write(PEM.bytes(offered.certificates))
        }
    }
}
