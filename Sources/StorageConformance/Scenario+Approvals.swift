// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

extension Scenario {
    /// A request that may wait and collides with no other; the checks change what they need.
    func approval(
        transactionID: String = "transaction",
        at moment: Date = now,
        lasts seconds: Double = 3600
    ) -> ApprovalRecord {
        ApprovalRecord(
            id: Self.id(moment),
            key: TransactionKey(profile: "default", transactionID: transactionID, signerDigest: Self.bytes()),
            requestDigest: Self.bytes(),
            publicKeyDigest: Self.bytes(),
            request: Self.bytes(400),
            subject: "CN=device \u{1F4F1},O=Ünïcode",
            raProfile: "devices",
            issuerID: issuer.id,
            remoteAddress: "192.0.2.7",
            createdAt: moment,
            expiresAt: moment.addingTimeInterval(seconds)
        )
    }

    /// The same request once more, as a client sends it that got no answer.
    func repeated(_ approval: ApprovalRecord, at moment: Date = now) -> ApprovalRecord {
        var copy = approval
        copy.id = Self.id(moment)
        copy.createdAt = moment
        copy.expiresAt = moment.addingTimeInterval(3600)
        return copy
    }

    /// Another request under the same key.
    func other(_ approval: ApprovalRecord, at moment: Date = now) -> ApprovalRecord {
        var copy = repeated(approval, at: moment)
        copy.requestDigest = Self.bytes()
        copy.publicKeyDigest = Self.bytes()
        return copy
    }

    /// The request that was reserved before, as one that may wait.
    func approval(of reservation: Reservation, at moment: Date = now) -> ApprovalRecord {
        var copy = approval(at: moment)
        copy.key = reservation.key
        copy.requestDigest = reservation.requestDigest
        copy.publicKeyDigest = reservation.publicKeyDigest
        return copy
    }

    /// Lets a request wait.
    func waiting(_ approval: ApprovalRecord, claims: [Claim] = []) async throws -> ApprovalRecord {
        let outcome = try await store.wait(approval, claims: claims)
        try expect(outcome, "pending")
        return try unwrap(outcome.approval)
    }

    /// The same request as it is reserved without a decision.
    func reservation(for approval: ApprovalRecord, claims: [Claim] = [], at moment: Date = now) -> Reservation {
        var reservation = reservation(claims: claims, at: moment)
        reservation.key = approval.key
        reservation.requestDigest = approval.requestDigest
        reservation.publicKeyDigest = approval.publicKeyDigest
        return reservation
    }

    /// What an approval reserves.
    func reservation(
        approving approval: ApprovalRecord,
        _ decision: ApprovalDecision = decision(),
        at moment: Date = moment(10)
    ) -> Reservation {
        reservation(for: approval, claims: [.approval(approval.id, decision)], at: moment)
    }

    static func decision(_ name: String = "operator", at moment: Date = moment(10)) -> ApprovalDecision {
        ApprovalDecision(by: name, at: moment, note: "known to \(name)")
    }

    /// The stored state of a request that waits or waited.
    func stored(_ approval: ApprovalRecord) async throws -> ApprovalRecord {
        try unwrap(try await store.approval(approval.id))
    }
}
