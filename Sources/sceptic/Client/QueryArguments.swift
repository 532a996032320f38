// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import SCEPClient

/// What a query tells about what it got: as JSON and as text.
protocol QueryReport: Encodable {
    var text: String { get }
}

/// What `get-cert` and `get-crl` take: where to ask, as whom, and where to write what comes back.
struct QueryArguments: ParsableArguments {
    @OptionGroup var server: ServerArguments

    @OptionGroup var identity: IdentityArguments

    @Option(help: ArgumentHelp("Write what is got to this file, as PEM.", valueName: "file"))
    var out: String

    @Flag(help: "Replace the file if it is there already.")
    var force = false

    @OptionGroup var message: MessageArguments

    /// Runs a query, once it is clear that its files can be read and written, and tells what came of it.
    func run(_ query: (ClientIdentity, OutputFile) async throws -> some QueryReport) async throws {
        let complain = { (failure: ClientFailure) in try ErrorReport.print(failure, json: server.json) }
        try await Terminal.run(reporting: complain) {
            try Delivery.checkNames([identity.certificate, identity.key, out])
            let file = OutputFile(path: out, mode: 0o644, existing: force ? .replace : .refuse)
            try file.check()
            let report = try await query(try identity.identity(), file)
            if server.json { try Terminal.print(json: report) } else { print(report.text) }
        }
    }
}
