// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// What uses claims up and makes them good again, whatever kind of challenge they are for.
///
/// Of which profile a challenge is was looked at when it was found; a profile has more than one URL.
struct ClaimTable<Connection: SQLConnection> {
    let connection: Connection

    private var challenges: ChallengeTable<Connection> { ChallengeTable(connection: connection) }

    private var usedChallenges: UsedChallengeTable<Connection> { UsedChallengeTable(connection: connection) }

    private var registrations: RegistrationTable<Connection> { RegistrationTable(connection: connection) }

    /// Uses a claim up.
    ///
    /// - Returns: how that went; nil for somebody's decision, which is no challenge.
    func take(
        _ claim: Claim,
        publicKeyDigest digest: [UInt8],
        for user: ClaimUser,
        at moment: Date
    ) throws(StoreError) -> ClaimGrant? {
        switch claim {
        case .approval: nil
        case .oneTimeChallenge(let id):
            try challenges.claim(id, publicKeyDigest: digest, for: user, at: moment)
        case .external(let challenge):
            try usedChallenges.claim(challenge, publicKeyDigest: digest, for: user, at: moment)
        case .registration(let id):
            try registrations.claim(id, publicKeyDigest: digest, for: user, at: moment)
        }
    }

    /// Makes what a transaction used up good again.
    func release(transactionID: UUID) throws(StoreError) {
        try challenges.release(transactionID: transactionID)
        try usedChallenges.release(transactionID: transactionID)
        try registrations.release(transactionID: transactionID)
    }
}
