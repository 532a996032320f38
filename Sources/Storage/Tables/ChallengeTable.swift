// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `ChallengeStore` in statements, and using a challenge up.
struct ChallengeTable<Connection: SQLConnection> {
    let connection: Connection

    /// Adds challenges, all or none.
    func add(_ challenges: [ChallengeRecord], limit: OutstandingLimit?) throws(StoreError) -> WriteResult<Void> {
        if let limit, let profile = challenges.first?.profile {
            try connection.takeTurn(of: Array("challenges\0\(profile)".utf8))
            let outstanding = try connection.first(
                ChallengeSQL.outstanding,
                ["profile": .text(profile), "moment": .date(limit.now)]
            ) { row throws(StoreError) in try row.int() }
            guard (outstanding ?? 0) + challenges.count <= limit.maximum else {
                throw .conflict(
                    "The profile '\(profile)' has \(outstanding ?? 0) codes outstanding, and may have \(limit.maximum)."
                )
            }
        }
        for challenge in challenges {
            let added = try connection.execute(
                ChallengeSQL.add,
                [
                    "id": .uuid(challenge.id),
                    "profile": .text(challenge.profile),
                    "kind": .text(challenge.kind.rawValue),
                    "lookup": .blob(challenge.lookup),
                    "name": .optional(challenge.name),
                    "created_at": .date(challenge.createdAt),
                    "expires_at": .optional(challenge.expiresAt),
                    "revoked_at": .optional(challenge.revokedAt),
                    "used_at": .optional(challenge.usedAt),
                    "used_by_key": .optional(challenge.usedByKey),
                    "generated": .boolean(challenge.isGenerated),
                    "transaction_id": .optional(challenge.sealedCode?.transactionID),
                    "sealed_code": .optional(challenge.sealedCode?.code),
                    "bound_subject": .optional(challenge.boundTo?.subject),
                    "bound_names": .optional(challenge.boundTo?.names),
                    "bound_key_type": .optional(challenge.boundTo?.keyType),
                    "ra_profile": .optional(challenge.raProfile),
                    "device": .optional(challenge.device),
                    "maker": .optional(challenge.maker),
                ]
            )
            guard added == 1 else { throw .conflict("The challenge exists already.") }
        }
        return .keep(())
    }

    func challenge(profile: String, lookup: [UInt8]) throws(StoreError) -> ChallengeRecord? {
        try connection.first(
            ChallengeSQL.byLookup,
            ["profile": .text(profile), "lookup": .blob(lookup)],
            ChallengeRecord.init(from:)
        )
    }

    func sealed(profile: String, transactionID: String, limit: Int) throws(StoreError) -> [ChallengeRecord] {
        try connection.query(
            ChallengeSQL.sealed,
            [
                "profile": .text(profile), "transaction_id": .text(transactionID), "limit": .integer(max(0, limit)),
            ],
            ChallengeRecord.init(from:)
        )
    }

    func challenges(profile: String?, after id: UUID?, limit: Int) throws(StoreError) -> [ChallengeRecord] {
        let limit = SQLValue.integer(max(0, limit))
        guard let profile else {
            return try connection.query(
                ChallengeSQL.page,
                ["after": .start(id), "limit": limit],
                ChallengeRecord.init(from:)
            )
        }
        return try connection.query(
            ChallengeSQL.profilePage,
            ["profile": .text(profile), "after": .start(id), "limit": limit],
            ChallengeRecord.init(from:)
        )
    }

    func revoke(_ id: UUID, at moment: Date) throws(StoreError) -> WriteResult<Bool> {
        let changed = try connection.execute(ChallengeSQL.revoke, ["moment": .date(moment), "id": .uuid(id)])
        return changed == 1 ? .keep(true) : .undo(false)
    }

    /// Uses a one-time challenge up, if it may be used: of which profile it is was looked at when it was found.
    func claim(
        _ id: UUID,
        publicKeyDigest: [UInt8],
        for user: ClaimUser,
        at moment: Date
    ) throws(StoreError) -> ClaimGrant {
        let changed = try connection.execute(
            ChallengeSQL.claim,
            [
                "moment": .date(moment), "key_digest": .blob(publicKeyDigest),
                "transaction_id": .optional(user.transactionID), "approval_id": .optional(user.approvalID),
                "id": .uuid(id),
            ]
        )
        if changed == 1 { return .granted }
        let state = try connection.first(ChallengeSQL.state, ["id": .uuid(id)]) {
            row throws(StoreError) in
            (
                expiresAt: try row.optional { row throws(StoreError) in try row.int64() },
                isRevoked: try row.optional { row throws(StoreError) in try row.int64() } != nil,
                key: try row.optional { row throws(StoreError) in try row.blob() },
                transactionID: try row.optional { row throws(StoreError) in try row.uuid() },
                approvalID: try row.optional { row throws(StoreError) in try row.uuid() }
            )
        }
        guard let state else { return .refused(.unknown) }
        let isExpired = state.expiresAt.map { $0 <= moment.storedMilliseconds } ?? false
        guard let key = state.key else { return .refused(state.isRevoked ? .revoked : .expired) }
        let user =
            state.transactionID.map { ClaimUser.transaction($0) } ?? state.approvalID.map { ClaimUser.approval($0) }
        guard key == publicKeyDigest, let user else { return .refused(.used) }
        return isExpired ? .refused(.expired) : .usedBySameKey(user)
    }

    /// Makes the challenges that a transaction used up good again.
    func release(transactionID: UUID) throws(StoreError) {
        _ = try connection.execute(ChallengeSQL.release, ["transaction_id": .uuid(transactionID)])
    }
}

extension ChallengeRecord {
    /// Reads the columns that `ChallengeSQL` selects.
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        self.init(
            id: try row.uuid(),
            profile: try row.text(),
            kind: try row.value(),
            lookup: try row.blob(),
            name: try row.optional { row throws(StoreError) in try row.text() },
            createdAt: try row.date(),
            expiresAt: try row.optional { row throws(StoreError) in try row.date() },
            revokedAt: try row.optional { row throws(StoreError) in try row.date() },
            usedAt: try row.optional { row throws(StoreError) in try row.date() },
            usedByKey: try row.optional { row throws(StoreError) in try row.blob() },
            isGenerated: try row.boolean()
        )
        let transactionID = try row.optional { row throws(StoreError) in try row.text() }
        let code = try row.optional { row throws(StoreError) in try row.blob() }
        if let transactionID, let code { sealedCode = SealedCode(transactionID: transactionID, code: code) }
        boundTo = BoundIdentity(
            subject: try row.optional { row throws(StoreError) in try row.blob() },
            names: try row.optional { row throws(StoreError) in try row.blob() },
            keyType: try row.optional { row throws(StoreError) in try row.text() }
        )
        raProfile = try row.optional { row throws(StoreError) in try row.text() }
        device = try row.optional { row throws(StoreError) in try row.text() }
        maker = try row.optional { row throws(StoreError) in try row.text() }
    }
}
