// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import SCEPClient
internal import ServerApp

/// The command `sceptic health`.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Tells whether a server can enrol now.",
        discussion: """
            Asks /readyz of a server and ends with 0 if it is ready, with 70 if it is not or does not answer. This is what a \
            container's health check runs.
            """
    )

    @Option(help: "The URL to ask; /healthz instead of /readyz says only that the process answers.")
    var url = "http://127.0.0.1:8080/readyz"

    @Option(help: "How long to wait for an answer, in seconds.")
    var timeout = 3

    func run() async throws {
        guard (1...3600).contains(timeout) else { throw AppError(.usage, "The timeout is 1 to 3600 seconds.") }
        guard let status = await HealthCheck.status(url, timeout: .seconds(timeout)) else {
            throw AppError(.failure, "The server does not answer at \(url).")
        }
        guard status == 200 else { throw AppError(.failure, "The server is not ready: \(url) says \(status).") }
        Terminal.result("ready")
    }
}
