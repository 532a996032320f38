// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `TransactionStore` in statements.
///
/// Each method is to be called in a storage transaction or savepoint of its own.
struct TransactionTable<Connection: SQLConnection> {
    let connection: Connection

    private var certificates: CertificateTable<Connection> { CertificateTable(connection: connection) }

    private var claims: ClaimTable<Connection> { ClaimTable(connection: connection) }

    private var approvals: ApprovalTable<Connection> { ApprovalTable(connection: connection) }

    private var uniqueCertificates: UniqueCertificateTable<Connection> {
        UniqueCertificateTable(connection: connection)
    }

    private var traces: TraceTable<Connection> { TraceTable(connection: connection) }

    /// Reserves a transaction; `steps` are the trace's, already encoded, and `audit` is what the audit log is told.
    func reserve(
        _ reservation: Reservation,
        steps: String,
        _ audit: ReservationAudit,
        signing: () throws -> CertificateRecord?
    ) throws -> WriteResult<ReservationOutcome> {
        try connection.takeTurn(of: reservation.key)
        if let obstacle = try enter(reservation) { return .undo(obstacle) }
        for claim in reservation.claims {
            if let refusal = try take(claim, for: reservation) { return .undo(refusal) }
        }
        if let check = reservation.duplicates, let duplicate = try uniqueCertificates.enter(reservation, check) {
            return .undo(duplicate)
        }
        guard let certificate = try signing() else {
            try hold(reservation)
            try connection.audit(audit.ordered)
            if let act = audit.act { try connection.audit(act) }
            return .keep(.reserved)
        }
        guard certificate.answers(reservation.id, reservation.order) else { throw StoreError.otherCertificate }
        guard try certificates.add(certificate) else { return .undo(.serialNumberTaken) }
        if reservation.duplicates != nil {
            try uniqueCertificates.settle(reservation.id, at: reservation.reservedAt)
        }
        if let trace = reservation.trace {
            try traces.add(trace, steps: steps, hold: reservation.heldTrace == nil ? .record : .transaction)
        }
        // Last: the fewer statements between it and the commit, the better for those who wait for their turn.
        try connection.audit(audit.issued)
        if let act = audit.act { try connection.audit(act) }
        return .keep(.issued(certificate))
    }

    /// What the same request came to before.
    func find(_ key: TransactionKey, requestDigest: [UInt8]) throws(StoreError) -> ReservationOutcome? {
        let same = try connection.first(
            TransactionSQL.same,
            [
                "profile": .text(key.profile), "transaction_id": .text(key.transactionID),
                "signer_digest": .blob(key.signerDigest), "request_digest": .blob(requestDigest),
            ],
            StoredTransaction.init(from:)
        )
        return try same.flatMap { transaction throws(StoreError) in try answer(of: transaction) }
    }

    /// What the newest request under a key came to.
    func newest(_ key: TransactionKey) throws(StoreError) -> ReservationOutcome? {
        let newest = try connection.first(
            TransactionSQL.newest,
            [
                "profile": .text(key.profile), "transaction_id": .text(key.transactionID),
                "signer_digest": .blob(key.signerDigest),
            ],
            StoredTransaction.init(from:)
        )
        return try newest.flatMap { transaction throws(StoreError) in try answer(of: transaction) }
    }

    /// What a transaction answers whoever asks for the same certificate; nil when it binds nothing.
    func answer(of id: UUID) throws(StoreError) -> ReservationOutcome? {
        try transaction(id).flatMap { transaction throws(StoreError) in try answer(of: transaction) }
    }

    /// Whether a request is open under a key.
    func isOpen(_ key: TransactionKey) throws(StoreError) -> Bool {
        try connection.first(
            TransactionSQL.open,
            [
                "profile": .text(key.profile), "transaction_id": .text(key.transactionID),
                "signer_digest": .blob(key.signerDigest),
            ],
            { row throws(StoreError) in try row.int64() }
        ) != nil
    }

    /// Stores the certificate of a reserved transaction.
    func finish(_ id: UUID, certificate: CertificateRecord) throws(StoreError) -> WriteResult<FinishOutcome> {
        guard certificate.transactionID == id else { throw .otherCertificate }
        let changed = try connection.execute(
            TransactionSQL.finish,
            [
                "ended_at": .date(certificate.issuedAt), "id": .uuid(id), "issuer_id": .uuid(certificate.issuerID),
                "serial_number": .blob(certificate.serialNumber),
            ]
        )
        if changed == 1 {
            guard try certificates.add(certificate) else { throw .conflict("The certificate is stored already.") }
            try uniqueCertificates.settle(id, at: certificate.issuedAt)
            return .keep(.issued(certificate))
        }
        if let earlier = try certificates.certificate(transactionID: id) { return .undo(.alreadyIssued(earlier)) }
        guard case .open = try transaction(id) else { return .undo(.notOpen) }
        throw .otherCertificate
    }

    /// Gives a reserved transaction up and frees its claims.
    func abandon(_ id: UUID, at moment: Date) throws(StoreError) -> WriteResult<Bool> {
        let changed = try connection.execute(TransactionSQL.abandon, ["ended_at": .date(moment), "id": .uuid(id)])
        guard changed == 1 else { return .undo(false) }
        try claims.release(transactionID: id)
        try approvals.refuse(transactionID: id, at: moment)
        return .keep(true)
    }

    /// Gives expired leases to somebody else.
    func takeOverExpired(
        before moment: Date,
        lease: Lease,
        limit: Int
    ) throws(StoreError) -> WriteResult<[OpenTransaction]> {
        let taken = try connection.query(
            TransactionSQL.takeOver,
            [
                "lease_owner": .uuid(lease.owner), "lease_until": .date(lease.until), "moment": .date(moment),
                "limit": .integer(max(0, limit)),
            ]
        ) { row throws(StoreError) in
            guard case .open(let transaction) = try StoredTransaction(from: &row) else {
                throw .corrupted("A reserved transaction is not open.")
            }
            return (transaction: transaction, reservedAt: try row.int64())
        }
        // RETURNING promises no order.
        let sorted = taken.sorted { ($0.reservedAt, $0.transaction.id) < ($1.reservedAt, $1.transaction.id) }
        return .keep(sorted.map(\.transaction))
    }

    /// Adds a transaction.
    ///
    /// - Returns: nil when it is added, else what was there already.
    private func enter(_ reservation: Reservation) throws(StoreError) -> ReservationOutcome? {
        try Storage.enter(
            add: { () throws(StoreError) in try add(reservation) },
            outlive: { () throws(StoreError) in try outlive(reservation) },
            obstacle: { () throws(StoreError) in try obstacle(to: reservation) },
            conflict: "The transaction's id is taken."
        )
    }

    private func add(_ reservation: Reservation) throws(StoreError) -> Bool {
        try connection.execute(
            TransactionSQL.add,
            [
                "id": .uuid(reservation.id),
                "profile": .text(reservation.key.profile),
                "transaction_id": .text(reservation.key.transactionID),
                "signer_digest": .blob(reservation.key.signerDigest),
                "request_digest": .blob(reservation.requestDigest),
                "key_digest": .blob(reservation.publicKeyDigest),
                "request": .blob(reservation.request),
                "ra_profile": .text(reservation.raProfile),
                "issuer_id": .uuid(reservation.order.issuerID),
                "serial_number": .blob(reservation.order.serialNumber),
                "trace_id": .optional(reservation.heldTrace?.id),
                "reserved_at": .date(reservation.reservedAt),
                "claimed_approval": .start(reservation.claimedApproval),
            ]
        ) == 1
    }

    /// Lets go of what the same request was issued before, if that has expired.
    private func outlive(_ reservation: Reservation) throws(StoreError) -> Bool {
        try connection.execute(
            TransactionSQL.outlive,
            [
                "profile": .text(reservation.key.profile), "transaction_id": .text(reservation.key.transactionID),
                "signer_digest": .blob(reservation.key.signerDigest),
                "request_digest": .blob(reservation.requestDigest), "moment": .date(reservation.reservedAt),
            ]
        ) == 1
    }

    private func hold(_ reservation: Reservation) throws(StoreError) {
        _ = try connection.execute(
            TransactionSQL.hold,
            [
                "to_be_signed": .blob(reservation.order.toBeSigned), "lease_owner": .uuid(reservation.lease.owner),
                "lease_until": .date(reservation.lease.until), "id": .uuid(reservation.id),
            ]
        )
    }

    /// Why a transaction could not be added; nil when nothing is seen in the way.
    private func obstacle(to reservation: Reservation) throws(StoreError) -> ReservationOutcome? {
        let key = reservation.key
        if let outcome = try find(key, requestDigest: reservation.requestDigest) { return outcome }
        if try isOpen(key) { return .otherRequestOpen }
        let isOtherWaiting = try approvals.isOtherWaiting(
            key,
            than: reservation.claimedApproval,
            at: reservation.reservedAt
        )
        if isOtherWaiting { return .otherRequestOpen }
        let taken = try connection.first(
            TransactionSQL.serialNumber,
            ["issuer_id": .uuid(reservation.order.issuerID), "serial_number": .blob(reservation.order.serialNumber)],
            { row throws(StoreError) in try row.int64() }
        )
        return taken == nil ? nil : .serialNumberTaken
    }

    /// Uses a claim up.
    ///
    /// - Returns: nil when it is granted, else what the reservation comes to.
    private func take(_ claim: Claim, for reservation: Reservation) throws(StoreError) -> ReservationOutcome? {
        if case .approval(let id, let decision) = claim {
            return try approvals.approve(id, decision, for: reservation) ? nil : .claimRefused(.decided)
        }
        let granted = try claims.take(
            claim,
            publicKeyDigest: reservation.publicKeyDigest,
            for: .transaction(reservation.id),
            at: reservation.reservedAt
        )
        switch granted {
        // Nothing that has to be used up is granted by being none.
        case nil:
            return .claimRefused(.decided)
        case .granted:
            return nil
        case .refused(let refusal):
            return .claimRefused(refusal)
        case .usedBySameKey(.transaction(let transactionID)):
            return try answer(of: transactionID) ?? .claimRefused(.used)
        case .usedBySameKey(.approval(let approvalID)):
            // While it waits it binds the key it waits under, not this one.
            let issued = try approvals.approval(approvalID)?.issuedTransaction
            return try issued.flatMap { id throws(StoreError) in try answer(of: id) } ?? .claimRefused(.used)
        }
    }

    private func transaction(_ id: UUID) throws(StoreError) -> StoredTransaction? {
        try connection.first(TransactionSQL.byID, ["id": .uuid(id)], StoredTransaction.init(from:))
    }

    /// What a transaction that is there already answers a reservation with; nil when it binds nothing.
    private func answer(of transaction: StoredTransaction) throws(StoreError) -> ReservationOutcome? {
        switch transaction {
        case .abandoned:
            return nil
        case .open(let open):
            return .alreadyOpen(open)
        case .issued(let id):
            guard let certificate = try certificates.certificate(transactionID: id) else {
                throw .corrupted("An issued transaction has no certificate.")
            }
            return .alreadyIssued(certificate)
        }
    }
}

extension StoreError {
    /// A caller's mistake: what it hands over is not what the transaction is about.
    static let otherCertificate = StoreError.conflict("The certificate is not the one that the transaction ordered.")
}

extension Reservation {
    /// The trace, if it is found by the same transactionID.
    fileprivate var heldTrace: TraceRecord? { trace?.transactionID == key.transactionID ? trace : nil }

    /// The request that waits and is approved by this; there is at most one under the reservation's key.
    fileprivate var claimedApproval: UUID? {
        for case .approval(let id, _) in claims { return id }
        return nil
    }
}

extension CertificateRecord {
    /// Whether this is what a transaction ordered.
    fileprivate func answers(_ id: UUID, _ order: IssuanceOrder) -> Bool {
        transactionID == id && issuerID == order.issuerID && serialNumber == order.serialNumber
    }
}
