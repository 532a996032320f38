// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Crypto
import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `UsedChallengeStore` in statements, and using a challenge of somebody else's up.
struct UsedChallengeTable<Connection: SQLConnection> {
    let connection: Connection

    /// Uses a challenge up, if nobody did.
    func claim(
        _ challenge: ExternalChallenge,
        publicKeyDigest: [UInt8],
        for user: ClaimUser,
        at moment: Date
    ) throws(StoreError) -> ClaimGrant {
        guard challenge.expires.storedMilliseconds > moment.storedMilliseconds else { return .refused(.expired) }
        let id = challenge.rowID
        let added = try connection.execute(
            UsedChallengeSQL.claim,
            [
                "id": .text(id), "profile": .text(challenge.profile), "source": .text(challenge.source),
                "key_digest": .blob(publicKeyDigest), "moment": .date(moment), "expires_at": .date(challenge.expires),
                "transaction_id": .optional(user.transactionID), "approval_id": .optional(user.approvalID),
            ]
        )
        if added == 1 { return .granted }
        // Gone again already if what used it was given up at this moment: then the device has to come once more.
        guard let earlier = try earlier(id), earlier.keyDigest == publicKeyDigest else { return .refused(.used) }
        return .usedBySameKey(earlier.user)
    }

    func user(of challenge: ExternalChallenge) throws(StoreError) -> [UInt8]? {
        try earlier(challenge.rowID)?.keyDigest
    }

    /// Makes the challenges that a transaction used up good again.
    func release(transactionID: UUID) throws(StoreError) {
        _ = try connection.execute(UsedChallengeSQL.release, ["transaction_id": .uuid(transactionID)])
    }

    func forget(before moment: Date, limit: Int) throws(StoreError) -> WriteResult<Int> {
        .keep(
            try connection.execute(
                UsedChallengeSQL.forget,
                ["moment": .date(moment), "limit": .integer(max(0, limit))]
            )
        )
    }

    private func earlier(
        _ id: String
    ) throws(StoreError) -> (keyDigest: [UInt8], user: ClaimUser)? {
        try connection.first(UsedChallengeSQL.user, ["id": .text(id)]) { row throws(StoreError) in
            let digest = try row.blob()
            let transaction = try row.optional { row throws(StoreError) in try row.uuid() }
            let approval = try row.optional { row throws(StoreError) in try row.uuid() }
            if let transaction { return (digest, .transaction(transaction)) }
            guard let approval else { throw .corrupted("A used challenge names no user.") }
            return (digest, .approval(approval))
        }
    }
}

extension ExternalChallenge {
    /// What makes a use the same: profile, maker and id, each with its length, so that no two of them run together.
    fileprivate var rowID: String {
        var digest = SHA256()
        for part in [profile, source, id] {
            digest.update(data: Array("\(part.utf8.count):\(part)".utf8))
        }
        return digest.finalize().hexadecimal
    }
}
