// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import ServerApp

/// The command `sceptic certificate revoke-all`.
extension CertificateCommand {
    struct RevokeAll: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke-all",
            abstract: "Revokes up to a thousand certificates at once.",
            discussion: """
                Which ones stands in a file of serial numbers or ids, one on each line; or options find them, and then \
                --expect has to name how many there are, which --dry-run tells. What is found is valid or on hold, unless \
                --status says otherwise. Each is revoked on its own: if the command is interrupted, run it again.
                """
        )

        @OptionGroup var administration: AdministrationOptions

        @Option(help: "The file with serial numbers or ids; '-' for standard input.")
        var file: String?

        @OptionGroup var filter: CertificateFilter

        @OptionGroup var why: RevocationOptions

        @Flag(help: "Only tells which ones would be revoked.")
        var dryRun = false

        @Option(help: "How many are expected to be found.")
        var expect: Int?

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            var input = RevokeCertificates.Input()
            let filter = try filter.document()
            if filter != CertificateFilterDocument() { input.filter = filter }
            input.certificates = try file.map(Self.lines)
            input.reason = try why.word()
            input.dryRun = dryRun ? true : nil
            input.expectedCount = expect
            let outcome = try await administration.administrator.perform(RevokeCertificates.self, input)
            if json { return try Terminal.json(outcome) }
            for item in outcome.items {
                Terminal.result("\(item.serialNumber) \(item.subject): \(item.outcome.rawValue)")
            }
            Terminal.note(
                dryRun
                    ? "\(outcome.count) certificates are found; nothing was revoked."
                    : "\(outcome.revoked) of \(outcome.count) certificates were revoked."
            )
        }

        private static func lines(_ path: String) throws -> [String] {
            let lines = try DocumentFile.text(path).split(whereSeparator: \.isNewline).map { line in
                String(line.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            .filter { !$0.isEmpty }
            guard (1...RevokeCertificates.maximumCount).contains(lines.count) else {
                throw AppError(
                    .usage,
                    "\(path) names \(lines.count) certificates; 1 to \(RevokeCertificates.maximumCount) are revoked at once."
                )
            }
            return lines
        }
    }
}
