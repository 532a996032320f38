// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date

/// `UsedChallengeStore` in storage transactions.
extension SQLStore {
    /// The key that a challenge was used for.
    func user(of challenge: ExternalChallenge) async throws(StoreError) -> [UInt8]? {
        try await database.read { try UsedChallengeTable(connection: $0).user(of: challenge) }
    }

    /// Forgets the challenges whose time is over.
    func forgetUsedChallenges(before moment: Date, limit: Int) async throws(StoreError) -> Int {
        try await database.maintain { connection throws(StoreError) in
            try UsedChallengeTable(connection: connection).forget(before: moment, limit: limit)
        }
    }
}
