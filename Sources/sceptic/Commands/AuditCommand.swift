// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import ServerApp
internal import StrictJSON

internal import struct Foundation.Data
internal import class Foundation.FileHandle
internal import struct Foundation.URL

/// The command `sceptic audit …`.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Shows, checks and exports the audit log.",
        subcommands: [List.self, Verify.self, Export.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Finds events of the audit log, newest first.")

        @OptionGroup var administration: AdministrationOptions

        @Option(help: "Only those of this actor, such as operator:anna, local:root, device or server.")
        var actor: String?

        @Option(help: "Only those of this action, such as challenge.new, or of all that begin with it and a dot.")
        var action: String?

        @Option(help: "Only those about this, such as 'profile phones'.")
        var target: String?

        @Option(help: "Only those since this moment: 2026-12-31, or 2026-12-31T12:00:00Z.")
        var since: Moment?

        @Option(help: "Only those before this moment.")
        var until: Moment?

        @Option(help: "How many at most.")
        var limit: Int = 100

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            guard (1...100_000).contains(limit) else { throw AppError(.usage, "--limit has to be 1 to 100000.") }
            let administrator = try await administration.administrator
            var input = ListAudit.Input()
            input.actor = actor
            input.action = action
            input.target = target
            input.since = since?.date
            input.until = until?.date
            var events: [AuditEventDocument] = []
            while events.count < limit {
                input.limit = min(1000, limit - events.count)
                let page = try await administrator.perform(ListAudit.self, input)
                events += page.items
                guard let next = page.next else { break }
                input.after = next
            }
            if json { return try Terminal.json(events) }
            Terminal.table(
                ["AT", "ACTOR", "ACTION", "TARGET", "OUTCOME", "ORIGIN", "EVENT"],
                events.map { event in
                    [
                        event.at, event.actor.onOneLine, event.action, (event.target ?? "-").onOneLine,
                        event.outcome, event.origin, "\(event.stream) \(event.sequence)",
                    ]
                }
            )
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks that nobody has changed, removed or put in a row of the audit log.",
            discussion: "Exit codes: 0 everything is in order, 1 it is not."
        )

        @OptionGroup var administration: AdministrationOptions

        @Option(
            help:
                "Checks an export instead, or standard input with '-'; of the state folder only the master key is read."
        )
        var file: String?

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let found: AuditVerificationDocument
            if let file {
                var check = try AuditExportCheck(try administration.local.folder)
                try LineReader.read(file) { check.check($0) }
                found = check.finish()
            } else {
                found = try await administration.administrator.perform(VerifyAudit.self, VerifyAudit.Input())
            }
            if json {
                try Terminal.json(found)
            } else {
                for finding in found.findings { Terminal.result("\(finding.row): \(finding.sentence)") }
                let hidden = found.findingCount - found.findings.count
                if hidden > 0 { Terminal.result("and \(hidden) more") }
                Terminal.result(
                    "\(found.events) events in \(found.streams) streams, \(found.checkpoints) checkpoints: "
                        + (found.inOrder
                            ? "in order"
                            : "NOT in order, \(found.findingCount) finding\(found.findingCount == 1 ? "" : "s")")
                )
            }
            if !found.inOrder { throw ExitCode(1) }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the audit log, a JSON object on each line, with all that 'audit verify --file' needs."
        )

        @OptionGroup var administration: AdministrationOptions

        func run() async throws {
            let administrator = try await administration.administrator
            var input = ExportAudit.Input(limit: 1000)
            while true {
                let page = try await administrator.perform(ExportAudit.self, input)
                for row in page.items { Terminal.result(try AdminJSON.value(row).written) }
                guard let next = page.next else { return }
                input.after = next
            }
        }
    }
}

extension String {
    /// The text with a picture of each control character, which a terminal would obey.
    fileprivate var onOneLine: String {
        String(
            String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 })
        )
    }
}

/// Reads a file line by line, however long it is.
enum LineReader {
    /// How long a line may be: an event's documents have 64 kB each.
    private static let maximumByteCount = 1_048_576

    /// Reads a file, or standard input for `-`.
    static func read(_ path: String, _ take: (String) -> Void) throws {
        let handle: FileHandle
        if path == "-" {
            handle = FileHandle.standardInput
        } else {
            guard let file = try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)) else {
                throw AppError(.usage, "The file \(path) can't be read.")
            }
            handle = file
        }
        var rest = Data()
        while let part = try handle.read(upToCount: 65_536), !part.isEmpty {
            rest += part
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                take(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
                rest = Data(rest[rest.index(after: end)...])
            }
            guard rest.count <= maximumByteCount else { throw AppError(.usage, "A line of \(path) is too long.") }
        }
        if !rest.isEmpty { take(String(decoding: rest, as: UTF8.self)) }
    }
}
