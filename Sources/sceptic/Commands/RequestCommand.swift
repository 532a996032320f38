// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Enrollment
internal import ServerApp

internal import struct Foundation.UUID

/// The command `sceptic request …`.
struct RequestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Tells what became of requests, and why; approves and denies those that wait.",
        subcommands: [List.self, Explain.self, Try.self, Show.self, Approve.self, Deny.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the newest requests, or those that wait for approval."
        )

        @OptionGroup var state: DataOption

        @Flag(help: "Lists those that wait for approval, the oldest first.")
        var pending = false

        @Option(help: "How many.")
        var limit: Int = 20

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            guard (1...10_000).contains(limit) else { throw AppError(.usage, "--limit has to be 1 to 10000.") }
            if pending { return try await listPending() }
            let store = try state.folder.open().traces
            let traces: [TraceRecord]
            do {
                traces = try await store.traces(before: nil, limit: limit)
            } catch {
                throw AppError(error)
            }
            if json { return try Terminal.json(traces.map(\.json)) }
            Terminal.table(
                ["TIME", "PROFILE", "TRANSACTION", "RESULT", "FROM", "ID"],
                traces.map { trace in
                    [
                        Texts.moment(trace.at), trace.profile, trace.transactionID ?? "-", trace.reasonCode,
                        trace.remoteAddress, trace.id.uuidString.lowercased(),
                    ]
                }
            )
        }

        private func listPending() async throws {
            let store = try state.folder.open().approvals
            let waiting: [ApprovalRecord]
            do {
                waiting = try await store.approvals(.pending, after: nil, limit: limit)
            } catch {
                throw AppError(error)
            }
            if json { return try Terminal.json(waiting.map(\.json)) }
            Terminal.table(
                ["ID", "CAME", "EXPIRES", "PROFILE", "SUBJECT", "NAMES", "TRANSACTION", "FROM"],
                waiting.map { approval in
                    let names = RequestedContents(approval).names.map(\.harmless).joined(separator: ",")
                    return [
                        approval.id.uuidString.lowercased(), Texts.moment(approval.createdAt),
                        Texts.moment(approval.expiresAt), approval.key.profile, approval.subject,
                        names.isEmpty ? "-" : names, approval.key.transactionID, approval.remoteAddress,
                    ]
                }
            )
        }
    }
}
