// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date
public import struct Foundation.UUID

/// How often a registration entitles to a certificate.
public enum RegistrationUses: String, Sendable, Hashable, Codable, CaseIterable {
    /// For one certificate.
    case once
    /// For any number until it ends.
    case many
}

/// A device that was registered beforehand, with its own identity and secret.
public struct RegistrationRecord: Sendable, Hashable {
    /// The row's id (UUIDv7).
    public var id: UUID
    /// The SCEP profile it is registered for.
    public var profile: String
    /// What the device names in its requests.
    public var name: RegisteredName
    /// HMAC-SHA-256 of the secret under the master key (design §6.3).
    public var lookup: [UInt8]
    /// Whether this server made the secret, which then has 128 random bits or more.
    public var isGenerated: Bool
    /// The only RA profile that it is good for; nil for all.
    public var raProfile: String?
    /// What a request has to ask for beside its name; nil when that is free.
    public var boundTo: BoundIdentity?
    /// What is known of the device, for certificate templates.
    public var attributes = ChallengeAttributes()
    /// How often it is good.
    public var uses: RegistrationUses
    /// When it was made.
    public var createdAt: Date
    /// When it ends; nil for never.
    public var expiresAt: Date?
    /// When an operator took it back.
    public var revokedAt: Date?
    /// How many wrong secrets were tried since the last right one.
    public var failedGuesses = 0
    /// When there were too many of them.
    public var lockedAt: Date?
    /// When it was used, where it is good for once.
    public var usedAt: Date?
    /// SHA-256 of the public key that used it.
    public var usedByKey: [UInt8]?
    /// Who made it (`AuditAct.actor`); nil when that is not known.
    public var maker: String?

    /// Puts a record together.
    public init(
        id: UUID,
        profile: String,
        name: RegisteredName,
        lookup: [UInt8],
        isGenerated: Bool,
        uses: RegistrationUses,
        createdAt: Date,
        expiresAt: Date?
    ) {
        self.id = id
        self.profile = profile
        self.name = name
        self.lookup = lookup
        self.isGenerated = isGenerated
        self.uses = uses
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// What became of a wrong secret.
public struct GuessOutcome: Sendable, Hashable {
    /// How many wrong ones there were since the last right one.
    public var failedGuesses: Int
    /// Whether the registration is locked now.
    public var isLocked: Bool

    /// Puts an outcome together.
    public init(failedGuesses: Int, isLocked: Bool) {
        self.failedGuesses = failedGuesses
        self.isLocked = isLocked
    }
}

/// Keeps registered devices.
///
/// Using a registration is the reservation's matter (`TransactionStore`): that uses one up that is good for once, and forgets the
/// wrong secrets.
///
/// Every method is atomic and durable when it returns; reads see everything that was durable before they began.
public protocol RegistrationStore: Sendable {
    /// Adds registrations, all or none.
    ///
    /// - Returns: nil when all were added; else the first one whose name its profile knows already, and none was added.
    func register(_ registrations: [RegistrationRecord]) async throws(StoreError) -> RegistrationRecord?

    /// The registration of a profile with a name, whatever its state.
    func registration(profile: String, name: RegisteredName) async throws(StoreError) -> RegistrationRecord?

    /// Registrations in the order of their ids.
    func registrations(profile: String?, after id: UUID?, limit: Int) async throws(StoreError) -> [RegistrationRecord]

    /// Counts a wrong secret, and locks the registration with the last one that it allows.
    ///
    /// The same wrong secret as the last time is not counted: who repeats it learns nothing, and clients resend. Of a locked
    /// registration nothing is written.
    ///
    /// - Parameters:
    ///   - id: the registration.
    ///   - guess: what tells this wrong secret from others.
    ///   - maximum: with how many it is locked.
    ///   - moment: now.
    /// - Returns: what became of it; nil when there is no such registration.
    /// - Throws: `StoreError`.
    func countGuess(
        _ id: UUID,
        guess: [UInt8],
        maximum: Int,
        at moment: Date
    ) async throws(StoreError) -> GuessOutcome?

    /// Unlocks a registration, and forgets its wrong secrets.
    ///
    /// - Returns: whether there was one that was locked.
    func unlockRegistration(_ id: UUID) async throws(StoreError) -> Bool

    /// Takes a registration back. What it was used for stays.
    ///
    /// - Returns: whether there was one that had not been taken back.
    func revokeRegistration(_ id: UUID, at moment: Date) async throws(StoreError) -> Bool
}
