// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import Testing

@testable import Storage

/// Records for the tests of the SQLite driver, which is not concerned with what they say.
enum Records {
    /// The same in every process, so that children find the issuer that their parent stored.
    static let issuer = IssuerRecord(
        id: UUID(uuid: (1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16)),
        name: "issuer",
        keyGeneration: 1,
        certificate: [1],
        chain: [],
        publicURL: "",
        wrappedKey: [2],
        createdAt: Date(timeIntervalSince1970: 1_800_000_000)
    )

    static func id() -> UUID {
        var generator = SystemRandomNumberGenerator()
        return UUID.version7(at: Date(), using: &generator)
    }

    static func reservation(_ transactionID: String = UUID().uuidString, issuerID: UUID = issuer.id) -> Reservation {
        let digest = bytes(32)
        return Reservation(
            id: id(),
            key: TransactionKey(profile: "default", transactionID: transactionID, signerDigest: digest),
            requestDigest: bytes(32),
            publicKeyDigest: digest,
            request: bytes(500),
            raProfile: "default",
            claims: [],
            order: IssuanceOrder(issuerID: issuerID, serialNumber: bytes(16), toBeSigned: bytes(500)),
            reservedAt: issuer.createdAt,
            lease: Lease(owner: id(), until: issuer.createdAt),
            trace: nil
        )
    }

    static func certificate(for reservation: Reservation) -> CertificateRecord {
        CertificateRecord(
            id: id(),
            transactionID: reservation.id,
            issuerID: reservation.order.issuerID,
            serialNumber: reservation.order.serialNumber,
            der: bytes(800),
            subject: "CN=device",
            publicKeyDigest: reservation.publicKeyDigest,
            profile: "default",
            notBefore: issuer.createdAt,
            notAfter: issuer.createdAt,
            issuedAt: issuer.createdAt,
            crlShard: 0
        )
    }

    static func challenge() -> ChallengeRecord {
        ChallengeRecord(
            id: id(),
            profile: "default",
            kind: .oneTime,
            lookup: bytes(32),
            name: nil,
            createdAt: issuer.createdAt,
            expiresAt: nil
        )
    }

    static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 1...127) } }
}

extension SQLiteStore {
    /// Issues a certificate to a new transaction.
    @discardableResult
    func issue(_ reservation: Reservation = Records.reservation()) async throws -> ReservationOutcome {
        try await reserve(reservation) { Records.certificate(for: reservation) }
    }
}

/// What a test expects of a failure.
enum Failure {
    case unavailable
    case corrupted
    case exactly(StoreError)

    func covers(_ error: StoreError) -> Bool {
        switch (self, error) {
        case (.unavailable, .unavailable), (.corrupted, .corrupted): true
        case (.exactly(let wanted), _): wanted == error
        default: false
        }
    }
}

/// Expects a store's failure.
func expect(
    _ failure: Failure,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as StoreError {
        #expect(failure.covers(error), "\(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}
