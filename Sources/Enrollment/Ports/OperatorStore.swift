// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date
public import struct Foundation.UUID

/// Somebody who administers the server.
public struct OperatorRecord: Sendable, Hashable {
    /// The row's id (UUIDv7).
    public var id: UUID
    /// The name: that of no other operator.
    public var name: String
    /// The scrypt hash of the password (`PasswordHash`); nil for somebody who only has tokens.
    public var passwordHash: String?
    /// What they may do: names of roles.
    public var roles: Set<String>
    /// The SCEP profiles of a code issuer; nil for all.
    public var profiles: Set<String>?
    /// Whether they may do anything now.
    public var isEnabled: Bool
    /// When they were entered.
    public var createdAt: Date
    /// Counts the changes, from 1.
    public var version: Int

    /// Puts a record together.
    public init(
        id: UUID,
        name: String,
        passwordHash: String? = nil,
        roles: Set<String>,
        profiles: Set<String>? = nil,
        isEnabled: Bool = true,
        createdAt: Date,
        version: Int = 1
    ) {
        self.id = id
        self.name = name
        self.passwordHash = passwordHash
        self.roles = roles
        self.profiles = profiles
        self.isEnabled = isEnabled
        self.createdAt = createdAt
        self.version = version
    }
}

/// A token of the admin API, without its secret.
public struct APITokenRecord: Sendable, Hashable {
    /// The row's id (UUIDv7).
    public var id: UUID
    /// The name; several may have the same, when one takes the place of another.
    public var name: String
    /// The operator whose it is, who limits what it may do; nil for a system's.
    public var operatorID: UUID?
    /// What it may do: names of roles.
    public var roles: Set<String>
    /// The SCEP profiles of a code issuer; nil for all.
    public var profiles: Set<String>?
    /// HMAC-SHA-256 of the token under the master key.
    public var lookup: [UInt8]
    /// When it was made.
    public var createdAt: Date
    /// When it ends.
    public var expiresAt: Date
    /// When it was used last, to the minute or so.
    public var lastUsedAt: Date?
    /// When it was taken back.
    public var revokedAt: Date?

    /// Puts a record together.
    public init(
        id: UUID,
        name: String,
        operatorID: UUID? = nil,
        roles: Set<String>,
        profiles: Set<String>? = nil,
        lookup: [UInt8],
        createdAt: Date,
        expiresAt: Date,
        lastUsedAt: Date? = nil,
        revokedAt: Date? = nil
    ) {
        self.id = id
        self.name = name
        self.operatorID = operatorID
        self.roles = roles
        self.profiles = profiles
        self.lookup = lookup
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
    }
}

/// A change of who may administer the server.
public enum OperatorChange: Sendable, Hashable {
    /// Enters an operator.
    case addOperator(OperatorRecord)
    /// Replaces an operator's password, roles, profiles and state; the record has the version that it was read with.
    case updateOperator(OperatorRecord)
    /// Removes an operator and their tokens.
    case deleteOperator(UUID)
    /// Enters a token.
    case addToken(APITokenRecord)
    /// Takes a token back.
    case revokeToken(UUID, at: Date)
}

/// What became of such a change.
public enum OperatorChangeOutcome: Sendable, Hashable {
    /// It is made.
    case done
    /// The name, or the secret, is somebody else's; or the operator of a token is not there.
    case taken
    /// There is no such operator or token, or the token was taken back before.
    case missing
    /// Somebody else has changed the operator since it was read.
    case changed
    /// Nobody would be left who may do everything: nothing was changed.
    case lastAdministrator
}

/// Keeps who may administer the server.
///
/// An administrator is an enabled operator with the role `administrator` and a password, or a token with this role that is neither taken
/// back nor at its end and whose operator, if it has one, is enabled and has the role too.
///
/// Every method is atomic and durable when it returns; reads see everything that was durable before they began.
public protocol OperatorStore: Sendable {
    /// Makes a change.
    ///
    /// - Parameters:
    ///   - change: what to change.
    ///   - moment: if there is an administrator at this moment, there has to be one after the change; nil to change regardless. Two who
    ///     remove the last two administrators at once don't both get it done.
    /// - Returns: what became of it; the change is made only if it is `done`.
    /// - Throws: `StoreError`.
    func change(
        _ change: OperatorChange,
        keepingAdministratorAt moment: Date?
    ) async throws(StoreError)
        -> OperatorChangeOutcome

    /// The operator with a name.
    func `operator`(named name: String) async throws(StoreError) -> OperatorRecord?

    /// The operator with an id.
    func `operator`(_ id: UUID) async throws(StoreError) -> OperatorRecord?

    /// Operators in the order of their ids.
    func operators(after id: UUID?, limit: Int) async throws(StoreError) -> [OperatorRecord]

    /// The token with a lookup, whatever its state.
    func token(lookup: [UInt8]) async throws(StoreError) -> APITokenRecord?

    /// The token with an id.
    func token(_ id: UUID) async throws(StoreError) -> APITokenRecord?

    /// Tokens in the order of their ids.
    func tokens(after id: UUID?, limit: Int) async throws(StoreError) -> [APITokenRecord]

    /// Notes that a token was used, unless that was noted less than a minute ago.
    func noteUse(ofToken id: UUID, at moment: Date) async throws(StoreError)

    /// Whether there is an administrator.
    func hasAdministrator(at moment: Date) async throws(StoreError) -> Bool
}
