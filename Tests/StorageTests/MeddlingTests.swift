// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import Testing

@testable import Storage

/// What was in the way of a request ends between the statement that met it and the one that looks for it, as it can when another
/// node commits: each statement of PostgreSQL's sees what is committed by then.
@Suite struct MeddlingTests {
    @Test func anOpenTransactionThatIsGivenUpMeanwhileIsInNobodysWay() async throws {
        let store = try SQLiteFixture().open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        let earlier = Records.reservation()
        guard case .reserved = try await store.reserve(earlier, signing: { nil }) else {
            Issue.record("it was not reserved")
            return
        }
        var again = Records.reservation()
        (again.key, again.requestDigest) = (earlier.key, earlier.requestDigest)
        let outcome = try await store.database.write { [again] connection in
            let meddled = MeddledConnection(base: connection, before: TransactionSQL.same) {
                _ = try TransactionTable(connection: connection).abandon(earlier.id, at: earlier.reservedAt)
            }
            return try TransactionTable(connection: meddled)
                .reserve(again, steps: "", ReservationAudit(again, act: nil)) { Records.certificate(for: again) }
        }
        guard case .issued(let certificate) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(certificate.transactionID == again.id)
        try await store.close()
    }

    @Test func aRequestThatIsDeniedMeanwhileIsInNobodysWay() async throws {
        let store = try SQLiteFixture().open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        let earlier = Self.approval()
        _ = try await store.wait(earlier, claims: [])
        var again = Self.approval()
        again.key = earlier.key
        let outcome = try await store.database.write { [again] connection in
            let meddled = MeddledConnection(base: connection, before: ApprovalSQL.waiting) {
                let decision = ApprovalDecision(by: "ada", at: earlier.createdAt, note: nil)
                _ = try ApprovalTable(connection: connection).deny(earlier.id, decision)
            }
            return try ApprovalTable(connection: meddled).wait(again, claims: [])
        }
        guard case .pending(let waiting) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(waiting.id == again.id)
        try await store.close()
    }

    private static func approval() -> ApprovalRecord {
        let reservation = Records.reservation()
        return ApprovalRecord(
            id: reservation.id,
            key: reservation.key,
            requestDigest: reservation.requestDigest,
            publicKeyDigest: reservation.publicKeyDigest,
            request: reservation.request,
            subject: "CN=device",
            raProfile: reservation.raProfile,
            issuerID: reservation.order.issuerID,
            renewedCertificate: nil,
            sealedChallenge: nil,
            remoteAddress: "192.0.2.1",
            createdAt: reservation.reservedAt,
            expiresAt: reservation.reservedAt.addingTimeInterval(60)
        )
    }
}

/// A connection on which something happens before a statement is run for the first time.
private final class MeddledConnection<Base: SQLConnection>: SQLConnection {
    private let base: Base
    private let statement: SQLStatement
    private let meddle: () throws -> Void
    private var isDone = false

    init(base: Base, before statement: SQLStatement, _ meddle: @escaping () throws -> Void) {
        self.base = base
        self.statement = statement
        self.meddle = meddle
    }

    func execute(_ statement: SQLStatement, _ values: SQLValues) throws(StoreError) -> Int {
        try base.execute(statement, values)
    }

    func query<Value>(
        _ statement: SQLStatement,
        _ values: SQLValues,
        _ read: (inout ColumnReader<Base.Row>) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        if statement === self.statement, !isDone {
            isDone = true
            do { try meddle() } catch { throw .unavailable("\(error)") }
        }
        return try base.query(statement, values, read)
    }

    var trail: AuditTrail? { base.trail }

    func takeTurn(of bytes: [UInt8]) throws(StoreError) { try base.takeTurn(of: bytes) }

    func takeTurn(of key: TransactionKey) throws(StoreError) { try base.takeTurn(of: key) }

    func announceChange() throws(StoreError) { try base.announceChange() }
}
