// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `OperatorStore` in statements.
///
/// Each method is to be called in a storage transaction or savepoint of its own.
struct OperatorTables<Connection: SQLConnection> {
    /// How long the use of a token is not noted again, in seconds.
    private static var coarseness: Double { 60 }

    let connection: Connection

    /// Makes a change, and undoes it if nobody is left who may do everything.
    func change(
        _ change: OperatorChange,
        keepingAdministratorAt moment: Date?
    ) throws(StoreError) -> WriteResult<OperatorChangeOutcome> {
        // Two who remove one administrator each must not both see the other one.
        try connection.takeTurn(of: Array("operators".utf8))
        let mustKeep = if let moment { try hasAdministrator(at: moment) } else { false }
        let outcome = try make(change)
        guard outcome == .done else { return .undo(outcome) }
        if mustKeep, let moment, try !hasAdministrator(at: moment) { return .undo(.lastAdministrator) }
        return .keep(.done)
    }

    private func make(_ change: OperatorChange) throws(StoreError) -> OperatorChangeOutcome {
        switch change {
        case .addOperator(let record):
            return try connection.execute(OperatorSQL.add, record.values) == 1 ? .done : .taken
        case .updateOperator(let record):
            if try connection.execute(OperatorSQL.update, record.changedValues) == 1 { return .done }
            return try self.operator(record.id) == nil ? .missing : .changed
        case .deleteOperator(let id):
            _ = try connection.execute(OperatorSQL.deleteTokens, ["id": .uuid(id)])
            return try connection.execute(OperatorSQL.delete, ["id": .uuid(id)]) == 1 ? .done : .missing
        case .addToken(let record):
            return try connection.execute(OperatorSQL.addToken, record.values) == 1 ? .done : .taken
        case .revokeToken(let id, let moment):
            let changed = try connection.execute(
                OperatorSQL.revokeToken,
                ["id": .uuid(id), "moment": .date(moment)]
            )
            return changed == 1 ? .done : .missing
        }
    }

    func `operator`(named name: String) throws(StoreError) -> OperatorRecord? {
        try connection.first(OperatorSQL.byName, ["name": .text(name)], OperatorRecord.init(from:))
    }

    func `operator`(_ id: UUID) throws(StoreError) -> OperatorRecord? {
        try connection.first(OperatorSQL.byID, ["id": .uuid(id)], OperatorRecord.init(from:))
    }

    func operators(after id: UUID?, limit: Int) throws(StoreError) -> [OperatorRecord] {
        try connection.query(
            OperatorSQL.page,
            ["after": .start(id), "limit": .integer(max(0, limit))],
            OperatorRecord.init(from:)
        )
    }

    func token(lookup: [UInt8]) throws(StoreError) -> APITokenRecord? {
        try connection.first(OperatorSQL.tokenByLookup, ["lookup": .blob(lookup)], APITokenRecord.init(from:))
    }

    func token(_ id: UUID) throws(StoreError) -> APITokenRecord? {
        try connection.first(OperatorSQL.tokenByID, ["id": .uuid(id)], APITokenRecord.init(from:))
    }

    func tokens(after id: UUID?, limit: Int) throws(StoreError) -> [APITokenRecord] {
        try connection.query(
            OperatorSQL.tokenPage,
            ["after": .start(id), "limit": .integer(max(0, limit))],
            APITokenRecord.init(from:)
        )
    }

    func noteUse(ofToken id: UUID, at moment: Date) throws(StoreError) -> WriteResult<Void> {
        let changed = try connection.execute(
            OperatorSQL.noteUse,
            [
                "id": .uuid(id), "moment": .date(moment),
                "earlier": .date(moment.addingTimeInterval(-Self.coarseness)),
            ]
        )
        return changed == 1 ? .keep(()) : .undo(())
    }

    func hasAdministrator(at moment: Date) throws(StoreError) -> Bool {
        try connection.first(OperatorSQL.administrator, ["moment": .date(moment)]) { row throws(StoreError) in
            try row.int64()
        } != nil
    }
}

extension OperatorRecord {
    /// What a change replaces.
    fileprivate var changedValues: SQLValues {
        [
            "id": .uuid(id), "password_hash": .optional(passwordHash), "roles": .text(Words.text(roles)),
            "profiles": .optional(profiles.map(Words.text)), "enabled": .boolean(isEnabled),
            "version": .integer(version),
        ]
    }

    fileprivate var values: SQLValues {
        [
            "id": .uuid(id), "name": .text(name), "password_hash": .optional(passwordHash),
            "roles": .text(Words.text(roles)), "profiles": .optional(profiles.map(Words.text)),
            "enabled": .boolean(isEnabled), "created_at": .date(createdAt), "version": .integer(version),
        ]
    }

    /// Reads the columns that `OperatorSQL` selects.
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        let (id, name) = (try row.uuid(), try row.text())
        let hash = try row.optional { row throws(StoreError) in try row.text() }
        let roles = Words.set(try row.text())
        let profiles = try row.optional { row throws(StoreError) in Words.set(try row.text()) }
        self.init(
            id: id,
            name: name,
            passwordHash: hash,
            roles: roles,
            profiles: profiles,
            isEnabled: try row.boolean(),
            createdAt: try row.date(),
            version: try row.int()
        )
    }
}

extension APITokenRecord {
    fileprivate var values: SQLValues {
        [
            "id": .uuid(id), "name": .text(name), "operator_id": .optional(operatorID),
            "roles": .text(Words.text(roles)), "profiles": .optional(profiles.map(Words.text)), "lookup": .blob(lookup),
            "created_at": .date(createdAt), "expires_at": .date(expiresAt), "last_used_at": .optional(lastUsedAt),
            "revoked_at": .optional(revokedAt),
        ]
    }

    /// Reads the columns that `OperatorSQL` selects.
    fileprivate init<Row>(from row: inout ColumnReader<Row>) throws(StoreError) {
        let (id, name) = (try row.uuid(), try row.text())
        let owner = try row.optional { row throws(StoreError) in try row.uuid() }
        let roles = Words.set(try row.text())
        let profiles = try row.optional { row throws(StoreError) in Words.set(try row.text()) }
        self.init(
            id: id,
            name: name,
            operatorID: owner,
            roles: roles,
            profiles: profiles,
            lookup: try row.blob(),
            createdAt: try row.date(),
            expiresAt: try row.date(),
            lastUsedAt: try row.optional { row throws(StoreError) in try row.date() },
            revokedAt: try row.optional { row throws(StoreError) in try row.date() }
        )
    }
}

/// Words without spaces, in one text.
private enum Words {
    static func text(_ words: Set<String>) -> String { words.sorted().joined(separator: " ") }

    static func set(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }
}

/// `IdempotencyStore` in statements.
struct IdempotencyTable<Connection: SQLConnection> {
    let connection: Connection

    func begin(
        _ request: IdempotentRequest,
        at moment: Date,
        until end: Date
    ) throws(StoreError) -> WriteResult<IdempotencyState> {
        let began = try connection.execute(
            IdempotencySQL.begin,
            [
                "principal": .text(request.principal), "key": .text(request.key), "digest": .blob(request.digest),
                "moment": .date(moment), "end": .date(end),
            ]
        )
        if began == 1 { return .keep(.begun) }
        let found = try connection.first(
            IdempotencySQL.find,
            ["principal": .text(request.principal), "key": .text(request.key)]
        ) { row throws(StoreError) in
            (
                digest: try row.blob(), answer: try row.optional { row throws(StoreError) in try row.blob() },
                createdAt: try row.date()
            )
        }
        // Given up between both statements: whoever asks comes once more.
        guard let found else { return .undo(.unfinished(since: moment)) }
        guard found.digest == request.digest else { return .undo(.other) }
        return .undo(found.answer.map { .answered($0) } ?? .unfinished(since: found.createdAt))
    }

    func finish(_ request: IdempotentRequest, answer: [UInt8]) throws(StoreError) -> WriteResult<Void> {
        _ = try connection.execute(
            IdempotencySQL.finish,
            [
                "principal": .text(request.principal), "key": .text(request.key), "digest": .blob(request.digest),
                "answer": .blob(answer),
            ]
        )
        return .keep(())
    }

    func giveUp(_ request: IdempotentRequest) throws(StoreError) -> WriteResult<Void> {
        _ = try connection.execute(
            IdempotencySQL.giveUp,
            ["principal": .text(request.principal), "key": .text(request.key), "digest": .blob(request.digest)]
        )
        return .keep(())
    }

    func forget(before moment: Date, limit: Int) throws(StoreError) -> WriteResult<Int> {
        .keep(
            try connection.execute(
                IdempotencySQL.forget,
                ["moment": .date(moment), "limit": .integer(max(0, limit))]
            )
        )
    }
}
