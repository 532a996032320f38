// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Enrollment
internal import PKIX
internal import SCEPClient
internal import ServerApp

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

        @OptionGroup var state: DataOption

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
            let trial = try await state.folder.open().tryOut(request, challenge: code?.text, profile: profile)
            if json {
                try Terminal.json(trial.json)
            } else {
                for line in trial.lines { Terminal.result(line) }
            }
            if let code = trial.exitCode { throw code }
        }
    }
}

extension Trial {
    private var reason: ReasonCode? { ReasonCode(rawValue: trace.reasonCode) }

    fileprivate var exitCode: ExitCode? {
        switch reason.map(Verdict.init) {
        case .certificate: nil
        case .pending: ExitCode(ClientExit.pending.rawValue)
        default: ExitCode(ClientExit.refused.rawValue)
        }
    }

    private var preview: CertificatePreview? { certificate.flatMap(CertificatePreview.init) }

    private var outcome: String {
        switch reason.map(Verdict.init) {
        case .certificate: "would be issued"
        case .pending: "would wait for approval"
        default: "would be refused"
        }
    }

    fileprivate var lines: [String] {
        // What the reason says of a request that came is not quite true of one that did not.
        let steps = certificate == nil ? trace.decisionLines : Array(trace.decisionLines.prefix(trace.steps.count))
        return steps + ["", "The request \(outcome)."] + (preview?.lines ?? [])
    }

    fileprivate var json: [String: Any] {
        var object = trace.json
        for key in ["id", "transactionID", "remoteAddress", "answer"] { object[key] = nil }
        object["outcome"] = outcome
        object["certificate"] = preview?.json
        return object
    }
}

extension CertificatePreview {
    fileprivate var lines: [String] {
        [
            "subject:     \(subject)", "names:       \(names.isEmpty ? "-" : names.joined(separator: ", "))",
            "key:         \(key)", "valid:       \(Texts.moment(notBefore)) to \(Texts.moment(notAfter))",
            "usages:      \(usages.isEmpty ? "-" : usages.joined(separator: ", "))",
            "extensions:  \(extensions.joined(separator: ", "))",
        ]
    }

    fileprivate var json: [String: Any] {
        [
            "subject": subject, "names": names, "key": key, "notBefore": Texts.moment(notBefore),
            "notAfter": Texts.moment(notAfter), "usages": usages, "extensions": extensions,
        ]
    }
}
