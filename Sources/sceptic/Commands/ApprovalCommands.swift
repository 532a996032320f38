// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import ArgumentParser
internal import ServerApp

/// The commands `sceptic request show`, `approve` and `deny`.
extension RequestCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a request that waits or waited for approval.")

        @OptionGroup var administration: AdministrationOptions

        @Argument(help: "Its id, or its transactionID.")
        var id: String

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let request = try await administration.administrator.perform(
                ShowWaitingRequest.self,
                ShowWaitingRequest.Input(id: id)
            )
            if json { return try Terminal.json(request) }
            for line in request.lines { Terminal.result(line) }
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Approves a request: when enough people have, its certificate is issued at once, and the device gets it when it asks again."
        )

        @OptionGroup var administration: AdministrationOptions

        @OptionGroup var decision: DecisionOptions

        func run() async throws {
            try decision.tell(await administration.administrator.perform(ApproveRequest.self, decision.input))
        }
    }

    struct Deny: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Denies a request: the device hears so when it asks again."
        )

        @OptionGroup var administration: AdministrationOptions

        @OptionGroup var decision: DecisionOptions

        func run() async throws {
            try decision.tell(await administration.administrator.perform(DenyRequest.self, decision.input))
        }
    }

    /// What a decision is made of.
    struct DecisionOptions: ParsableArguments {
        @Argument(help: "The request's id, or its transactionID.")
        var id: String

        @Option(
            help:
                "Who decides, beside the state folder; the user of this process if it is not given. A server knows who asks."
        )
        var by: String?

        @Option(help: "A note, which is recorded.")
        var note: String?

        @Flag(help: "Prints JSON.")
        var json = false

        var input: DecisionInput {
            get throws {
                guard by?.isEmpty != true else {
                    throw AppError(.usage, "Nobody is named who decides.", hint: "Add --by NAME.")
                }
                return DecisionInput(id: id, by: by, note: note)
            }
        }

        fileprivate func tell(_ decision: DecisionDocument) throws {
            if json { return try Terminal.json(decision) }
            Terminal.result(decision.sentence)
        }
    }
}

extension DecisionDocument {
    fileprivate var sentence: String {
        switch outcome {
        case .issued: "Approved: \(subject) has the certificate \(serialNumber ?? "-")."
        case .ordered: "Approved: the issuer takes longer to sign for \(subject)."
        case .counted:
            "Counted: \(votes ?? 0) of \(neededVotes ?? 0) people are for \(subject), which still waits."
        case .denied: "Denied: \(subject)."
        }
    }
}

extension WaitingRequestDocument {
    fileprivate var lines: [String] {
        var lines = [
            "id:           \(id)",
            "state:        \(refusedByIssuer ? "refused by the issuer" : state.rawValue)",
            "subject:      \(subject)",
            "names:        \(names.isEmpty ? "-" : names.map(\.harmless).joined(separator: ", "))",
            "for:          \(renewedSerialNumber.map { "a renewal of \($0)" } ?? "a first certificate")",
            "key:          \(key)",
            "key SHA-256:  \(publicKeySHA256)",
            "profile:      \(profile)",
            "RA profile:   \(raProfile)",
            "transaction:  \(transactionID)",
            "from:         \(remoteAddress)",
            "came:         \(Texts.moment(createdAt))",
            "expires:      \(Texts.moment(expiresAt))",
        ]
        if neededVotes > 1 {
            let votes = votes ?? []
            lines.append("approvals:    \(votes.count) of \(neededVotes) needed")
            lines += votes.map { vote in
                "  by:         \(vote.by), \(Texts.moment(vote.at))\(vote.note.map { ": \($0)" } ?? "")"
            }
        }
        if let decidedBy { lines.append("\(refusedByIssuer ? "approved by: " : "decided by:  ") \(decidedBy)") }
        if let decidedAt { lines.append("decided:      \(Texts.moment(decidedAt))") }
        if let note { lines.append("note:         \(note)") }
        return lines
    }
}
