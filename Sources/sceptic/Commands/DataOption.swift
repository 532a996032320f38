// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import ServerApp

internal import class Foundation.ProcessInfo

/// The option that names the state folder.
struct DataOption: ParsableArguments {
    @Option(name: .long, help: "The state folder; SCEPTIC_DATA if it is not given.")
    var data: String?

    var folder: StateFolder {
        get throws {
            guard let path = data ?? ProcessInfo.processInfo.environment["SCEPTIC_DATA"], !path.isEmpty else {
                throw AppError(.usage, "No state folder is named.", hint: "Add --data DIR, or set SCEPTIC_DATA.")
            }
            return StateFolder(path: path)
        }
    }
}
