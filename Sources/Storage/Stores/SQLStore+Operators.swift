// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `OperatorStore` in storage transactions.
extension SQLStore {
    /// Changes who may administer the server.
    func change(
        _ change: OperatorChange,
        keepingAdministratorAt moment: Date?
    ) async throws(StoreError) -> OperatorChangeOutcome {
        try await database.change(auditing: .changed(change)) { connection throws(StoreError) in
            try OperatorTables(connection: connection).change(change, keepingAdministratorAt: moment)
        }
    }

    /// The operator with a name.
    func `operator`(named name: String) async throws(StoreError) -> OperatorRecord? {
        try await database.read { try OperatorTables(connection: $0).operator(named: name) }
    }

    /// The operator with an id.
    func `operator`(_ id: UUID) async throws(StoreError) -> OperatorRecord? {
        try await database.read { try OperatorTables(connection: $0).operator(id) }
    }

    /// A page of operators.
    func operators(after id: UUID?, limit: Int) async throws(StoreError) -> [OperatorRecord] {
        try await database.readLong { try OperatorTables(connection: $0).operators(after: id, limit: limit) }
    }

    /// The token with a lookup.
    func token(lookup: [UInt8]) async throws(StoreError) -> APITokenRecord? {
        try await database.read { try OperatorTables(connection: $0).token(lookup: lookup) }
    }

    /// The token with an id.
    func token(_ id: UUID) async throws(StoreError) -> APITokenRecord? {
        try await database.read { try OperatorTables(connection: $0).token(id) }
    }

    /// A page of tokens.
    func tokens(after id: UUID?, limit: Int) async throws(StoreError) -> [APITokenRecord] {
        try await database.readLong { try OperatorTables(connection: $0).tokens(after: id, limit: limit) }
    }

    /// Notes that a token was used.
    func noteUse(ofToken id: UUID, at moment: Date) async throws(StoreError) {
        try await database.maintain { connection throws(StoreError) in
            try OperatorTables(connection: connection).noteUse(ofToken: id, at: moment)
        }
    }

    /// Whether there is an administrator.
    func hasAdministrator(at moment: Date) async throws(StoreError) -> Bool {
        try await database.read { try OperatorTables(connection: $0).hasAdministrator(at: moment) }
    }
}

/// `IdempotencyStore` in storage transactions.
extension SQLStore {
    /// Begins a request, unless it is known.
    func begin(
        _ request: IdempotentRequest,
        at moment: Date,
        until end: Date
    ) async throws(StoreError) -> IdempotencyState {
        try await database.maintain { connection throws(StoreError) in
            try IdempotencyTable(connection: connection).begin(request, at: moment, until: end)
        }
    }

    /// Keeps the answer to a request.
    func finish(_ request: IdempotentRequest, answer: [UInt8]) async throws(StoreError) {
        try await database.maintain { connection throws(StoreError) in
            try IdempotencyTable(connection: connection).finish(request, answer: answer)
        }
    }

    /// Forgets a request that changed nothing.
    func giveUp(_ request: IdempotentRequest) async throws(StoreError) {
        try await database.maintain { connection throws(StoreError) in
            try IdempotencyTable(connection: connection).giveUp(request)
        }
    }

    /// Forgets the requests whose time is over.
    func forgetIdempotentRequests(before moment: Date, limit: Int) async throws(StoreError) -> Int {
        try await database.maintain { connection throws(StoreError) in
            try IdempotencyTable(connection: connection).forget(before: moment, limit: limit)
        }
    }
}
