// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import PKIX
internal import SCEP
internal import SCEPClient

/// `sceptic get-next-ca`: gets the certificates of a CA's next generation (RFC 8894 §4.7).
struct GetNextCA: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get-next-ca",
        abstract: "Show, check and save the certificates of a CA's next generation.",
        discussion: """
            They have to be signed by the present CA, whose fingerprint --ca-fingerprint compares. `sceptic enroll --next-ca` asks the
            next CA for a certificate.

            \(ClientExit.help([.done, .usage, .network, .caNotTrusted, .replyRejected, .localFile]))
            """
    )

    @OptionGroup var server: ServerArguments

    @OptionGroup var authority: AuthorityArguments

    @Option(help: ArgumentHelp("Write the certificates to this file, as PEM.", valueName: "file"))
    var out: String?

    @Flag(help: "Replace the file if it is there already.")
    var force = false

    func run() async throws {
        let report = { (failure: ClientFailure) in try ErrorReport.print(failure, json: server.json) }
        try await Terminal.run(reporting: report) {
            let file = out.map { OutputFile(path: $0, mode: 0o644, existing: force ? .replace : .refuse) }
            try file?.check()
            let fingerprint = try authority.fingerprint()
            let next = try await SCEPSession.run(with: try server.server(), options: try server.options()) { session in
                let present = try await session.authority(fingerprint: fingerprint)
                Contact.warn(about: present)
                return try await session.nextAuthority(after: present)
            }
            let certificates = next.certificates.certificates
            let reports = certificates.map { CertificateReport($0, roles: next.roles(of: $0)) }
            try file?.write(PEM.bytes(certificates))
            if server.json {
                try Terminal.print(json: ["certificates": reports])
            } else {
                print(reports.map(\.text).joined(separator: "\n\n"))
            }
        }
    }
}
