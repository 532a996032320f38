// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// A one-time challenge that somebody else made: this server keeps nothing of it but that it was used.
public struct ExternalChallenge: Sendable, Hashable {
    /// The SCEP profile that it was brought to, as what is used at one of its URLs is used at all of them.
    ///
    /// Empty for a challenge that is used at all SCEP profiles once it is used at one.
    public var profile: String
    /// Who made it: ids of different makers have nothing to do with each other.
    public var source: String
    /// The id that they gave it, once.
    public var id: String
    /// Until when it is good, and that it was used is remembered.
    public var expires: Date

    /// Puts it together.
    public init(profile: String, source: String, id: String, expires: Date) {
        self.profile = profile
        self.source = source
        self.id = id
        self.expires = expires
    }
}

/// Knows which challenges of others were used, and by which key.
///
/// Using one up is the reservation's matter (`TransactionStore`). Every method is atomic and durable when it returns; reads see
/// everything that was durable before they began.
public protocol UsedChallengeStore: Sendable {
    /// SHA-256 of the SubjectPublicKeyInfo that a challenge was used for; nil when it was not.
    func user(of challenge: ExternalChallenge) async throws(StoreError) -> [UInt8]?

    /// Forgets the challenges that nobody can use any more, because their time is over.
    ///
    /// - Parameters:
    ///   - moment: what ended before it is forgotten.
    ///   - limit: how many at most.
    /// - Returns: how many were forgotten.
    /// - Throws: `StoreError`.
    func forgetUsedChallenges(before moment: Date, limit: Int) async throws(StoreError) -> Int
}
