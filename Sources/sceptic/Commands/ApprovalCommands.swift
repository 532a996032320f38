// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Cryptography
internal import Enrollment
internal import ServerApp

internal import class Foundation.ProcessInfo
internal import struct Foundation.UUID

/// The commands `sceptic request show`, `approve` and `deny`.
extension RequestCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a request that waits or waited for approval.")

        @OptionGroup var state: DataOption

        @Argument(help: "Its id, or its transactionID.")
        var id: String

        @Flag(help: "Prints JSON.")
        var json = false

        func run() async throws {
            let opened = try state.folder.open()
            let approval = try await RequestCommand.find(id, in: opened)
            let votes: [ApprovalDecision]
            do {
                votes = try await opened.approvals.votes(on: approval.id)
            } catch {
                throw AppError(error)
            }
            if json { return try Terminal.json(approval.json.merging(["votes": votes.map(\.json)]) { $1 }) }
            Terminal.result("id:           \(approval.id.uuidString.lowercased())")
            let isRefused = approval.isRefusedByIssuer
            Terminal.result("state:        \(isRefused ? "refused by the issuer" : approval.state.rawValue)")
            Terminal.result("subject:      \(approval.subject)")
            let asked = RequestedContents(approval)
            Terminal.result(
                "names:        \(asked.names.isEmpty ? "-" : asked.names.map(\.harmless).joined(separator: ", "))"
            )
            let renewal = asked.renewedSerialNumber.map { "a renewal of \($0)" }
            Terminal.result("for:          \(renewal ?? "a first certificate")")
            Terminal.result("key:          \(asked.key)")
            Terminal.result("key SHA-256:  \(approval.publicKeyDigest.hexadecimal)")
            Terminal.result("profile:      \(approval.key.profile)")
            Terminal.result("RA profile:   \(approval.raProfile)")
            Terminal.result("transaction:  \(approval.key.transactionID)")
            Terminal.result("from:         \(approval.remoteAddress)")
            Terminal.result("came:         \(Texts.moment(approval.createdAt))")
            Terminal.result("expires:      \(Texts.moment(approval.expiresAt))")
            if approval.neededVotes > 1 {
                Terminal.result("approvals:    \(votes.count) of \(approval.neededVotes) needed")
                for vote in votes {
                    Terminal.result(
                        "  by:         \(vote.by), \(Texts.moment(vote.at))\(vote.note.map { ": \($0)" } ?? "")"
                    )
                }
            }
            if let decidedBy = approval.decidedBy {
                Terminal.result("\(isRefused ? "approved by: " : "decided by:  ") \(decidedBy)")
            }
            if let decidedAt = approval.decidedAt { Terminal.result("decided:      \(Texts.moment(decidedAt))") }
            if let note = approval.note { Terminal.result("note:         \(note)") }
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Approves a request: when enough people have, its certificate is issued at once, and the device gets it when it asks again."
        )

        @OptionGroup var state: DataOption

        @OptionGroup var decision: DecisionOptions

        func run() async throws {
            let by = try decision.decider
            let opened = try state.folder.open()
            let approval = try await RequestCommand.find(decision.id, in: opened)
            let outcome = try await opened.decide { administration throws(StoreError) in
                try await administration.approve(approval.id, by: by, note: decision.note)
            }
            try RequestCommand.tell(outcome, of: approval, json: decision.json)
        }
    }

    struct Deny: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Denies a request: the device hears so when it asks again."
        )

        @OptionGroup var state: DataOption

        @OptionGroup var decision: DecisionOptions

        func run() async throws {
            let by = try decision.decider
            let opened = try state.folder.open()
            let approval = try await RequestCommand.find(decision.id, in: opened)
            let outcome = try await opened.decide { administration throws(StoreError) in
                try await administration.deny(approval.id, by: by, note: decision.note)
            }
            try RequestCommand.tell(outcome, of: approval, json: decision.json)
        }
    }

    /// What a decision is made of.
    struct DecisionOptions: ParsableArguments {
        @Argument(help: "The request's id, or its transactionID.")
        var id: String

        @Option(help: "Who decides; the user of this process if it is not given.")
        var by: String?

        @Option(help: "A note, which is recorded.")
        var note: String?

        @Flag(help: "Prints JSON.")
        var json = false

        var decider: String {
            get throws {
                let variables = ProcessInfo.processInfo.environment
                // Under sudo the person is not who the process runs as.
                let name = by ?? variables["SUDO_USER"] ?? variables["USER"] ?? variables["LOGNAME"] ?? ""
                guard !name.isEmpty else {
                    throw AppError(.usage, "Nobody is named who decides.", hint: "Add --by NAME.")
                }
                return name
            }
        }
    }

    /// The one request that a text names: by its id, or by a transactionID that names no other one that waits.
    private static func find(_ text: String, in state: OpenedState) async throws -> ApprovalRecord {
        let found: [ApprovalRecord]
        do {
            if let id = UUID(uuidString: text), let approval = try await state.approvals.approval(id) {
                return approval
            }
            found = try await state.approvals.approvals(transactionID: text, limit: 50)
        } catch {
            throw AppError(error)
        }
        let waiting = found.filter { $0.state == .pending }
        let candidates = waiting.isEmpty ? found : waiting
        guard let first = candidates.first else {
            throw AppError(
                .missing,
                "There is no request '\(text)' that waits or waited for approval.",
                hint: "Look with: sceptic request list --pending"
            )
        }
        // Somebody else may use the same transactionID under another key: then only the id says who is meant.
        guard candidates.count == 1, Set(found.map(\.key)).count == 1 else {
            throw AppError(
                .conflict,
                "Several requests have the transactionID '\(text)'.",
                hint: "Name one by its id: \(found.map { $0.id.uuidString.lowercased() }.joined(separator: ", "))."
            )
        }
        return first
    }

    private static func tell(_ outcome: DecisionOutcome, of approval: ApprovalRecord, json: Bool) throws {
        var object: [String: Any] = ["id": approval.id.uuidString.lowercased(), "subject": approval.subject]
        let sentence: String
        switch outcome {
        case .issued(let certificate):
            object["outcome"] = "issued"
            object["serialNumber"] = certificate.serialNumber.hexadecimal
            sentence = "Approved: \(certificate.subject) has the certificate \(certificate.serialNumber.hexadecimal)."
        case .ordered:
            object["outcome"] = "ordered"
            sentence = "Approved: the issuer takes longer to sign for \(approval.subject)."
        case .counted(let votes, let needed):
            object["outcome"] = "counted"
            object["votes"] = votes
            object["neededVotes"] = needed
            sentence = "Counted: \(votes) of \(needed) people are for \(approval.subject), which still waits."
        case .denied:
            object["outcome"] = "denied"
            sentence = "Denied: \(approval.subject)."
        case .unknown: throw AppError(.missing, "The request has disappeared.")
        case .decided(let state):
            throw AppError(.conflict, "The request waits no more: it is \(state.rawValue).")
        case .refused(let reason, let detail):
            throw AppError(
                .conflict,
                "The decision can't be carried out: \(detail.isEmpty ? reason.rawValue : detail).",
                hint: reason.hint
            )
        }
        if json { return try Terminal.json(object) }
        Terminal.result(sentence)
    }
}

extension ApprovalDecision {
    fileprivate var json: [String: Any] {
        var object: [String: Any] = ["by": by, "at": Texts.moment(at)]
        if let note { object["note"] = note }
        return object
    }
}

extension ApprovalRecord {
    var json: [String: Any] {
        let asked = RequestedContents(self)
        var object: [String: Any] = [
            "names": asked.names, "key": asked.key, "renewedSerialNumber": asked.renewedSerialNumber ?? "",
            "id": id.uuidString.lowercased(), "state": state.rawValue, "subject": subject, "profile": key.profile,
            "raProfile": raProfile,
            "transactionID": key.transactionID, "renewal": renewedCertificate != nil,
            "refusedByIssuer": isRefusedByIssuer, "neededVotes": neededVotes,
            "publicKeySHA256": publicKeyDigest.hexadecimal, "remoteAddress": remoteAddress,
            "createdAt": Texts.moment(createdAt), "expiresAt": Texts.moment(expiresAt),
        ]
        if let decidedAt { object["decidedAt"] = Texts.moment(decidedAt) }
        if let decidedBy { object["decidedBy"] = decidedBy }
        if let note { object["note"] = note }
        return object
    }
}
