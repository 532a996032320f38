// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment

public import struct Foundation.Date
public import struct Foundation.UUID

extension SQLiteStore: TransactionStore {
    /// Reserves a transaction with its claims, and finishes it if `signing` returns a certificate.
    public func reserve(
        _ reservation: Reservation,
        signing: @escaping @Sendable () throws -> CertificateRecord?
    ) async throws -> ReservationOutcome {
        // Outside the transaction, which everybody waits for.
        let steps = reservation.trace.map { TraceSteps.encode($0.steps) } ?? ""
        return try await database.write {
            try TransactionTable(connection: $0).reserve(reservation, steps: steps, signing: signing)
        }
    }

    /// What the same request came to before.
    public func find(_ key: TransactionKey, requestDigest: [UInt8]) async throws(StoreError) -> ReservationOutcome? {
        try database.read { try TransactionTable(connection: $0).find(key, requestDigest: requestDigest) }
    }

    /// What the newest request under a key came to.
    public func newest(_ key: TransactionKey) async throws(StoreError) -> ReservationOutcome? {
        try database.read { try TransactionTable(connection: $0).newest(key) }
    }

    /// Stores the certificate of a reserved transaction.
    public func finish(_ id: UUID, certificate: CertificateRecord) async throws(StoreError) -> FinishOutcome {
        try await database.change { connection throws(StoreError) in
            try TransactionTable(connection: connection).finish(id, certificate: certificate)
        }
    }

    /// Gives a reserved transaction up.
    public func abandon(_ id: UUID, at moment: Date) async throws(StoreError) -> Bool {
        try await database.change { connection throws(StoreError) in
            try TransactionTable(connection: connection).abandon(id, at: moment)
        }
    }

    /// Takes over reserved transactions whose lease ran out.
    public func takeOverExpired(
        before moment: Date,
        lease: Lease,
        limit: Int
    ) async throws(StoreError) -> [OpenTransaction] {
        try await database.change { connection throws(StoreError) in
            try TransactionTable(connection: connection).takeOverExpired(before: moment, lease: lease, limit: limit)
        }
    }
}

extension SQLiteStore: IssuedCertificateStore {
    /// The certificate with a serial number.
    public func certificate(issuerID: UUID, serialNumber: [UInt8]) async throws(StoreError) -> CertificateRecord? {
        try database.read {
            try CertificateTable(connection: $0).certificate(issuerID: issuerID, serialNumber: serialNumber)
        }
    }

    /// The certificates with a serial number, of whatever issuer.
    public func certificates(serialNumber: [UInt8]) async throws(StoreError) -> [CertificateRecord] {
        try database.read { try CertificateTable(connection: $0).certificates(serialNumber: serialNumber) }
    }

    /// A page of certificates.
    public func certificates(after id: UUID?, limit: Int) async throws(StoreError) -> [CertificateRecord] {
        try await database.readLong { try CertificateTable(connection: $0).certificates(after: id, limit: limit) }
    }

    /// How many certificates there are.
    public func certificateCount() async throws(StoreError) -> Int {
        try await database.readLong { try CertificateTable(connection: $0).count() }
    }
}
