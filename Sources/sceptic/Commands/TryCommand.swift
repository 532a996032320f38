// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import Enrollment
internal import PKIX
internal import SCEPClient
internal import ServerApp

internal import struct Foundation.Data

/// The command `sceptic request try`.
extension RequestCommand {
    struct Try: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells whether a request would get a certificate, and which; nothing is used up or stored.",
            discussion: """
                Exit codes: 0 it would be issued, 1 it would be refused, 6 it would wait for approval; others as for all \
                commands that open the state folder.
                """
        )

        @OptionGroup var administration: AdministrationOptions

        @Option(help: "The PKCS#10 request, PEM or DER; '-' is standard input.")
        var csr: String

        @Option(help: "The SCEP profile that it would be sent to.")
        var profile: String = ProfileName.default

        @OptionGroup var challenge: ChallengeArguments

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let request: CertificationRequest
            let code: ChallengePassword?
            do {
                request = try InputFile.request(csr)
                code = try challenge.read()
            } catch let failure as ClientFailure {
                throw AppError(.usage, "It can't be tried: \(failure.sentence).", hint: failure.hint)
            }
            var input = TryRequest.Input(request: Data(request.der).base64EncodedString(), profile: profile)
            input.challenge = code?.text
            let trial = try await administration.administrator.perform(TryRequest.self, input)
            if json {
                try Terminal.json(trial)
            } else {
                for line in trial.lines { Terminal.result(line) }
            }
            if let code = trial.exitCode { throw code }
        }
    }
}

extension TrialDocument {
    fileprivate var exitCode: ExitCode? {
        switch outcome {
        case .issued: nil
        case .waiting: ExitCode(ClientExit.pending.rawValue)
        case .refused: ExitCode(ClientExit.refused.rawValue)
        }
    }

    fileprivate var lines: [String] {
        // What the reason says of a request that came is not quite true of one that did not.
        let ending = certificate == nil ? TraceDocument.ending(reason, sentence, hint) : []
        return TraceDocument.Step.lines(steps) + ending + ["", "The request \(outcome.rawValue)."]
            + (certificate?.lines ?? [])
    }
}

extension TrialDocument.Preview {
    fileprivate var lines: [String] {
        [
            "subject:     \(subject)", "names:       \(names.isEmpty ? "-" : names.joined(separator: ", "))",
            "key:         \(key)", "valid:       \(Texts.moment(notBefore)) to \(Texts.moment(notAfter))",
            "usages:      \(usages.isEmpty ? "-" : usages.joined(separator: ", "))",
            "extensions:  \(extensions.joined(separator: ", "))",
        ]
    }
}
