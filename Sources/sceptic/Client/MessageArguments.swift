// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import SCEPClient

/// Which CA is meant, and how it is spoken to: what all commands take that send a pkiMessage.
struct MessageArguments: ParsableArguments {
    @OptionGroup var authority: AuthorityArguments

    @Flag(name: .customLong("expect-scep-standard"), help: "Stop if the server does not announce SCEPStandard.")
    var expectStandard = false

    @Option(help: "The digest to sign with, instead of the one that the server's capabilities suggest.")
    var digest: DigestChoice?

    @Option(help: "The cipher to encrypt with, instead of the one that the server's capabilities suggest.")
    var cipher: CipherChoice?

    @Option(help: "How to send the request.")
    var transport: TransportChoice = .auto

    var options: EnrollmentOptions {
        EnrollmentOptions(
            digest: digest?.algorithm,
            cipher: cipher?.cipher,
            transport: transport.transport,
            standard: expectStandard ? .required : .optional
        )
    }
}

/// Which CA is meant.
struct AuthorityArguments: ParsableArguments {
    @Option(
        name: .customLong("ca-fingerprint"),
        help: ArgumentHelp("The CA certificate's SHA-256 or SHA-1 fingerprint, which has to fit.", valueName: "hex")
    )
    var fingerprintText: String?

    func fingerprint() throws -> Fingerprint? { try fingerprintText.map { try Fingerprint($0) } }
}
