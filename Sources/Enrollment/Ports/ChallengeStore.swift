// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date
public import struct Foundation.UUID

/// What kind of challenge a challenge is.
public enum ChallengeKind: String, Sendable, Hashable, CaseIterable {
    /// Good for one certificate.
    case oneTime = "one-time"
    /// Good for any number of certificates until it ends.
    case `static`
}

/// A code that is kept so that a request encrypted under it can be opened (RFC 8894 §3.1): found by the transactionID, since the request
/// can't be read before.
public struct SealedCode: Sendable, Hashable {
    /// The transactionID of the request.
    public var transactionID: String
    /// The code, encrypted under the master key with the challenge's id as context.
    public var code: [UInt8]

    /// Puts both together.
    public init(transactionID: String, code: [UInt8]) {
        self.transactionID = transactionID
        self.code = code
    }
}

/// A challenge as it is kept: its code is known only by a keyed digest, except where a request may be encrypted under it.
public struct ChallengeRecord: Sendable, Hashable {
    /// The row's id (UUIDv7).
    public var id: UUID
    /// The SCEP profile it is good for.
    public var profile: String
    /// One-time or static.
    public var kind: ChallengeKind
    /// HMAC-SHA-256 of the code under the master key (design §6.3).
    public var lookup: [UInt8]
    /// A name for people; for static challenges only.
    public var name: String?
    /// When it was made.
    public var createdAt: Date
    /// When it ends; nil for a static one without an end.
    public var expiresAt: Date?
    /// When an operator took it back.
    public var revokedAt: Date?
    /// When it was used, for one-time challenges.
    public var usedAt: Date?
    /// SHA-256 of the public key that used it.
    public var usedByKey: [UInt8]?
    /// Whether this server made the code, which then has 128 random bits or more.
    public var isGenerated: Bool
    /// The code itself, for requests that are encrypted under it; nil for all others.
    public var sealedCode: SealedCode?
    /// What a request has to ask for, for one-time challenges; nil when that is free.
    public var boundTo: BoundIdentity?
    /// The only RA profile that it is good for, for one-time challenges; nil for all.
    public var raProfile: String?
    /// The device that it was made for, for one-time challenges: for templates and traces, it binds nothing.
    public var device: String?
    /// Who made it (`AuditAct.actor`); nil when that is not known.
    public var maker: String?

    /// Puts a record together.
    public init(
        id: UUID,
        profile: String,
        kind: ChallengeKind,
        lookup: [UInt8],
        name: String?,
        createdAt: Date,
        expiresAt: Date?,
        revokedAt: Date? = nil,
        usedAt: Date? = nil,
        usedByKey: [UInt8]? = nil,
        isGenerated: Bool = false,
        sealedCode: SealedCode? = nil,
        boundTo: BoundIdentity? = nil,
        raProfile: String? = nil,
        device: String? = nil,
        maker: String? = nil
    ) {
        self.id = id
        self.profile = profile
        self.kind = kind
        self.lookup = lookup
        self.name = name
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.usedAt = usedAt
        self.usedByKey = usedByKey
        self.isGenerated = isGenerated
        self.sealedCode = sealedCode
        self.boundTo = boundTo
        self.raProfile = raProfile
        self.device = device
        self.maker = maker
    }
}

/// How many one-time challenges of a profile may be good at the same time.
public struct OutstandingLimit: Sendable, Hashable {
    /// The most of them.
    public var maximum: Int
    /// The moment at which they are counted.
    public var now: Date

    /// Puts a limit together.
    public init(maximum: Int, now: Date) {
        self.maximum = maximum
        self.now = now
    }
}

/// Keeps challenges.
///
/// Using a one-time challenge up is the reservation's matter (`TransactionStore`).
///
/// Every method is atomic and durable when it returns; reads see everything that was durable before they began.
public protocol ChallengeStore: Sendable {
    /// Adds challenges, all or none.
    ///
    /// - Parameters:
    ///   - challenges: what to add; all for one profile if there is a limit.
    ///   - limit: how many one-time challenges of the profile may be good at the same time, with these; nil for any number. Two who
    ///     add at once don't get beyond it.
    /// - Throws: `conflict` when a lookup exists already for its profile, or there would be too many.
    func add(_ challenges: [ChallengeRecord], limit: OutstandingLimit?) async throws(StoreError)

    /// The challenge of a profile with a lookup, whatever its state.
    func challenge(profile: String, lookup: [UInt8]) async throws(StoreError) -> ChallengeRecord?

    /// The challenges of a profile whose codes are kept for requests with a transactionID, newest first, whatever their state.
    func sealedChallenges(
        profile: String,
        transactionID: String,
        limit: Int
    ) async throws(StoreError) -> [ChallengeRecord]

    /// Challenges in the order of their ids.
    func challenges(profile: String?, after id: UUID?, limit: Int) async throws(StoreError) -> [ChallengeRecord]

    /// Takes a challenge back. What it was used for stays.
    ///
    /// - Returns: whether there was one that had not been taken back.
    func revokeChallenge(_ id: UUID, at moment: Date) async throws(StoreError) -> Bool
}

extension ChallengeStore {
    /// Adds any number of challenges, all or none.
    public func add(_ challenges: [ChallengeRecord]) async throws(StoreError) {
        try await add(challenges, limit: nil)
    }
}
