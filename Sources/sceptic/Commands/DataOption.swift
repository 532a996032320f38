// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import ServerApp

internal import class Foundation.ProcessInfo

/// The options that name the state folder and its database.
struct DataOption: ParsableArguments {
    @Option(name: .long, help: "The state folder; SCEPTIC_DATA if it is not given.")
    var data: String?

    @Option(
        name: .long,
        help:
            "The URL of a PostgreSQL database, postgres://…; SCEPTIC_DATABASE, or what the folder remembers, if not given."
    )
    var database: String?

    @Option(name: .long, help: "A file that holds this URL; SCEPTIC_DATABASE_FILE if it is not given.")
    var databaseFile: String?

    var folder: StateFolder { get throws { try folder(nil) } }

    /// The state folder; what is not named here or in the environment is as a server's configuration file says.
    func folder(_ configuration: ServerConfiguration?) throws -> StateFolder {
        let named = data ?? ProcessInfo.processInfo.environment["SCEPTIC_DATA"] ?? configuration?.state
        guard let path = named, !path.isEmpty else {
            throw AppError(.usage, "No state folder is named.", hint: "Add --data DIR, or set SCEPTIC_DATA.")
        }
        var source = try DatabaseSource.options("database", url: database, file: databaseFile)
        source.usualFile = configuration?.databaseFile
        return StateFolder(path: path, database: source, masterKeyFile: configuration?.masterKeyFile)
    }
}
