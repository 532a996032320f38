// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Cryptography
internal import Enrollment

internal import struct Foundation.UUID

extension ListWaitingRequests: LocalOperation {
    /// Lists requests that wait.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let limit = input.limit ?? 100
        let waiting: [ApprovalRecord]
        do {
            waiting = try await context.state.approvals.approvals(.pending, after: input.after?.uuid, limit: limit)
        } catch {
            throw AppError(error)
        }
        return Page(
            items: waiting.map { WaitingRequestDocument($0) },
            next: waiting.count < limit ? nil : waiting.last.map { Identifier($0.id).description }
        )
    }
}

extension ShowWaitingRequest: LocalOperation {
    /// Shows a request that waits or waited.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let approval = try await context.state.waitingRequest(input.id)
        do {
            var document = WaitingRequestDocument(approval)
            document.votes = try await context.state.approvals.votes(on: approval.id)
                .map(WaitingRequestDocument.Vote.init)
            return document
        } catch {
            throw AppError(error)
        }
    }
}

extension ApproveRequest: LocalOperation {
    /// Approves a request.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let by = try context.decider(input)
        let approval = try await context.state.waitingRequest(input.id)
        try await context.audit(approval, .approved, by, input.note)
        let outcome = try await context.state.decide { administration throws(StoreError) in
            try await administration.approve(approval.id, by: by, note: input.note)
        }
        return try DecisionDocument(outcome, of: approval)
    }
}

extension DenyRequest: LocalOperation {
    /// Denies a request.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let by = try context.decider(input)
        let approval = try await context.state.waitingRequest(input.id)
        try await context.audit(approval, .denied, by, input.note)
        let outcome = try await context.state.decide { administration throws(StoreError) in
            try await administration.deny(approval.id, by: by, note: input.note)
        }
        return try DecisionDocument(outcome, of: approval)
    }
}

extension AdministrationContext {
    /// Who decides: beside the state folder whoever is named, or runs the command; elsewhere whoever was authenticated.
    fileprivate func decider(_ input: DecisionInput) throws -> String {
        let isLocal = principal.name.hasPrefix("local:")
        guard input.by == nil || isLocal else {
            throw AppError(
                .usage,
                "Who decides is who asks: nobody else can be named.",
                hint: "Leave 'by' out.",
                pointer: "/by"
            )
        }
        let name = input.by ?? principal.decider
        guard !isLocal || input.by != nil || name != "unknown" else {
            throw AppError(.usage, "Nobody is named who decides.", hint: "Add --by NAME.")
        }
        return name
    }

    /// Tells the audit log what a decision makes of a request, with who is for it where several have to be.
    fileprivate func audit(
        _ approval: ApprovalRecord,
        _ state: WaitingRequestDocument.State,
        _ by: String,
        _ note: String?
    ) async throws {
        let before: [WaitingRequestDocument.Vote]
        do {
            before = try await self.state.approvals.votes(on: approval.id).map(WaitingRequestDocument.Vote.init)
        } catch {
            throw AppError(error)
        }
        var (former, after) = (WaitingRequestDocument(approval), WaitingRequestDocument(approval))
        var votes = before
        if state == .approved, !votes.contains(where: { $0.by == by }) {
            votes.append(WaitingRequestDocument.Vote(by: by, at: now, note: note))
        }
        if approval.neededVotes > 1 { (former.votes, after.votes) = (before, votes) }
        if state != .approved || votes.count >= approval.neededVotes {
            after.state = state
            (after.decidedBy, after.decidedAt, after.note) = (by, now, note)
        }
        try audit("request \(after.id)", before: former, after: after)
    }
}

extension OpenedState {
    /// The one request that a text names: by its id, or by a transactionID that names no other one that waits.
    fileprivate func waitingRequest(_ text: String) async throws -> ApprovalRecord {
        let found: [ApprovalRecord]
        do {
            if let id = UUID(uuidString: text), let approval = try await approvals.approval(id) { return approval }
            found = try await approvals.approvals(transactionID: text, limit: 50)
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
                hint: "Name one by its id: \(found.map { Identifier($0.id).description }.joined(separator: ", "))."
            )
        }
        return first
    }
}

extension WaitingRequestDocument {
    /// A request, without who is for it.
    init(_ approval: ApprovalRecord) {
        let asked = RequestedContents(approval)
        self.init(
            id: Identifier(approval.id),
            state: State(approval.state),
            subject: approval.subject,
            names: asked.names,
            key: asked.key,
            publicKeySHA256: approval.publicKeyDigest.hexadecimal,
            profile: approval.key.profile,
            raProfile: approval.raProfile,
            transactionID: approval.key.transactionID,
            renewal: approval.renewedCertificate != nil,
            renewedSerialNumber: asked.renewedSerialNumber,
            refusedByIssuer: approval.isRefusedByIssuer,
            neededVotes: approval.neededVotes,
            remoteAddress: approval.remoteAddress,
            createdAt: approval.createdAt,
            expiresAt: approval.expiresAt
        )
        decidedAt = approval.decidedAt
        decidedBy = approval.decidedBy
        note = approval.note
    }
}

extension WaitingRequestDocument.Vote {
    fileprivate init(_ decision: ApprovalDecision) {
        self.init(by: decision.by, at: decision.at, note: decision.note)
    }
}

extension WaitingRequestDocument.State {
    fileprivate init(_ state: ApprovalState) {
        self =
            switch state {
            case .pending: .pending
            case .approved: .approved
            case .denied: .denied
            case .expired: .expired
            }
    }
}

extension DecisionDocument {
    /// What became of a decision.
    ///
    /// - Throws: `AppError` when it was not taken.
    fileprivate init(_ outcome: DecisionOutcome, of approval: ApprovalRecord) throws {
        func document(_ outcome: Outcome) -> DecisionDocument {
            DecisionDocument(id: Identifier(approval.id), subject: approval.subject, outcome: outcome)
        }
        switch outcome {
        case .issued(let certificate):
            self = document(.issued)
            subject = certificate.subject
            serialNumber = certificate.serialNumber.hexadecimal
        case .ordered: self = document(.ordered)
        case .counted(let votes, let needed):
            self = document(.counted)
            self.votes = votes
            neededVotes = needed
        case .denied: self = document(.denied)
        case .unknown: throw AppError(.missing, "The request has disappeared.")
        case .decided(let state):
            throw AppError(.conflict, "The request waits no more: it is \(state.rawValue).")
        case .refused(let reason, let detail):
            throw AppError(
                .conflict,
                "The decision can't be carried out: \(detail.isEmpty ? reason.rawValue : detail).",
                hint: reason.hint,
                reason: reason.rawValue
            )
        }
    }
}
