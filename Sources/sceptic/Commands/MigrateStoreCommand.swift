// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Enrollment
internal import ServerApp
internal import Storage
internal import Synchronization

/// The command `sceptic migrate-store`.
struct MigrateStoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate-store",
        abstract: "Copies a state from SQLite into a PostgreSQL database, and proves that both are the same.",
        discussion: """
            The database has to be empty. A run that was stopped goes on when the command is given again. Before it is \
            complete the copy can't be served; meanwhile the state can't be served either, and it stays as it is. \
            It works on a state folder of this machine: there is no --server.
            """
    )

    @Option(help: ArgumentHelp("The state folder.", valueName: "dir"))
    var from: String

    @Option(help: ArgumentHelp("The database's URL, postgres://…; SCEPTIC_DATABASE if not given.", valueName: "url"))
    var to: String?

    @Option(help: ArgumentHelp("A file that holds this URL; SCEPTIC_DATABASE_FILE if not given.", valueName: "file"))
    var toFile: String?

    @Flag(help: "Prints JSON.")
    var json = false

    func run() async throws {
        let target = try DatabaseSource.options("to", url: to, file: toFile)
        let (start, ticker) = (ContinuousClock.now, ProgressTicker())
        let report = try await StoreMigration(from: from, to: target).run(
            warn: { Terminal.note("warning: \($0)") },
            progress: { ticker.tell($0) }
        )
        let rows = report.tables.reduce(0) { $0 + $1.rows }
        if json {
            try Terminal.json(
                [
                    "from": from, "outcome": report.outcome.rawValue, "rows": rows,
                    "seconds": start.duration(to: .now) / .seconds(1),
                    "tables": report.tables.map { table in
                        ["name": table.name, "rows": table.rows, "sha256": table.digest.hexadecimal] as [String: Any]
                    },
                ] as [String: Any]
            )
        } else {
            Terminal.table(
                ["TABLE", "ROWS", "SHA-256"],
                report.tables.map { [$0.name, "\($0.rows)", $0.digest.hexadecimal] }
            )
            Terminal.result("\(Self.words(report.outcome)): \(rows) rows, the same on both sides.")
        }
        Terminal.note(
            """
            next: make a folder of mode 0700 for each server, with a copy of the master key and the URL in a file called \
            'database', of mode 0600; then: sceptic serve --data FOLDER
            note: what is done in \(from) from now on is not in the database; keep it as a backup only.
            """
        )
    }

    private static func words(_ outcome: StoreCopyReport.Outcome) -> String {
        switch outcome {
        case .copied: "copied"
        case .resumed: "copied, going on from an earlier run"
        case .complete: "copied before"
        }
    }
}

/// Tells every few seconds how far a copy is.
private final class ProgressTicker: Sendable {
    private let last = Mutex(ContinuousClock.now)

    func tell(_ progress: StoreCopyProgress) {
        let isDue = last.withLock { last in
            guard last.duration(to: .now) > .seconds(3) else { return false }
            last = .now
            return true
        }
        guard isDue else { return }
        let total = progress.total.map { " of \($0)" } ?? ""
        Terminal.note("\(progress.step.rawValue) \(progress.table): \(progress.rows)\(total) rows")
    }
}
