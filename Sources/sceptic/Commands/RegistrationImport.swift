// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Enrollment
internal import ServerApp

internal import class Foundation.FileManager

extension RegistrationCommand {
    struct Import: AsyncParsableCommand {
        /// The most bytes of a file: 100,000 devices with 600 bytes each.
        private static let maximumByteCount = 64 << 20

        static let configuration = CommandConfiguration(
            abstract: "Registers the devices of a table, all or none.",
            discussion: """
                The file holds comma-separated values (RFC 4180) under a heading; the column 'name' has to be there, \
                the others may: secret, subject, san (several with spaces between them), key-type, ra-profile, \
                uses (once or many), expires, and attribute.KEY for what templates may fill in. Where there is no \
                secret, one is made and written to the file of --secrets-out.
                """
        )

        @OptionGroup var state: DataOption

        @Argument(help: "The file, or '-' for standard input.")
        var file: String

        @Option(help: "The SCEP profile that the devices are registered for.")
        var profile: String = ProfileName.default

        @Option(help: "How often a registration is good where the file does not say: once or many.")
        var uses: RegistrationUses = .once

        @Option(help: "Where to write the secrets that are made, with their names; nobody else may read it.")
        var secretsOut: String?

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let list = try RegistrationList(Array(try DocumentFile.bytes(file, Self.maximumByteCount)), uses: uses)
            guard secretsOut != nil || list.entries.allSatisfy({ $0.candidate.secret != nil }) else {
                throw AppError(
                    .usage,
                    "There are devices without a secret.",
                    hint: "Name a file for those that are made: --secrets-out FILE."
                )
            }
            let opened = try state.folder.open()
            try await opened.requireProfile(profile)
            let administration = RegistrationAdministration(
                store: opened.registrations,
                masterKey: opened.masterKey,
                time: SystemTimeSource()
            )
            let prepared = administration.prepare(list.entries.map(\.candidate), profile: profile)
            // First the file: a secret that nobody knows is good for nothing.
            try write(prepared, list)
            do {
                if let known = try await administration.register(prepared) {
                    throw AppError(
                        .conflict,
                        "Line \(list.line(of: known) ?? 0): '\(known.text)' is registered already.",
                        hint: "Nothing was registered. Look with: sceptic registration list"
                    )
                }
            } catch {
                if let secretsOut { try? FileManager.default.removeItem(atPath: secretsOut) }
                throw (error as? StoreError).map { AppError($0) } ?? error
            }
            let made = prepared.secrets.count { $0 != nil }
            if json { return try Terminal.json(["registered": list.entries.count, "secretsMade": made]) }
            Terminal.note("\(list.entries.count) devices are registered.")
        }

        private func write(_ prepared: RegistrationAdministration.Prepared, _ list: RegistrationList) throws {
            guard let secretsOut else { return }
            var text = CommaSeparatedValues.line(["name", "secret"])
            for (entry, secret) in zip(list.entries, prepared.secrets) {
                if let secret { text += CommaSeparatedValues.line([entry.candidate.name.text, secret]) }
            }
            let output = OutputFile(path: secretsOut, mode: 0o600, existing: .refuse)
            do {
                try output.check()
                try output.write(Array(text.utf8))
            } catch let failure as ClientFailure {
                throw AppError(.conflict, "The secrets can't be written: \(failure.sentence).")
            }
        }
    }
}
