// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import ServerApp

/// The command `sceptic request explain`.
extension RequestCommand {
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells in plain words what became of a request: each step, the reason, and what the client heard."
        )

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "A transactionID, or the id of one request as 'request list' shows it.")
        var id: String

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let traces = try await administration.administrator.perform(
                ExplainRequest.self,
                ExplainRequest.Input(id: id)
            ).items
            if json { return try Terminal.json(traces) }
            for trace in traces.reversed() {
                for line in trace.lines { Terminal.result(line) }
                Terminal.result("")
            }
        }
    }
}

extension TraceDocument {
    /// The story, a line each.
    fileprivate var lines: [String] {
        ["\(Texts.moment(time))  from \(remoteAddress)  profile '\(profile)'  id \(id)"]
            + Step.lines(steps) + Self.ending(reason, sentence, hint) + (answer.map { ["     answer: \($0)"] } ?? [])
    }

    /// The reason, and what would help.
    static func ending(_ reason: String, _ sentence: String?, _ hint: String?) -> [String] {
        ["  => \(reason): \(sentence ?? "(a reason of another version)")"] + (hint.map { ["     hint: \($0)"] } ?? [])
    }
}

extension TraceDocument.Step {
    /// Steps, a line each.
    static func lines(_ steps: [TraceDocument.Step]) -> [String] {
        steps.map { step in
            let mark =
                switch step.outcome {
                case .passed: "ok  "
                case .failed: "FAIL"
                case .noted: "note"
                }
            return "  \(mark)  \(step.name): \(step.detail)"
        }
    }
}
