// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import ServerApp

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

        @OptionGroup var administration: AdministrationOptions

        @Flag(help: "Lists those that wait for approval, the oldest first.")
        var pending = false

        @OptionGroup var filter: RequestFilter

        @Option(help: "How many.")
        var limit: Int = 20

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            guard (1...10_000).contains(limit) else { throw AppError(.usage, "--limit has to be 1 to 10000.") }
            if pending {
                guard filter.isEmpty else {
                    throw AppError(.usage, "--pending goes with no other choice.", hint: "Leave --pending out.")
                }
                return try await listPending()
            }
            let input = try filter.input()
            var printer = ListPrinter<TraceDocument>(
                ["TIME", "PROFILE", "TRANSACTION", "RESULT", "FROM", "ID"],
                json: json
            ) { trace in
                [
                    Texts.moment(trace.time), trace.profile, trace.transactionID ?? "-", trace.reason,
                    trace.remoteAddress, trace.id.description,
                ]
            }
            try await administration.administrator.forEach(
                ListRequests.self,
                atMost: limit,
                { after, limit in
                    var input = input
                    input.after = after
                    input.limit = limit
                    return input
                },
                { try printer.add($0) }
            )
            printer.end()
        }

        private func listPending() async throws {
            var printer = ListPrinter<WaitingRequestDocument>(
                ["ID", "CAME", "EXPIRES", "PROFILE", "SUBJECT", "NAMES", "TRANSACTION", "FROM"],
                json: json
            ) { request in
                [
                    request.id.description, Texts.moment(request.createdAt), Texts.moment(request.expiresAt),
                    request.profile, request.subject,
                    request.names.isEmpty ? "-" : request.names.map(\.harmless).joined(separator: ","),
                    request.transactionID,
                    request.remoteAddress,
                ]
            }
            try await administration.administrator.forEach(
                ListWaitingRequests.self,
                atMost: limit,
                { ListWaitingRequests.Input(after: $0, limit: $1) },
                { try printer.add($0) }
            )
            printer.end()
        }
    }
}

/// The options that choose requests.
struct RequestFilter: ParsableArguments {
    @Option(help: "Only those that were sent to this profile.")
    var profile: String?

    @Option(help: "Only those that ended for this reason, such as challenge.used.")
    var reason: String?

    @Option(help: "Only those with this transactionID.")
    var transactionID: String?

    @Option(help: "Only those from this address.")
    var from: String?

    @Option(help: "Only those that came then or later, such as 2026-12-31 or 2026-12-31T12:00:00Z.")
    var since: Moment?

    @Option(help: "Only those that came before.")
    var until: Moment?

    @Flag(inversion: .prefixedNo, help: "Only those whose sender had authenticated itself, or had not.")
    var authenticated: Bool?

    var isEmpty: Bool {
        [profile, reason, transactionID, from].allSatisfy { $0 == nil } && since == nil && until == nil
            && authenticated == nil
    }

    func input() throws -> ListRequests.Input {
        var input = ListRequests.Input()
        input.profile = profile
        input.reason = reason
        input.transactionID = transactionID
        input.remoteAddress = from
        input.authenticated = authenticated
        input.since = since?.date
        input.until = until?.date
        return input
    }
}
