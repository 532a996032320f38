// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.UUID

/// How claiming something that is good for once went.
enum ClaimGrant {
    case granted
    /// The same public key used it for this, and its lifetime is not over.
    case usedBySameKey(ClaimUser)
    case refused(ClaimRefusal)
}

/// What uses a claim up.
enum ClaimUser {
    case transaction(UUID)
    /// A request that waits for a decision.
    case approval(UUID)

    var transactionID: UUID? {
        if case .transaction(let id) = self { return id }
        return nil
    }

    var approvalID: UUID? {
        if case .approval(let id) = self { return id }
        return nil
    }
}
