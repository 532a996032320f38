// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import SCEPClient

/// Where the challenge is.
struct ChallengeArguments: ParsableArguments {
    @Option(
        name: .customLong("challenge-file"),
        help: ArgumentHelp("Read the challenge from this file; '-' is standard input.", valueName: "file")
    )
    var challengeFile: String?

    @Option(help: ArgumentHelp("The challenge itself. Others can read it in the process list.", valueName: "code"))
    var challenge: String?

    /// Reads the challenge; nil when there is none.
    ///
    /// The environment's counts, if it may, when there is no argument.
    func read(environment: EnvironmentUse = .allowed) throws -> ChallengePassword? {
        guard challenge == nil || challengeFile == nil else {
            throw ClientFailure(.usage, "give either --challenge-file or --challenge")
        }
        switch environment {
        case .allowed: return try InputFile.challenge(path: challengeFile, code: challenge)
        case .ignored: return try InputFile.challenge(path: challengeFile, code: challenge, environment: [:])
        }
    }

    enum EnvironmentUse {
        case allowed
        case ignored
    }
}
