// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `TransactionStore` in storage transactions.
extension SQLStore {
    /// Reserves a transaction with its claims, and finishes it if `signing` returns a certificate.
    func reserve(
        _ reservation: Reservation,
        signing: @escaping @Sendable () throws -> CertificateRecord?
    ) async throws -> ReservationOutcome {
        // Outside the transaction, which everybody waits for.
        let steps = reservation.trace.map { TraceSteps.encode($0.steps) } ?? ""
        let audit = ReservationAudit(reservation, act: AuditAct.current)
        return try await database.write {
            try TransactionTable(connection: $0).reserve(reservation, steps: steps, audit, signing: signing)
        }
    }

    /// What the same request came to before.
    func find(_ key: TransactionKey, requestDigest: [UInt8]) async throws(StoreError) -> ReservationOutcome? {
        try await database.read { try TransactionTable(connection: $0).find(key, requestDigest: requestDigest) }
    }

    /// What the newest request under a key came to.
    func newest(_ key: TransactionKey) async throws(StoreError) -> ReservationOutcome? {
        try await database.read { try TransactionTable(connection: $0).newest(key) }
    }

    /// Stores the certificate of a reserved transaction.
    func finish(_ id: UUID, certificate: CertificateRecord) async throws(StoreError) -> FinishOutcome {
        let event = PreparedAuditEvent(.finished(certificate, id))
        return try await database.maintain { connection throws(StoreError) in
            let result = try TransactionTable(connection: connection).finish(id, certificate: certificate)
            if case .keep = result { try connection.audit(event) }
            return result
        }
    }

    /// Gives a reserved transaction up.
    func abandon(_ id: UUID, at moment: Date) async throws(StoreError) -> Bool {
        let event = PreparedAuditEvent(
            .server("enrollment.abandoned", "transaction \(id.lowercaseText)", at: moment, actID: id)
        )
        return try await database.maintain { connection throws(StoreError) in
            let result = try TransactionTable(connection: connection).abandon(id, at: moment)
            if case .keep = result { try connection.audit(event) }
            return result
        }
    }

    /// Takes over reserved transactions whose lease ran out.
    func takeOverExpired(
        before moment: Date,
        lease: Lease,
        limit: Int
    ) async throws(StoreError) -> [OpenTransaction] {
        try await database.maintain { connection throws(StoreError) in
            try TransactionTable(connection: connection).takeOverExpired(before: moment, lease: lease, limit: limit)
        }
    }
}

/// `IssuedCertificateStore` in storage transactions.
extension SQLStore {
    /// The certificate with a serial number.
    func certificate(issuerID: UUID, serialNumber: [UInt8]) async throws(StoreError) -> CertificateRecord? {
        try await database.read {
            try CertificateTable(connection: $0).certificate(issuerID: issuerID, serialNumber: serialNumber)
        }
    }

    /// The certificates with a serial number, of whatever issuer.
    func certificates(serialNumber: [UInt8]) async throws(StoreError) -> [CertificateRecord] {
        try await database.read { try CertificateTable(connection: $0).certificates(serialNumber: serialNumber) }
    }

    /// A page of certificates.
    func certificates(after id: UUID?, limit: Int) async throws(StoreError) -> [CertificateRecord] {
        try await database.readLong { try CertificateTable(connection: $0).certificates(after: id, limit: limit) }
    }

    /// A part of what is found.
    func certificates(
        matching query: CertificateQuery,
        after id: UUID?,
        limit: Int
    ) async throws(StoreError) -> Found<CertificateRecord> {
        try await database.readLong {
            try CertificateSearchTable(connection: $0).certificates(matching: query, after: id, limit: limit)
        }
    }

    /// Lets certificates be found that an older version wrote.
    func makeCertificatesFindable() async throws(StoreError) -> Bool {
        // Most often there are none, and no reason to write.
        if try await database.read({ try CertificateSearchTable(connection: $0).isComplete() }) { return false }
        return try await database.maintain { connection throws(StoreError) in
            let isFilled = try CertificateSearchTable(connection: connection).fill()
            return isFilled ? .keep(true) : .undo(false)
        }
    }

    /// How many certificates there are.
    func certificateCount() async throws(StoreError) -> Int {
        try await database.readLong { try CertificateTable(connection: $0).count() }
    }
}
