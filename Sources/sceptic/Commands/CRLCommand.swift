// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import ServerApp

internal import struct Foundation.Data

/// The command `sceptic ca crl`.
struct CRLCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crl",
        abstract: "Shows or writes a CA's CRL, as it is published; it is made anew if it is out of date."
    )

    @OptionGroup var administration: AdministrationOptions

    @OptionGroup var name: IssuerOption

    @Option(help: "Which key of the CA; the one that issues if it is not given.")
    var key: Int?

    @Option(help: "The shard.")
    var shard: Int = 0

    @Option(help: "Writes it to this file, in DER.")
    var out: String?

    @Flag(help: "Writes PEM instead of DER: to the file, or to standard output.")
    var pem = false

    @Flag(help: "Replaces the file if it is there already.")
    var force = false

    @Flag(help: "Prints JSON.")
    var json = false

    func run() async throws {
        let list = try await administration.administrator.perform(
            GetCertificateList.self,
            GetCertificateList.Input(issuer: name.issuer, key: key, shard: shard)
        )
        let text = Texts.pem(list.crl, label: DocumentFile.certificateList)
        if let out {
            let der = Array(Data(base64Encoded: list.crl) ?? Data())
            try DocumentFile.write(out, pem ? Array((text + "\n").utf8) : der, replacing: force)
        } else if pem {
            return Terminal.result(text)
        }
        if json { return try Terminal.json(list) }
        Terminal.result("issuer:       \(list.issuer)")
        Terminal.result("number:       \(list.number)")
        Terminal.result("this update:  \(Texts.moment(list.thisUpdate))")
        Terminal.result("next update:  \(Texts.moment(list.nextUpdate))")
        Terminal.result("revoked:      \(list.revoked)")
    }
}
