// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Storage

/// A database of its own on a server.
struct PostgreSQLFixture {
    let server: PostgreSQLServer
    let name: String

    /// A key to take turns of.
    static let key = TransactionKey(profile: "profile", transactionID: "transaction", signerDigest: [1, 2, 3])

    /// Makes a database on the server that the tests share, or on another one.
    init(_ server: PostgreSQLServer? = nil, _ options: String = "") async throws {
        if let server {
            self.server = server
        } else {
            self.server = try await .shared()
        }
        name = try await self.server.makeDatabase(options)
    }

    var location: PostgreSQLLocation {
        get throws { try PostgreSQLLocation(url: server.url(name), environment: [:]) }
    }

    /// Opens the database with this program's schema.
    func database(
        mayCreate: Bool = true,
        _ change: (inout PostgreSQLOptions) -> Void = { _ in }
    ) async throws -> PostgreSQLDatabase {
        var options = PostgreSQLOptions()
        change(&options)
        return try await OtherThread.run { [options] in
            try PostgreSQLDatabase(try location, mayCreate: mayCreate, options: options)
        }
    }

    /// A connection without a pool.
    func connect(_ change: (inout PostgreSQLOptions) -> Void = { _ in }) throws -> PostgreSQLConnection {
        var options = PostgreSQLOptions()
        change(&options)
        return try PostgreSQLConnection(try location, options)
    }

    /// Runs statements as somebody else.
    @discardableResult
    func query(_ text: String) async throws -> String { try await server.query(text, in: name) }

    /// Ends the connections that others have to this database.
    func terminate() async throws {
        try await server.query(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = '\(name)' AND application_name = 'sceptic'
            """,
            in: "postgres"
        )
    }
}

extension PostgreSQLConnection {
    /// Runs a statement that is used once.
    @discardableResult
    func execute(_ text: String, _ values: SQLValues = [:]) throws(StoreError) -> Int {
        try execute(SQLStatement(text), values)
    }

    /// The integers of the first column of a statement that is used once.
    func integers(_ text: String, _ values: SQLValues = [:]) throws(StoreError) -> [Int64] {
        try query(SQLStatement(text), values) { row throws(StoreError) in try row.int64() }
    }

    /// The texts of the first column of a statement that is used once.
    func texts(_ text: String, _ values: SQLValues = [:]) throws(StoreError) -> [String] {
        try query(SQLStatement(text), values) { row throws(StoreError) in try row.text() }
    }
}

/// A count that several threads change.
final class Tally: Sendable {
    private let state = Mutex(0)

    var count: Int { state.withLock { $0 } }

    func add(_ number: Int) { state.withLock { $0 += number } }
}

/// Expects that the database can't do something, for a reason that holds some words.
func expectUnavailable(
    _ words: String,
    at place: SourceLocation = #_sourceLocation,
    _ body: () async throws -> some Any
) async {
    do {
        _ = try await body()
        Issue.record("It worked.", sourceLocation: place)
    } catch {
        guard case .unavailable(let reason) = StoreError(postgreSQL: error) else {
            Issue.record(error, sourceLocation: place)
            return
        }
        #expect(reason.contains(words), sourceLocation: place)
    }
}
