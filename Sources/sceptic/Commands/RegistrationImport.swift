// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import Enrollment
internal import ServerApp

internal import struct Foundation.Data
internal import class Foundation.FileHandle
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
                secret, one is made and written to the file of --secrets-out. More than \(ImportRegistrations.maximumCount) \
                devices are registered in several steps, each of them all or none.
                """
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "The file, or '-' for standard input.")
        var file: String

        @Option(help: "The SCEP profile that the devices are registered for.")
        var profile: String = ProfileName.default

        @Option(help: "How often a registration is good where the file does not say: once or many.")
        var uses: RegistrationUse = .once

        @Option(help: "Where to write the secrets that are made, with their names; nobody else may read it.")
        var secretsOut: String?

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let list = try RegistrationList(Array(try DocumentFile.bytes(file, Self.maximumByteCount)), uses: uses)
            guard secretsOut != nil || list.entries.allSatisfy({ $0.device.secret != nil }) else {
                throw AppError(
                    .usage,
                    "There are devices without a secret.",
                    hint: "Name a file for those that are made: --secrets-out FILE."
                )
            }
            let administrator = try await administration.administrator
            // First the file: a secret that nobody knows is good for nothing.
            let secrets = try secretsOut.map { try SecretsFile($0) }
            var report = ImportReport()
            var rest = list.entries[...]
            do {
                while !rest.isEmpty {
                    let entries = rest.prefix(ImportRegistrations.maximumCount)
                    let made = try await register(Array(entries), administrator)
                    try secrets?.add(made.secrets)
                    report.registered += made.registered
                    report.secretsMade += made.secrets.count
                    rest = rest.dropFirst(entries.count)
                    if !rest.isEmpty { Terminal.note("\(report.registered) devices are registered; going on.") }
                }
            } catch {
                if report.registered == 0 { secrets?.remove() }
                throw error
            }
            if json { return try Terminal.json(report) }
            let isOne = report.registered == 1
            Terminal.note("\(report.registered) device\(isOne ? " is" : "s are") registered.")
        }

        private func register(
            _ entries: [RegistrationList.Entry],
            _ administrator: Administrator
        ) async throws -> ImportRegistrations.Output {
            do {
                return try await administrator.perform(
                    ImportRegistrations.self,
                    ImportRegistrations.Input(profile: profile, devices: entries.map(\.device))
                )
            } catch let error as AppError {
                // The table's reader knows lines, not places in what was sent.
                let parts = error.pointer?.split(separator: "/") ?? []
                guard let index = parts.dropFirst().first.flatMap({ Int($0) }),
                    let entry = entries.dropFirst(index).first
                else { throw error }
                var told = RegistrationList.error(entry.line, error.sentence, hint: error.hint)
                told.kind = error.kind
                throw told
            }
        }
    }
}

/// What was registered.
private struct ImportReport: AdminDocument {
    var registered = 0
    var secretsMade = 0

    static let schema = ObjectSchema()
}

/// The file of the secrets that were made.
private struct SecretsFile {
    private let path: String

    /// Begins a file, which must not be there yet.
    init(_ path: String) throws {
        self.path = path
        let output = OutputFile(path: path, mode: 0o600, existing: .refuse)
        do {
            try output.check()
            try output.write(Array(CommaSeparatedValues.line(["name", "secret"]).utf8))
        } catch let failure as ClientFailure {
            throw AppError(.conflict, "The secrets can't be written: \(failure.sentence).")
        }
    }

    /// Adds secrets, which are on disk then.
    func add(_ secrets: [ImportRegistrations.Output.Made]) throws {
        let text = secrets.map { CommaSeparatedValues.line([$0.name, $0.secret]) }.joined()
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw AppError(.failure, "The file \(path) has disappeared.", hint: "Revoke what was registered.")
        }
        do {
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(text.utf8))
            try handle.synchronize()
            try handle.close()
        } catch {
            throw AppError(
                .failure,
                "The secrets can't be written, and nobody knows them.",
                hint: "Revoke the \(secrets.count) registrations, and import them again."
            )
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
