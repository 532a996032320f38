// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `RegistrationStore` in statements, and using a registration up.
///
/// Each method is to be called in a storage transaction or savepoint of its own.
struct RegistrationTable<Connection: SQLConnection> {
    let connection: Connection

    /// Adds registrations, all or none.
    func add(_ registrations: [RegistrationRecord]) throws(StoreError) -> WriteResult<RegistrationRecord?> {
        for registration in registrations where try !add(registration) { return .undo(registration) }
        return .keep(nil)
    }

    private func add(_ registration: RegistrationRecord) throws(StoreError) -> Bool {
        try connection.execute(
            RegistrationSQL.add,
            [
                "id": .uuid(registration.id),
                "profile": .text(registration.profile),
                "name": .text(registration.name.text),
                "comparable_name": .text(registration.name.comparable),
                "lookup": .blob(registration.lookup),
                "generated": .boolean(registration.isGenerated),
                "ra_profile": .optional(registration.raProfile),
                "bound_subject": .optional(registration.boundTo?.subject),
                "bound_names": .optional(registration.boundTo?.names),
                "bound_key_type": .optional(registration.boundTo?.keyType),
                "attributes": .optional(try registration.attributes.stored()),
                "uses": .text(registration.uses.rawValue),
                "created_at": .date(registration.createdAt),
                "expires_at": .optional(registration.expiresAt),
                "revoked_at": .optional(registration.revokedAt),
                "failed_guesses": .integer(registration.failedGuesses),
                "locked_at": .optional(registration.lockedAt),
                "used_at": .optional(registration.usedAt),
                "used_by_key": .optional(registration.usedByKey),
                "maker": .optional(registration.maker),
            ]
        ) == 1
    }

    func registration(profile: String, name: RegisteredName) throws(StoreError) -> RegistrationRecord? {
        try connection.first(
            RegistrationSQL.byName,
            ["profile": .text(profile), "comparable_name": .text(name.comparable)],
            RegistrationRecord.init(from:)
        )
    }

    func registrations(
        profile: String?,
        after id: UUID?,
        limit: Int
    ) throws(StoreError) -> [RegistrationRecord] {
        let limit = SQLValue.integer(max(0, limit))
        guard let profile else {
            return try connection.query(
                RegistrationSQL.page,
                ["after": .start(id), "limit": limit],
                RegistrationRecord.init(from:)
            )
        }
        return try connection.query(
            RegistrationSQL.profilePage,
            ["profile": .text(profile), "after": .start(id), "limit": limit],
            RegistrationRecord.init(from:)
        )
    }

    /// Counts a wrong secret.
    func countGuess(
        _ id: UUID,
        guess: [UInt8],
        maximum: Int,
        at moment: Date
    ) throws(StoreError) -> WriteResult<GuessOutcome?> {
        let changed = try connection.execute(
            RegistrationSQL.countGuess,
            ["guess": .blob(guess), "maximum": .integer(maximum), "moment": .date(moment), "id": .uuid(id)]
        )
        let outcome = try connection.first(RegistrationSQL.guesses, ["id": .uuid(id)]) { row throws(StoreError) in
            GuessOutcome(
                failedGuesses: try row.int(),
                isLocked: try row.optional { row throws(StoreError) in try row.int64() } != nil
            )
        }
        // Nothing was written: there is nothing to make durable.
        return changed == 1 ? .keep(outcome) : .undo(outcome)
    }

    func unlock(_ id: UUID) throws(StoreError) -> WriteResult<Bool> {
        let changed = try connection.execute(RegistrationSQL.unlock, ["id": .uuid(id)])
        return changed == 1 ? .keep(true) : .undo(false)
    }

    func revoke(_ id: UUID, at moment: Date) throws(StoreError) -> WriteResult<Bool> {
        let changed = try connection.execute(RegistrationSQL.revoke, ["moment": .date(moment), "id": .uuid(id)])
        return changed == 1 ? .keep(true) : .undo(false)
    }

    /// Uses a registration, if it may be used: one that is good for once is used up.
    ///
    /// One that is good for more is looked at as well: it may have been locked, revoked or outlived since it was found.
    func claim(
        _ id: UUID,
        publicKeyDigest: [UInt8],
        for user: ClaimUser,
        at moment: Date
    ) throws(StoreError) -> ClaimGrant {
        let changed = try connection.execute(
            RegistrationSQL.claim,
            [
                "moment": .date(moment), "key_digest": .blob(publicKeyDigest),
                "transaction_id": .optional(user.transactionID), "approval_id": .optional(user.approvalID),
                "id": .uuid(id),
            ]
        )
        if changed == 1 { return .granted }
        let state = try connection.first(RegistrationSQL.state, ["id": .uuid(id)]) {
            row throws(StoreError) in
            (
                expiresAt: try row.optional { row throws(StoreError) in try row.int64() },
                isRevoked: try row.optional { row throws(StoreError) in try row.int64() } != nil,
                isLocked: try row.optional { row throws(StoreError) in try row.int64() } != nil,
                key: try row.optional { row throws(StoreError) in try row.blob() },
                transactionID: try row.optional { row throws(StoreError) in try row.uuid() },
                approvalID: try row.optional { row throws(StoreError) in try row.uuid() }
            )
        }
        guard let state else { return .refused(.unknown) }
        if state.isLocked { return .refused(.locked) }
        let isExpired = state.expiresAt.map { $0 <= moment.storedMilliseconds } ?? false
        guard let key = state.key else { return .refused(state.isRevoked ? .revoked : .expired) }
        let earlier =
            state.transactionID.map { ClaimUser.transaction($0) } ?? state.approvalID.map { ClaimUser.approval($0) }
        guard key == publicKeyDigest, let earlier else { return .refused(.used) }
        return isExpired ? .refused(.expired) : .usedBySameKey(earlier)
    }

    /// Makes the registrations that a transaction used up good again.
    func release(transactionID: UUID) throws(StoreError) {
        _ = try connection.execute(RegistrationSQL.release, ["transaction_id": .uuid(transactionID)])
    }
}

extension RegistrationRecord {
    /// Reads the columns that `RegistrationSQL` selects.
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        let (id, profile) = (try row.uuid(), try row.text())
        let name = RegisteredName(text: try row.text(), comparable: try row.text())
        let (lookup, isGenerated) = (try row.blob(), try row.boolean())
        let raProfile = try row.optional { row throws(StoreError) in try row.text() }
        let boundTo = BoundIdentity(
            subject: try row.optional { row throws(StoreError) in try row.blob() },
            names: try row.optional { row throws(StoreError) in try row.blob() },
            keyType: try row.optional { row throws(StoreError) in try row.text() }
        )
        let attributes = try row.optional { row throws(StoreError) in try row.text() }
        self.init(
            id: id,
            profile: profile,
            name: name,
            lookup: lookup,
            isGenerated: isGenerated,
            uses: try row.value(),
            createdAt: try row.date(),
            expiresAt: try row.optional { row throws(StoreError) in try row.date() }
        )
        self.raProfile = raProfile
        self.boundTo = boundTo
        if let attributes { self.attributes = try ChallengeAttributes(stored: attributes) }
        revokedAt = try row.optional { row throws(StoreError) in try row.date() }
        failedGuesses = try row.int()
        lockedAt = try row.optional { row throws(StoreError) in try row.date() }
        usedAt = try row.optional { row throws(StoreError) in try row.date() }
        usedByKey = try row.optional { row throws(StoreError) in try row.blob() }
        maker = try row.optional { row throws(StoreError) in try row.text() }
    }
}
