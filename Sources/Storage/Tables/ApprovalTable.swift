// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `ApprovalStore` in statements, and approving by a reservation.
///
/// Each method is to be called in a storage transaction or savepoint of its own.
struct ApprovalTable<Connection: SQLConnection> {
    let connection: Connection

    private var claims: ClaimTable<Connection> { ClaimTable(connection: connection) }

    private var transactions: TransactionTable<Connection> { TransactionTable(connection: connection) }

    /// Lets a request wait, with its claims used up.
    func wait(_ approval: ApprovalRecord, claims: [Claim]) throws(StoreError) -> WriteResult<PendingOutcome> {
        try connection.takeTurn(of: approval.key)
        if let obstacle = try enter(approval) { return .undo(obstacle) }
        for claim in claims {
            if let refusal = try take(claim, for: approval) { return .undo(refusal) }
        }
        return .keep(.pending(approval.waiting))
    }

    func newest(_ key: TransactionKey) throws(StoreError) -> ApprovalRecord? {
        try connection.first(
            ApprovalSQL.newest,
            [
                "profile": .text(key.profile), "transaction_id": .text(key.transactionID),
                "signer_digest": .blob(key.signerDigest),
            ],
            ApprovalRecord.init(from:)
        )
    }

    func approval(_ id: UUID) throws(StoreError) -> ApprovalRecord? {
        try connection.first(ApprovalSQL.byID, ["id": .uuid(id)], ApprovalRecord.init(from:))
    }

    func approvals(transactionID: String, limit: Int) throws(StoreError) -> [ApprovalRecord] {
        try connection.query(
            ApprovalSQL.byTransactionID,
            ["transaction_id": .text(transactionID), "limit": .integer(max(0, limit))],
            ApprovalRecord.init(from:)
        )
    }

    func approvals(_ state: ApprovalState, after id: UUID?, limit: Int) throws(StoreError) -> [ApprovalRecord] {
        try connection.query(
            ApprovalSQL.page,
            ["state": .text(state.rawValue), "after": .start(id), "limit": .integer(max(0, limit))],
            ApprovalRecord.init(from:)
        )
    }

    func deny(_ id: UUID, _ decision: ApprovalDecision) throws(StoreError) -> WriteResult<Bool> {
        let changed = try connection.execute(
            ApprovalSQL.deny,
            [
                "decided_at": .date(decision.at), "decided_by": .text(decision.by), "note": .optional(decision.note),
                "id": .uuid(id),
            ]
        )
        return changed == 1 ? .keep(true) : .undo(false)
    }

    /// Notes that somebody is for a request that waits.
    func vote(_ id: UUID, _ decision: ApprovalDecision) throws(StoreError) -> WriteResult<VoteOutcome> {
        guard let approval = try approval(id) else { return .undo(.notWaiting) }
        try connection.takeTurn(of: approval.key)
        try enter(decision, for: id)
        // Whoever was for it before is so still, unless it waits no more.
        guard let approval = try self.approval(id), approval.isWaiting(at: decision.at) else {
            return .undo(.notWaiting)
        }
        let votes = try votes(on: id)
        return .keep(.counted(votes.count, of: approval.neededVotes))
    }

    /// Who is for a request, the first one first.
    func votes(on id: UUID) throws(StoreError) -> [ApprovalDecision] {
        try connection.query(ApprovalSQL.votes, ["id": .uuid(id)]) { row throws(StoreError) in
            ApprovalDecision(
                by: try row.text(),
                at: try row.date(),
                note: try row.optional { row throws(StoreError) in try row.text() }
            )
        }
    }

    private func enter(_ decision: ApprovalDecision, for id: UUID) throws(StoreError) {
        _ = try connection.execute(
            ApprovalSQL.vote,
            [
                "voter": .text(decision.by), "voted_at": .date(decision.at), "note": .optional(decision.note),
                "id": .uuid(id),
            ]
        )
    }

    func expire(at moment: Date) throws(StoreError) -> WriteResult<Int> {
        let expired = try connection.query(ApprovalSQL.expire, ["moment": .date(moment)]) { row throws(StoreError) in
            try row.uuid()
        }
        for id in expired { try auditExpiry(of: id, at: moment) }
        return expired.isEmpty ? .undo(0) : .keep(expired.count)
    }

    private func auditExpiry(of id: UUID, at moment: Date) throws(StoreError) {
        let target = "request \(id.lowercaseText)"
        try connection.audit(PreparedAuditEvent(.server("request.expired", target, at: moment, actID: id)))
    }

    /// Approves a request that waits by the reservation of its transaction, with whoever decides last.
    ///
    /// - Returns: whether it waited, was the reserved one, and enough people are for it.
    func approve(
        _ id: UUID,
        _ decision: ApprovalDecision,
        for reservation: Reservation
    ) throws(StoreError) -> Bool {
        let key = reservation.key
        try enter(decision, for: id)
        return try connection.execute(
            ApprovalSQL.approve,
            [
                "decided_at": .date(decision.at), "decided_by": .text(decision.by), "note": .optional(decision.note),
                "issued_transaction": .uuid(reservation.id), "id": .uuid(id), "moment": .date(reservation.reservedAt),
                "profile": .text(key.profile), "transaction_id": .text(key.transactionID),
                "signer_digest": .blob(key.signerDigest), "request_digest": .blob(reservation.requestDigest),
            ]
        ) == 1
    }

    /// Denies the request that was approved by a transaction which was given up.
    func refuse(transactionID: UUID, at moment: Date) throws(StoreError) {
        _ = try connection.execute(
            ApprovalSQL.refuse,
            [
                "moment": .date(moment), "note": .text(ApprovalRecord.issuersRefusal),
                "transaction_id": .uuid(transactionID),
            ]
        )
    }

    /// Whether another request than the claimed one waits under a key.
    func isOtherWaiting(
        _ key: TransactionKey,
        than claimed: UUID?,
        at moment: Date
    ) throws(StoreError) -> Bool {
        try connection.first(
            ApprovalSQL.isOtherWaiting,
            [
                "profile": .text(key.profile), "transaction_id": .text(key.transactionID),
                "signer_digest": .blob(key.signerDigest), "moment": .date(moment), "claimed_approval": .start(claimed),
            ],
            { row throws(StoreError) in try row.int64() }
        ) != nil
    }

    /// Adds a request that waits.
    ///
    /// - Returns: nil when it is added, else what was there already.
    private func enter(_ approval: ApprovalRecord) throws(StoreError) -> PendingOutcome? {
        try Storage.enter(
            add: { () throws(StoreError) in try add(approval) },
            outlive: { () throws(StoreError) in try outlive(approval) },
            obstacle: { () throws(StoreError) in try obstacle(to: approval) },
            conflict: "The id of the request is taken."
        )
    }

    private func add(_ approval: ApprovalRecord) throws(StoreError) -> Bool {
        try connection.execute(
            ApprovalSQL.add,
            [
                "id": .uuid(approval.id),
                "profile": .text(approval.key.profile),
                "transaction_id": .text(approval.key.transactionID),
                "signer_digest": .blob(approval.key.signerDigest),
                "request_digest": .blob(approval.requestDigest),
                "key_digest": .blob(approval.publicKeyDigest),
                "request": .blob(approval.request),
                "subject": .text(approval.subject),
                "ra_profile": .text(approval.raProfile),
                "issuer_id": .uuid(approval.issuerID),
                "renewed_certificate": .optional(approval.renewedCertificate),
                "sealed_challenge": .optional(approval.sealedChallenge),
                "remote_address": .text(approval.remoteAddress),
                "created_at": .date(approval.createdAt),
                "expires_at": .date(approval.expiresAt),
                "attributes": .optional(try approval.attributes.stored()),
                "needed_votes": .integer(max(1, approval.neededVotes)),
            ]
        ) == 1
    }

    /// Ends the request that waits under the same key, if nobody decided in time.
    private func outlive(_ approval: ApprovalRecord) throws(StoreError) -> Bool {
        let key = approval.key
        let expired = try connection.query(
            ApprovalSQL.outlive,
            [
                "moment": .date(approval.createdAt), "profile": .text(key.profile),
                "transaction_id": .text(key.transactionID), "signer_digest": .blob(key.signerDigest),
            ]
        ) { row throws(StoreError) in try row.uuid() }
        for id in expired { try auditExpiry(of: id, at: approval.createdAt) }
        return !expired.isEmpty
    }

    /// Why a request could not be added; nil when nothing is seen in the way.
    private func obstacle(to approval: ApprovalRecord) throws(StoreError) -> PendingOutcome? {
        let key = approval.key
        switch try transactions.find(key, requestDigest: approval.requestDigest) {
        case .alreadyOpen(let open):
            return .alreadyOpen(open)
        case .alreadyIssued(let certificate)
        where certificate.notAfter.storedMilliseconds > approval.createdAt.storedMilliseconds:
            return .alreadyIssued(certificate)
        default:
            break
        }
        let waiting = try connection.first(
            ApprovalSQL.waiting,
            [
                "profile": .text(key.profile), "transaction_id": .text(key.transactionID),
                "signer_digest": .blob(key.signerDigest),
            ],
            ApprovalRecord.init(from:)
        )
        if let waiting {
            return waiting.requestDigest == approval.requestDigest ? .pending(waiting) : .otherRequestOpen
        }
        return try transactions.isOpen(key) ? .otherRequestOpen : nil
    }

    /// Uses a claim up.
    ///
    /// - Returns: nil when it is granted, else what becomes of the request.
    private func take(_ claim: Claim, for approval: ApprovalRecord) throws(StoreError) -> PendingOutcome? {
        let granted = try claims.take(
            claim,
            publicKeyDigest: approval.publicKeyDigest,
            for: .approval(approval.id),
            at: approval.createdAt
        )
        let earlier: UUID?
        switch granted {
        // What waits for a decision decides nothing.
        case nil: return .claimRefused(.decided)
        case .granted:
            return nil
        case .refused(let refusal):
            return .claimRefused(refusal)
        case .usedBySameKey(.transaction(let id)):
            earlier = id
        case .usedBySameKey(.approval(let id)):
            let user = try self.approval(id)
            if let user, user.isWaiting(at: approval.createdAt) { return .pending(user) }
            earlier = user?.issuedTransaction
        }
        switch try earlier.flatMap({ id throws(StoreError) in try transactions.answer(of: id) }) {
        case .alreadyIssued(let certificate): return .alreadyIssued(certificate)
        case .alreadyOpen(let open): return .alreadyOpen(open)
        default: return .claimRefused(.used)
        }
    }
}

extension ApprovalRecord {
    /// The request as it is added.
    fileprivate var waiting: ApprovalRecord {
        var copy = self
        copy.state = .pending
        copy.decidedAt = nil
        copy.decidedBy = nil
        copy.note = nil
        copy.issuedTransaction = nil
        return copy
    }

    fileprivate func isWaiting(at moment: Date) -> Bool {
        state == .pending && expiresAt.storedMilliseconds > moment.storedMilliseconds
    }

    /// Reads the columns that `ApprovalSQL` selects.
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(
            id: try row.uuid(),
            state: try row.value(),
            key: TransactionKey(
                profile: try row.text(),
                transactionID: try row.text(),
                signerDigest: try row.blob()
            ),
            requestDigest: try row.blob(),
            publicKeyDigest: try row.blob(),
            request: try row.blob(),
            subject: try row.text(),
            raProfile: try row.text(),
            issuerID: try row.uuid(),
            renewedCertificate: try row.optional { row throws(StoreError) in try row.blob() },
            sealedChallenge: try row.optional { row throws(StoreError) in try row.blob() },
            remoteAddress: try row.text(),
            createdAt: try row.date(),
            expiresAt: try row.date(),
            decidedAt: try row.optional { row throws(StoreError) in try row.date() },
            decidedBy: try row.optional { row throws(StoreError) in try row.text() },
            note: try row.optional { row throws(StoreError) in try row.text() },
            issuedTransaction: try row.optional { row throws(StoreError) in try row.uuid() }
        )
        let attributes = try row.optional { row throws(StoreError) in try row.text() }
        if let attributes { self.attributes = try ChallengeAttributes(stored: attributes) }
        self.neededVotes = try row.int()
    }
}
