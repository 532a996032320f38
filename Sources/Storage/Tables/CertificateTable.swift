// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.UUID

/// `IssuedCertificateStore` in statements, and adding a certificate.
struct CertificateTable<Connection: SQLConnection> {
    let connection: Connection

    /// Adds a certificate.
    ///
    /// - Returns: whether its id, serial number and transaction were free.
    /// - Throws: `conflict` when it is revoked: that has to be counted.
    func add(_ certificate: CertificateRecord) throws(StoreError) -> Bool {
        guard certificate.revocation == nil else { throw .conflict("A new certificate is not revoked.") }
        let added = try connection.execute(
            CertificateSQL.add,
            [
                "id": .uuid(certificate.id),
                "transaction_id": .optional(certificate.transactionID),
                "issuer_id": .uuid(certificate.issuerID),
                "serial_number": .blob(certificate.serialNumber),
                "der": .blob(certificate.der),
                "subject": .text(certificate.subject),
                "key_digest": .blob(certificate.publicKeyDigest),
                "profile": .text(certificate.profile),
                "not_before": .date(certificate.notBefore),
                "not_after": .date(certificate.notAfter),
                "issued_at": .date(certificate.issuedAt),
                "crl_shard": .integer(certificate.crlShard),
                "comparable_subject": .text(CertificateTerm.comparable(certificate.subject)),
            ]
        )
        guard added == 1 else { return false }
        try CertificateSearchTable(connection: connection).addTerms(of: certificate)
        return true
    }

    func certificate(transactionID: UUID) throws(StoreError) -> CertificateRecord? {
        try connection.first(
            CertificateSQL.byTransaction,
            ["transaction_id": .uuid(transactionID)],
            CertificateRecord.init(from:)
        )
    }

    func certificate(issuerID: UUID, serialNumber: [UInt8]) throws(StoreError) -> CertificateRecord? {
        try connection.first(
            CertificateSQL.bySerialNumber,
            ["issuer_id": .uuid(issuerID), "serial_number": .blob(serialNumber)],
            CertificateRecord.init(from:)
        )
    }

    func certificates(serialNumber: [UInt8]) throws(StoreError) -> [CertificateRecord] {
        try connection.query(
            CertificateSQL.ofAnyIssuer,
            ["serial_number": .blob(serialNumber)],
            CertificateRecord.init(from:)
        )
    }

    func certificates(after id: UUID?, limit: Int) throws(StoreError) -> [CertificateRecord] {
        try connection.query(
            CertificateSQL.page,
            ["after": .start(id), "limit": .integer(max(0, limit))],
            CertificateRecord.init(from:)
        )
    }

    func count() throws(StoreError) -> Int {
        try connection.first(CertificateSQL.count, [:]) { row throws(StoreError) in try row.int() } ?? 0
    }
}

extension SQLValue {
    /// The id after which a page begins: every id comes after the empty text.
    static func start(_ id: UUID?) -> SQLValue { id.map { .uuid($0) } ?? .text("") }
}

extension CertificateRecord {
    /// Reads the columns that `CertificateSQL` selects.
    init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(
            id: try row.uuid(),
            transactionID: try row.optional { row throws(StoreError) in try row.uuid() },
            issuerID: try row.uuid(),
            serialNumber: try row.blob(),
            der: try row.blob(),
            subject: try row.text(),
            publicKeyDigest: try row.blob(),
            profile: try row.text(),
            notBefore: try row.date(),
            notAfter: try row.date(),
            issuedAt: try row.date(),
            crlShard: try row.int(),
            revocation: try row.optionalRevocation()
        )
    }
}
