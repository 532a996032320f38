// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
internal import Cryptography
internal import Enrollment

internal import struct Foundation.Date
internal import struct Foundation.UUID

extension ListTokens: LocalOperation {
    /// Lists tokens.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let limit = input.limit ?? 100
        let records = try await context.stored {
            store throws(StoreError) in
            try await store.tokens(after: input.after?.uuid, limit: limit)
        }
        var owners: [UUID: OperatorRecord] = [:]
        for id in Set(records.compactMap(\.operatorID)) {
            owners[id] = try await context.stored { store throws(StoreError) in try await store.operator(id) }
        }
        return Page(
            items: records.map { record in
                TokenDocument(record, owner: record.operatorID.flatMap { owners[$0] }, at: context.now)
            },
            next: records.count < limit ? nil : records.last?.id.uuidString.lowercased()
        )
    }
}

extension NewToken: LocalOperation {
    /// Makes a token.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        // Under another master key than the server's it would be good for nothing.
        _ = try await context.state.configuration()
        let profiles = try await context.profiles(input.profiles, of: input.roles)
        var owner: OperatorRecord?
        if let name = input.operator {
            let record = try await context.operator(name)
            let theirs = Rights(roles: record.roles, profiles: record.profiles)
            let rights = Rights(roles: Set(input.roles), profiles: profiles)
            let limited = rights.limited(by: theirs)
            guard limited.roles == rights.roles, profiles == nil || limited.profiles == profiles else {
                throw AppError(
                    .usage,
                    "The operator '\(name)' may not do all that, so the token could not either.",
                    hint: "Look with: sceptic operator show \(name)"
                )
            }
            owner = record
        }
        let (secret, record) = APITokenRecord.make(
            input.name,
            roles: input.roles,
            profiles: profiles,
            owner: owner?.id,
            days: input.days ?? APITokenRecord.usualDays,
            masterKey: context.state.masterKey,
            at: context.now
        )
        let document = TokenDocument(record, owner: owner, at: context.now)
        try context.audit("token \(input.name)", after: document)
        guard try await context.change(.addToken(record)) else {
            throw AppError(.conflict, "The operator was removed just now.")
        }
        return Output(secret: secret, token: document)
    }
}

extension RevokeToken: LocalOperation {
    /// Takes a token back.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let record = try await context.stored { store throws(StoreError) in try await store.token(input.id.uuid) }
        guard let record, record.revokedAt == nil else {
            throw AppError(
                .missing,
                "There is no such token, or it was taken back before.",
                hint: "Look with: sceptic token list"
            )
        }
        var owner: OperatorRecord?
        if let id = record.operatorID {
            owner = try await context.stored { store throws(StoreError) in try await store.operator(id) }
        }
        try context.audit("token \(record.name)", before: TokenDocument(record, owner: owner, at: context.now))
        _ = try await context.change(.revokeToken(record.id, at: context.now), force: input.force)
        return NoContent()
    }
}

extension WhoAmI: LocalOperation {
    /// Tells who asks.
    public static func run(_ input: Input, _ context: AdministrationContext) async throws -> Output {
        let principal = context.principal
        return Output(
            name: principal.name,
            origin: principal.origin,
            roles: Role.allCases.filter(principal.roles.contains),
            profiles: principal.profiles?.sorted()
        )
    }
}

extension APITokenRecord {
    /// How many days a token lives if nobody says otherwise.
    static let usualDays = 90

    /// Makes a token and its row.
    static func make(
        _ name: String,
        roles: [Role],
        profiles: Set<String>? = nil,
        owner: UUID? = nil,
        days: Int,
        masterKey: MasterKey,
        at now: Date
    ) -> (secret: String, record: APITokenRecord) {
        var generator = SecureRandom()
        let secret = TokenSecret.make(using: &generator)
        let record = APITokenRecord(
            id: .version7(at: now, using: &generator),
            name: name,
            operatorID: owner,
            roles: Set(roles.map(\.rawValue)),
            profiles: profiles,
            lookup: secret.lookup(masterKey),
            createdAt: now,
            expiresAt: now.addingTimeInterval(86_400 * Double(days))
        )
        return (secret.text, record)
    }
}

extension TokenDocument {
    /// A token as it is at a moment.
    init(_ record: APITokenRecord, owner: OperatorRecord?, at now: Date) {
        self.init(
            id: Identifier(record.id),
            name: record.name,
            operator: owner?.name,
            roles: Role.allCases.filter { record.roles.contains($0.rawValue) },
            profiles: record.profiles?.sorted(),
            state: State(record, owner, at: now),
            createdAt: record.createdAt,
            expiresAt: record.expiresAt,
            lastUsedAt: record.lastUsedAt
        )
    }
}

extension TokenDocument.State {
    fileprivate init(_ record: APITokenRecord, _ owner: OperatorRecord?, at now: Date) {
        if record.revokedAt != nil {
            self = .revoked
        } else if record.expiresAt <= now {
            self = .expired
        } else if let owner, !owner.isEnabled {
            self = .disabled
        } else {
            self = .valid
        }
    }
}
