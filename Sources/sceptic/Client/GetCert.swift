// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import PKIX
internal import SCEP
internal import SCEPClient

/// `sceptic get-cert`: gets a certificate that was issued before (RFC 8894 §4.5).
struct GetCert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get-cert",
        abstract: "Get a certificate that a SCEP server's CA issued before.",
        discussion: """
            Servers may give out no other certificates than your own. --cert and --key sign the request; the key has to be RSA, because
            the reply is encrypted to it.

            \(ClientExit.help(ClientExit.queries))
            """
    )

    @Option(help: ArgumentHelp("The serial number of the certificate that is wanted.", valueName: "hex"))
    var serial: String

    @Option(help: ArgumentHelp("Its issuer, such as \"CN=Example CA\"; the CA without.", valueName: "name"))
    var issuer: String?

    @OptionGroup var query: QueryArguments

    func run() async throws {
        try await query.run { identity, file in
            guard let serialNumber = SerialNumber(hexadecimal: serial) else {
                throw ClientFailure(.usage, "the serial number has to be hexadecimal digits")
            }
            let issuer = try issuer.map { try Name.argument($0, of: "the issuer") }
            let certificate = try await Contact.run(query.server, query.message) { contact in
                guard let issuer = issuer ?? contact.authority.issuer?.subject else {
                    throw ClientFailure(.usage, "it is not clear which CA issues here", hint: "name it with --issuer")
                }
                return try await contact.session.certificate(
                    IssuerAndSerialNumber(issuer: issuer, serialNumber: serialNumber.octets),
                    as: identity,
                    authority: contact.authority,
                    capabilities: contact.capabilities,
                    options: contact.options
                )
            }
            try file.write(PEM.bytes([certificate]))
            return CertificateReport(certificate, roles: nil)
        }
    }
}
