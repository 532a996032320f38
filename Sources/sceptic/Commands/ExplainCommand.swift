// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Enrollment
internal import ServerApp

internal import struct Foundation.UUID

/// The command `sceptic request explain`.
extension RequestCommand {
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells in plain words what became of a request: each step, the reason, and what the client heard."
        )

        @OptionGroup var state: DataOption

        @Argument(help: "A transactionID, or the id of one request as 'request list' shows it.")
        var id: String

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let traces = try await Self.find(id, in: try state.folder.open().traces)
            guard !traces.isEmpty else {
                throw AppError(
                    .missing,
                    "No request with the transactionID or id '\(id)' is on record.",
                    hint: "Look with: sceptic request list"
                )
            }
            if json { return try Terminal.json(traces.map(\.json)) }
            for trace in traces.reversed() {
                for line in trace.lines { Terminal.result(line) }
                Terminal.result("")
            }
        }

        private static func find(_ text: String, in store: any TraceStore) async throws -> [TraceRecord] {
            do {
                let traces = try await store.traces(transactionID: text, limit: 50)
                // Some clients make up a UUID as their transactionID: that is whom the text names first.
                guard traces.isEmpty, let id = UUID(uuidString: text) else { return traces }
                return try await store.trace(id).map { [$0] } ?? []
            } catch {
                throw AppError(error)
            }
        }
    }
}

extension TraceRecord {
    private var reason: ReasonCode? { ReasonCode(rawValue: reasonCode) }

    /// What the client heard; nil when it was no client's message that was decided, but somebody's approval.
    private var reply: String? {
        guard steps.first?.name == "message" else { return nil }
        return reason.map { Verdict($0).sentence }
    }

    /// The story, a line each.
    fileprivate var lines: [String] {
        ["\(Texts.moment(at))  from \(remoteAddress)  profile '\(profile)'  id \(id.uuidString.lowercased())"]
            + decisionLines + (reply.map { ["     answer: \($0)"] } ?? [])
    }

    /// The steps, the reason and what would help.
    var decisionLines: [String] {
        let marks: [TraceOutcome: String] = [.passed: "ok  ", .failed: "FAIL", .noted: "note"]
        var lines = steps.map { "  \(marks[$0.outcome] ?? "?   ")  \($0.name): \($0.detail)" }
        lines.append("  => \(reasonCode): \(reason?.sentence ?? "(a reason of another version)")")
        if let hint = reason?.hint { lines.append("     hint: \(hint)") }
        return lines
    }

    var json: [String: Any] {
        [
            "id": id.uuidString.lowercased(), "time": Texts.moment(at), "profile": profile,
            "transactionID": transactionID ?? "", "authenticated": isAuthenticated, "remoteAddress": remoteAddress,
            "reason": reasonCode, "sentence": reason?.sentence ?? "", "hint": reason?.hint ?? "",
            "answer": reply ?? "",
            "steps": steps.map { ["name": $0.name, "outcome": $0.outcome.rawValue, "detail": $0.detail] },
        ]
    }
}
