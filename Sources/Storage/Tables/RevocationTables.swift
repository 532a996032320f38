// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import PKIX

import struct Foundation.Date
import struct Foundation.UUID

/// `RevocationStore` in statements.
///
/// Each method is to be called in a storage transaction or savepoint of its own.
struct RevocationTables<Connection: SQLConnection> {
    let connection: Connection

    private var certificates: CertificateTable<Connection> { CertificateTable(connection: connection) }

    private static var hold: SQLValue { .integer(Int(RevocationReason.certificateHold.rawValue)) }

    /// Revokes a certificate and counts that in its shard.
    func revoke(
        issuerID: UUID,
        serialNumber: [UInt8],
        _ revocation: Revocation
    ) throws(StoreError) -> WriteResult<RevocationOutcome> {
        let shard = try connection.first(
            RevocationSQL.revoke,
            [
                "moment": .date(revocation.at), "reason": .integer(Int(revocation.reason.rawValue)),
                "issuer_id": .uuid(issuerID), "serial_number": .blob(serialNumber), "hold": Self.hold,
            ]
        ) { row throws(StoreError) in try row.int() }
        if let shard { return try counted(issuerID, shard) }
        let certificate = try certificates.certificate(issuerID: issuerID, serialNumber: serialNumber)
        guard let certificate else { return .undo(.unknown) }
        guard let earlier = certificate.revocation else { throw .changedMeanwhile }
        return .undo(.alreadyRevoked(earlier))
    }

    /// Makes a certificate that is on hold good again, and counts that in its shard.
    func release(issuerID: UUID, serialNumber: [UInt8]) throws(StoreError) -> WriteResult<RevocationOutcome> {
        let shard = try connection.first(
            RevocationSQL.release,
            ["issuer_id": .uuid(issuerID), "serial_number": .blob(serialNumber), "hold": Self.hold]
        ) { row throws(StoreError) in try row.int() }
        if let shard { return try counted(issuerID, shard) }
        let certificate = try certificates.certificate(issuerID: issuerID, serialNumber: serialNumber)
        return .undo(certificate == nil ? .unknown : .notOnHold)
    }

    func revision(issuerID: UUID, shard: Int) throws(StoreError) -> Int {
        try connection.first(
            RevocationSQL.revision,
            ["issuer_id": .uuid(issuerID), "shard": .integer(shard)]
        ) { row throws(StoreError) in try row.int() } ?? 0
    }

    func revokedCertificates(
        issuerID: UUID,
        shard: Int,
        validAt moment: Date,
        after serialNumber: [UInt8]?,
        limit: Int
    ) throws(StoreError) -> [(serialNumber: [UInt8], revocation: Revocation)] {
        try connection.query(
            RevocationSQL.page,
            [
                "issuer_id": .uuid(issuerID), "shard": .integer(shard),
                // Every serial number comes after no bytes at all.
                "after": .blob(serialNumber ?? []), "moment": .date(moment), "limit": .integer(max(0, limit)),
            ]
        ) { row throws(StoreError) in
            let serialNumber = try row.blob()
            guard let revocation = try row.optionalRevocation() else {
                throw .corrupted("A revoked certificate is not revoked.")
            }
            return (serialNumber: serialNumber, revocation: revocation)
        }
    }

    func certificateList(issuerID: UUID, shard: Int) throws(StoreError) -> CertificateListRecord? {
        try connection.first(
            RevocationSQL.certificateList,
            ["issuer_id": .uuid(issuerID), "shard": .integer(shard)],
            CertificateListRecord.init(from:)
        )
    }

    func put(_ list: CertificateListRecord) throws(StoreError) -> WriteResult<Bool> {
        guard let number = Int64(exactly: list.number) else { throw .conflict("The CRL's number is too large.") }
        let changed = try connection.execute(
            RevocationSQL.put,
            [
                "issuer_id": .uuid(list.issuerID), "shard": .integer(list.shard), "number": .int64(number),
                "this_update": .date(list.thisUpdate), "next_update": .date(list.nextUpdate), "der": .blob(list.der),
                "revision": .integer(list.revision),
            ]
        )
        return changed == 1 ? .keep(true) : .undo(false)
    }

    private func counted(_ issuerID: UUID, _ shard: Int) throws(StoreError) -> WriteResult<RevocationOutcome> {
        _ = try connection.execute(RevocationSQL.count, ["issuer_id": .uuid(issuerID), "shard": .integer(shard)])
        return .keep(.done)
    }
}

extension StoreError {
    fileprivate static let changedMeanwhile = StoreError.conflict("The certificate was changed meanwhile.")
}

extension ColumnReader {
    /// The two columns that say whether a certificate is revoked.
    mutating func optionalRevocation() throws(StoreError) -> Revocation? {
        let revokedAt = try optional { row throws(StoreError) in try row.date() }
        let number = try optional { row throws(StoreError) in try row.int64() }
        guard let revokedAt, let number else { return nil }
        guard let reason = UInt8(exactly: number).flatMap(RevocationReason.init(rawValue:)) else {
            throw .corrupted("A certificate is revoked for an unknown reason.")
        }
        return Revocation(at: revokedAt, reason: reason)
    }
}

extension CertificateListRecord {
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        let issuerID = try row.uuid()
        let shard = try row.int()
        guard let number = UInt64(exactly: try row.int64()) else { throw .corrupted("A CRL's number is negative.") }
        self.init(
            issuerID: issuerID,
            shard: shard,
            number: number,
            thisUpdate: try row.date(),
            nextUpdate: try row.date(),
            der: try row.blob(),
            revision: try row.int()
        )
    }
}
