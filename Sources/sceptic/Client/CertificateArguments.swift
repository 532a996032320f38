// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import SCEPClient

/// What becomes of a request for a certificate: what `enroll`, `renew` and `poll` take.
struct CertificateArguments: ParsableArguments {
    @Option(name: .customLong("cert-out"), help: ArgumentHelp("Write the certificate to this file.", valueName: "file"))
    var certificateOut: String

    @Option(
        name: .customLong("chain-out"),
        help: ArgumentHelp("Write the CA certificates above it to this file, its issuer first.", valueName: "file")
    )
    var chainOut: String?

    @Flag(help: "Replace files that are there already.")
    var force = false

    @Flag(name: .customLong("next-ca"), help: "Ask the CA's next generation, which GetNextCACert tells of.")
    var nextCA = false

    @Option(
        help: ArgumentHelp(
            "Poll for so long while the request waits for approval; not at all without.",
            valueName: "seconds"
        )
    )
    var wait: Int?

    @Option(name: .customLong("poll-interval"), help: ArgumentHelp("The pause before each poll.", valueName: "seconds"))
    var pollInterval: Int = 30

    /// How to wait; nil when not at all.
    func limits() throws -> PollingLimits? {
        guard (1...86_400).contains(pollInterval) else {
            throw ClientFailure(.usage, "--poll-interval takes 1 to 86400 seconds")
        }
        guard let wait else { return nil }
        guard (1...2_592_000).contains(wait) else { throw ClientFailure(.usage, "--wait takes 1 to 2592000 seconds") }
        return PollingLimits(
            interval: .seconds(pollInterval),
            maximumCount: wait / pollInterval + 1,
            maximumDuration: .seconds(wait)
        )
    }
}
