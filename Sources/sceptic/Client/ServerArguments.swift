// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import SCEPClient

/// Where the server is: what all client commands take.
struct ServerArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The SCEP URL. Without a path, \(ServerURL.defaultPath) is taken.",
            valueName: "url"
        )
    )
    var url: String

    @Option(
        name: .customLong("ca-identifier"),
        help: ArgumentHelp(
            "The CA's identifier, for servers that want one in GetCACaps and GetCACert.",
            valueName: "string"
        )
    )
    var caIdentifier: String?

    @Option(help: ArgumentHelp("How long one HTTP request may take.", valueName: "seconds"))
    var timeout: Int = 30

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    func server() throws -> ServerURL { try ServerURL(url) }

    func options() throws -> SCEPSession.Options {
        guard (1...3600).contains(timeout) else { throw ClientFailure(.usage, "--timeout takes 1 to 3600 seconds") }
        return SCEPSession.Options(timeout: .seconds(timeout), caIdentifier: caIdentifier)
    }
}
