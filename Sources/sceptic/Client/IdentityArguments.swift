// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import SCEPClient

/// The certificate that signs a message, and its key.
struct IdentityArguments: ParsableArguments {
    @Option(
        name: .customLong("cert"),
        help: ArgumentHelp("The certificate that you have (PEM or DER).", valueName: "file")
    )
    var certificate: String

    @Option(help: ArgumentHelp("Its private key (PEM or DER).", valueName: "file"))
    var key: String

    func identity() throws -> ClientIdentity {
        try ClientIdentity(certificate: try InputFile.certificate(certificate), key: try InputFile.key(key))
    }
}
