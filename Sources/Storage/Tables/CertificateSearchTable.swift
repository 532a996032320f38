// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import PKIX

import struct Foundation.Date
import struct Foundation.UUID

/// Looking for certificates in statements, and what they are found by.
struct CertificateSearchTable<Connection: SQLConnection> {
    /// How many rows a part reads at most, which takes some hundredths of a second.
    private static var scanned: Int { 20_000 }
    /// Behind all ids.
    private static var end: String { "g" }

    let connection: Connection

    func certificates(
        matching query: CertificateQuery,
        after id: UUID?,
        limit: Int
    ) throws(StoreError) -> Found<CertificateRecord> {
        let limit = max(1, limit)
        let filters = Self.filters(query, limit)
        var part: Found<CertificateRecord>
        if let serialNumber = query.serialNumber {
            let own: [(String, SQLValue)] = [("serial_number", .blob(serialNumber)), ("after", .start(id))]
            part = try found(CertificateSearchSQL.serialNumberPage, own + filters, limit, nil)
        } else if let term = query.terms.first {
            part = try certificates(of: term, after: id, limit, filters)
        } else if query.expiresBefore != nil {
            part = try certificates(expiring: query, after: id, limit, filters)
        } else {
            part = try certificates(scanning: query, after: id, limit, filters)
        }
        // Terms share numbers, and what is found by its serial number may have to have a term as well.
        if !query.terms.isEmpty {
            part.records.removeAll { !Set(CertificateTerm.all(of: $0)).isSuperset(of: query.terms) }
        }
        return part
    }

    private func certificates(
        of term: CertificateTerm,
        after id: UUID?,
        _ limit: Int,
        _ filters: [(String, SQLValue)]
    ) throws(StoreError) -> Found<CertificateRecord> {
        let own: [(String, SQLValue)] = [("term", .int64(term.number)), ("after", .start(id))]
        let last = try connection.first(
            CertificateSearchSQL.termEnd,
            SQLValues(own + [("scanned", .integer(Self.scanned - 1))])
        ) { row throws(StoreError) in try row.uuid() }
        return try found(CertificateSearchSQL.termPage, own + [("last", Self.last(last))] + filters, limit, last)
    }

    private func certificates(
        scanning query: CertificateQuery,
        after id: UUID?,
        _ limit: Int,
        _ filters: [(String, SQLValue)]
    ) throws(StoreError) -> Found<CertificateRecord> {
        // Ids begin with the moment of issuance.
        let start = max(id?.lowercaseText ?? "", query.issuedSince.map { UUID.prefix(at: $0, margin: -1) } ?? "")
        let bound = query.issuedBefore.map { UUID.prefix(at: $0, margin: 1) + Self.end } ?? Self.end
        let last = try connection.first(
            CertificateSearchSQL.end,
            ["after": .text(start), "before": .text(bound), "scanned": .integer(Self.scanned - 1)]
        ) { row throws(StoreError) in try row.uuid() }
        let own: [(String, SQLValue)] = [
            ("after", .text(start)), ("last", last.map { .uuid($0) } ?? .text(bound)),
        ]
        return try found(CertificateSearchSQL.page, own + filters, limit, last)
    }

    private func certificates(
        expiring query: CertificateQuery,
        after id: UUID?,
        _ limit: Int,
        _ filters: [(String, SQLValue)]
    ) throws(StoreError) -> Found<CertificateRecord> {
        var start = query.expiresSince?.storedMilliseconds ?? .min
        if let id {
            let end = try connection.first(CertificateSearchSQL.expiry, ["id": .uuid(id)]) { row throws(StoreError) in
                try row.int64()
            }
            // Behind what is not there, there is nothing.
            guard let end else { return Found(records: [], next: nil) }
            start = max(start, end)
        }
        let place: [(String, SQLValue)] = [("after_end", .int64(start)), ("after", .start(id))]
        let bound = SQLValue.date(query.expiresBefore ?? .distantFuture)
        let last = try connection.first(
            CertificateSearchSQL.expiryEnd,
            SQLValues(place + [("expires_before", bound), ("scanned", .integer(Self.scanned - 1))])
        ) { row throws(StoreError) in (end: try row.int64(), id: try row.uuid()) }
        let ends: [(String, SQLValue)] = [("last_end", .int64(last?.end ?? .max)), ("last", Self.last(last?.id))]
        return try found(CertificateSearchSQL.expiryPage, place + ends + filters, limit, last?.id)
    }

    private static func last(_ id: UUID?) -> SQLValue { id.map { .uuid($0) } ?? .text(end) }

    private func found(
        _ statement: SQLStatement,
        _ values: [(String, SQLValue)],
        _ limit: Int,
        _ last: UUID?
    ) throws(StoreError) -> Found<CertificateRecord> {
        let records = try connection.query(statement, SQLValues(values), CertificateRecord.init(from:))
        return Found(records: records, next: records.count < limit ? last : records.last?.id)
    }

    private static func filters(_ query: CertificateQuery, _ limit: Int) -> [(String, SQLValue)] {
        func status(_ status: CertificateStatus) -> SQLValue { .boolean(query.statuses.contains(status)) }
        return [
            ("profile", .optional(query.profile)), ("issuer", .optional(query.issuer)),
            ("subject", .optional(query.subjectPart.map { String.pattern(ofPart: $0) })),
            ("issued_since", query.issuedSince.map { .date($0) } ?? .int64(.min)),
            ("issued_before", query.issuedBefore.map { .date($0) } ?? .int64(.max)),
            ("expires_since", query.expiresSince.map { .date($0) } ?? .int64(.min)),
            ("expires_before", query.expiresBefore.map { .date($0) } ?? .int64(.max)),
            ("moment", .date(query.now)), ("hold", .integer(Int(RevocationReason.certificateHold.rawValue))),
            ("valid", status(.valid)), ("expired", status(.expired)), ("on_hold", status(.onHold)),
            ("revoked", status(.revoked)), ("limit", .integer(limit)),
        ]
    }
}

/// What certificates are found by.
extension CertificateSearchTable {
    /// How many certificates are made findable in one transaction.
    private static var fillPageSize: Int { 500 }

    /// Lets a new certificate be found by its terms.
    func addTerms(of certificate: CertificateRecord) throws(StoreError) {
        for term in CertificateTerm.all(of: certificate) {
            _ = try connection.execute(
                CertificateSearchSQL.addTerm,
                ["term": .int64(term.number), "id": .uuid(certificate.id)]
            )
        }
    }

    /// Whether all certificates can be found.
    func isComplete() throws(StoreError) -> Bool {
        try connection.query(
            CertificateSearchSQL.unsearchable,
            ["limit": .integer(1)],
            CertificateRecord.init(from:)
        )
        .isEmpty
    }

    /// Lets some certificates be found that an older version wrote.
    ///
    /// - Returns: whether there were any.
    func fill() throws(StoreError) -> Bool {
        let certificates = try connection.query(
            CertificateSearchSQL.unsearchable,
            ["limit": .integer(Self.fillPageSize)],
            CertificateRecord.init(from:)
        )
        for certificate in certificates {
            try addTerms(of: certificate)
            _ = try connection.execute(
                CertificateSearchSQL.makeSearchable,
                [
                    "subject": .text(CertificateTerm.comparable(certificate.subject)), "id": .uuid(certificate.id),
                ]
            )
        }
        return !certificates.isEmpty
    }
}

extension UUID {
    /// What the ids of a moment begin with (RFC 9562 §5.7), some seconds aside.
    static func prefix(at moment: Date, margin: Double) -> String {
        let milliseconds = min(max(0, moment.storedMilliseconds + Int64(margin * 1000)), 0xFFFF_FFFF_FFFF)
        let digits = String(milliseconds, radix: 16)
        let padded = String(repeating: "0", count: 12 - digits.count) + digits
        return padded.prefix(8) + "-" + padded.suffix(4)
    }
}

extension String {
    /// What LIKE finds a part of a subject by, with `~` before what stands for itself.
    fileprivate static func pattern(ofPart part: String) -> String {
        let text = CertificateTerm.comparable(part)
        return "%" + text.replacing("~", with: "~~").replacing("%", with: "~%").replacing("_", with: "~_") + "%"
    }
}
