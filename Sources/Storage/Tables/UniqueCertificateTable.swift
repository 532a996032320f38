// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import PKIX

import struct Foundation.Date
import struct Foundation.UUID

/// The certificates of RA profiles that refuse or replace duplicates.
///
/// Each method is to be called in the storage transaction or savepoint of a reservation, or in one of its own.
struct UniqueCertificateTable<Connection: SQLConnection> {
    let connection: Connection

    /// What a certificate stands for.
    private struct Entry {
        var raProfile: String
        var subjectDigest: [UInt8]
        var renews: [UInt8]?
        /// After how many milliseconds what it replaces is revoked; nil when it replaces nothing.
        var replacesAfter: Int64?
    }

    private static var hold: SQLValue { .integer(Int(RevocationReason.certificateHold.rawValue)) }

    /// Enters a reserved transaction, unless it is a duplicate that is refused.
    ///
    /// - Returns: nil when it is entered.
    func enter(_ reservation: Reservation, _ check: DuplicateCheck) throws(StoreError) -> ReservationOutcome? {
        let subject = check.subjectDigest ?? []
        let renewed = SQLValue.blob(check.renewedSerialNumber ?? [])
        // Always the subject before the key, so that two never wait for each other.
        if !subject.isEmpty, check.policy.subject != .allow {
            try takeTurn(ofSubject: subject, in: reservation.raProfile)
        }
        if check.policy.key == .refuse {
            try connection.takeTurn(of: Array("key\0\(reservation.raProfile)\0".utf8) + check.keyDigest)
        }
        if !subject.isEmpty, check.policy.subject == .refuse {
            let other = try connection.first(
                UniqueCertificateSQL.sameSubject,
                [
                    "ra_profile": .text(reservation.raProfile), "subject_digest": .blob(subject), "renewed": renewed,
                    "moment": .date(reservation.reservedAt), "hold": Self.hold,
                ]
            ) { row throws(StoreError) in try row.blob() }
            if let other { return .duplicate(.subject, serialNumber: other) }
        }
        if check.policy.key == .refuse {
            let other = try connection.first(
                UniqueCertificateSQL.sameKey,
                [
                    "ra_profile": .text(reservation.raProfile), "key_digest": .blob(check.keyDigest),
                    "renewed": renewed, "subject_digest": .blob(subject), "moment": .date(reservation.reservedAt),
                ]
            ) { row throws(StoreError) in try row.blob() }
            if let other { return .duplicate(.key, serialNumber: other) }
        }
        let isReplacing = !subject.isEmpty && check.policy.subject == .replace
        _ = try connection.execute(
            UniqueCertificateSQL.add,
            [
                "id": .uuid(reservation.id), "ra_profile": .text(reservation.raProfile),
                "subject_digest": .blob(subject), "key_digest": .blob(check.keyDigest),
                "serial_number": .blob(reservation.order.serialNumber),
                "renews": .optional(check.renewedSerialNumber),
                "replaces_after": isReplacing
                    ? .int64(Int64(max(0, check.policy.graceDays)) * 86_400_000) : .null(.int64),
            ]
        )
        return nil
    }

    /// Does what follows from the certificate of a transaction being there.
    func settle(_ id: UUID, at moment: Date) throws(StoreError) {
        let entry = try connection.first(UniqueCertificateSQL.entry, ["id": .uuid(id)]) { row throws(StoreError) in
            Entry(
                raProfile: try row.text(),
                subjectDigest: try row.blob(),
                renews: try row.optional { row throws(StoreError) in try row.blob() },
                replacesAfter: try row.optional { row throws(StoreError) in try row.int64() }
            )
        }
        guard let entry else { return }
        // Of two that replace each other and are finished at once, the second has to see the first.
        if entry.replacesAfter != nil { try takeTurn(ofSubject: entry.subjectDigest, in: entry.raProfile) }
        let (raProfile, subject) = (SQLValue.text(entry.raProfile), SQLValue.blob(entry.subjectDigest))
        if let renews = entry.renews {
            _ = try connection.execute(
                UniqueCertificateSQL.renew,
                ["ra_profile": raProfile, "subject_digest": subject, "renewed": .blob(renews)]
            )
        }
        guard let after = entry.replacesAfter else { return }
        let marked = try connection.execute(
            UniqueCertificateSQL.replace,
            [
                "revoke_at": .int64(moment.storedMilliseconds + after), "ra_profile": raProfile,
                "subject_digest": subject, "id": .uuid(id), "renewed": .blob(entry.renews ?? []),
                "moment": .date(moment), "hold": Self.hold,
            ]
        )
        guard marked > 0, after == 0 else { return }
        let due = try connection.query(
            UniqueCertificateSQL.dueOfSubject,
            ["ra_profile": raProfile, "subject_digest": subject, "moment": .date(moment)],
            DueRevocation.init(from:)
        )
        for certificate in due { try revoke(certificate, at: moment) }
    }

    private func takeTurn(ofSubject digest: [UInt8], in raProfile: String) throws(StoreError) {
        try connection.takeTurn(of: Array("subject\0\(raProfile)\0".utf8) + digest)
    }

    /// Whether anything is to be revoked.
    func isDue(at moment: Date) throws(StoreError) -> Bool {
        try connection.first(
            UniqueCertificateSQL.due,
            ["moment": .date(moment), "limit": .integer(1)],
            DueRevocation.init(from:)
        ) != nil
    }

    /// Revokes what was replaced and whose days of grace are over.
    ///
    /// - Returns: how many were looked at.
    func revokeDue(at moment: Date, limit: Int) throws(StoreError) -> WriteResult<Int> {
        let due = try connection.query(
            UniqueCertificateSQL.due,
            ["moment": .date(moment), "limit": .integer(max(0, limit))],
            DueRevocation.init(from:)
        )
        for certificate in due { try revoke(certificate, at: moment) }
        return due.isEmpty ? .undo(0) : .keep(due.count)
    }

    private func revoke(_ due: DueRevocation, at moment: Date) throws(StoreError) {
        let taken = try connection.execute(
            UniqueCertificateSQL.takeOn,
            ["id": .uuid(due.transactionID), "moment": .date(moment)]
        )
        guard taken == 1 else { return }
        // CRLs name moments in whole seconds.
        let since = Date(timeIntervalSince1970: moment.timeIntervalSince1970.rounded(.down))
        // What an operator has revoked meanwhile stays as it is.
        let revocation = Revocation(at: since, reason: .superseded)
        let result = try RevocationTables(connection: connection).revoke(
            issuerID: due.issuerID,
            serialNumber: due.serialNumber,
            revocation
        )
        guard case .keep = result else { return }
        try connection.audit(PreparedAuditEvent(.revoked(due.issuerID, due.serialNumber, revocation)))
    }
}

/// A certificate that is to be revoked because another one took its place.
private struct DueRevocation {
    var transactionID: UUID
    var issuerID: UUID
    var serialNumber: [UInt8]

    init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        transactionID = try row.uuid()
        issuerID = try row.uuid()
        serialNumber = try row.blob()
    }
}
