// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Enrollment
internal import PKIX
internal import ServerApp

/// The command `sceptic ca crl`.
struct CRLCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crl",
        abstract: "Shows or writes a CA's CRL, as it is published; it is made anew if it is out of date."
    )

    @OptionGroup var state: DataOption

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
        let record = try await state.folder.open().certificateList(name.issuer, keyGeneration: key, shard: shard)
        let text = Texts.pem(record.der, label: DocumentFile.certificateList)
        if let out {
            try DocumentFile.write(out, pem ? Array((text + "\n").utf8) : record.der, replacing: force)
        } else if pem {
            return Terminal.result(text)
        }
        guard let list = try? EncodedCertificateList(derEncoded: record.der) else {
            throw AppError(.state, "The stored CRL can't be read.")
        }
        if json {
            return try Terminal.json(
                [
                    "issuer": "\(list.issuer)", "number": record.number, "thisUpdate": Texts.moment(record.thisUpdate),
                    "nextUpdate": Texts.moment(record.nextUpdate), "revoked": list.count,
                ] as [String: Any]
            )
        }
        Terminal.result("issuer:       \(list.issuer)")
        Terminal.result("number:       \(record.number)")
        Terminal.result("this update:  \(Texts.moment(record.thisUpdate))")
        Terminal.result("next update:  \(Texts.moment(record.nextUpdate))")
        Terminal.result("revoked:      \(list.count)")
    }
}
