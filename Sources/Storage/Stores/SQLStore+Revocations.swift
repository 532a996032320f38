// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `RevocationStore` in storage transactions.
extension SQLStore {
    /// Revokes a certificate and counts that in its shard.
    func revoke(
        issuerID: UUID,
        serialNumber: [UInt8],
        _ revocation: Revocation
    ) async throws(StoreError) -> RevocationOutcome {
        try await database.change(auditing: .revoked(issuerID, serialNumber, revocation)) {
            connection throws(StoreError) in
            try RevocationTables(connection: connection)
                .revoke(issuerID: issuerID, serialNumber: serialNumber, revocation)
        }
    }

    /// Makes a certificate that is on hold good again, and counts that in its shard.
    func release(issuerID: UUID, serialNumber: [UInt8]) async throws(StoreError) -> RevocationOutcome {
        let target = "certificate \(serialNumber.hexadecimal)"
        return try await database.change(auditing: .server("certificate.released", target, at: Date())) {
            connection throws(StoreError) in
            try RevocationTables(connection: connection).release(issuerID: issuerID, serialNumber: serialNumber)
        }
    }

    /// Revokes certificates that were replaced and whose days of grace are over.
    func revokeReplaced(at moment: Date, limit: Int) async throws(StoreError) -> Int {
        // Most often there is nothing to write, and who looks should not wait for those who do.
        let isDue = try await database.read { try UniqueCertificateTable(connection: $0).isDue(at: moment) }
        guard isDue else { return 0 }
        return try await database.maintain { connection throws(StoreError) in
            try UniqueCertificateTable(connection: connection).revokeDue(at: moment, limit: limit)
        }
    }

    /// How many revocations and releases a shard has seen.
    func revocationRevision(issuerID: UUID, shard: Int) async throws(StoreError) -> Int {
        try await database.read { try RevocationTables(connection: $0).revision(issuerID: issuerID, shard: shard) }
    }

    /// A page of a shard's revoked certificates.
    func revokedCertificates(
        issuerID: UUID,
        shard: Int,
        validAt moment: Date,
        after serialNumber: [UInt8]?,
        limit: Int
    ) async throws(StoreError) -> [(serialNumber: [UInt8], revocation: Revocation)] {
        try await database.readLong {
            try RevocationTables(connection: $0).revokedCertificates(
                issuerID: issuerID,
                shard: shard,
                validAt: moment,
                after: serialNumber,
                limit: limit
            )
        }
    }

    /// The newest CRL of a shard.
    func certificateList(issuerID: UUID, shard: Int) async throws(StoreError) -> CertificateListRecord? {
        try await database.readLong {
            try RevocationTables(connection: $0).certificateList(issuerID: issuerID, shard: shard)
        }
    }

    /// Keeps a new CRL, if the one before it has the number below.
    func put(_ list: CertificateListRecord) async throws(StoreError) -> Bool {
        try await database.maintain { connection throws(StoreError) in
            try RevocationTables(connection: connection).put(list)
        }
    }
}
