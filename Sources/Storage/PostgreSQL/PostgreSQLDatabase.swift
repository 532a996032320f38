// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation

/// An open PostgreSQL database: its connections, and the one that hears of changes.
final class PostgreSQLDatabase: SQLDatabase {
    /// What should be said in the log about how safe the data are: sentences.
    let warnings: [String]
    let ledger: AuditLedger
    private let pool: PostgreSQLPool
    private let listener: PostgreSQLListener
    private let waitLimit: Duration

    /// Connects and brings the schema up to date.
    ///
    /// It blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - location: where it is.
    ///   - mayCreate: whether it may be empty; the database itself must be there.
    ///   - options: the limits.
    /// - Throws: `unavailable` when it can't be reached or is empty, `newerSchema` when a newer version of this program
    ///   wrote it, `corrupted` when it is something else's.
    init(
        _ location: PostgreSQLLocation,
        mayCreate: Bool,
        options: PostgreSQLOptions = PostgreSQLOptions()
    ) throws(StoreError) {
        var patient = options
        patient.statementLimit = options.migrationLimit
        let connection = try Self.connect(location, patient)
        defer { connection.close() }
        try PostgreSQLMigration(connection: connection, options: options).run(mayCreate: mayCreate)
        warnings = (location.warning.map { [$0] } ?? []) + connection.warnings
        ledger = AuditLedger(options.audit)
        pool = PostgreSQLPool(location, options, ledger)
        listener = PostgreSQLListener(location, options)
        waitLimit = options.waitLimit
    }

    /// How many steps of the schema are missing.
    static func missingSteps(_ location: PostgreSQLLocation) throws(StoreError) -> Int {
        let options = PostgreSQLOptions()
        let connection = try connect(location, options)
        defer { connection.close() }
        return try PostgreSQLMigration(connection: connection, options: options).missingSteps()
    }

    /// Connects, and tries again for a while where the server is starting or has no connection left.
    private static func connect(
        _ location: PostgreSQLLocation,
        _ options: PostgreSQLOptions
    ) throws(StoreError) -> PostgreSQLConnection {
        let end = ContinuousClock.now + options.waitLimit
        while true {
            do throws(PostgreSQLFailure) {
                return try PostgreSQLConnection(location, options)
            } catch {
                guard case .refused(let refusal) = error, ["53300", "57P03"].contains(refusal.state),
                    ContinuousClock.now < end
                else { throw StoreError(postgreSQL: error) }
                Thread.sleep(forTimeInterval: .random(in: 0.1...0.3))
            }
        }
    }

    deinit {
        listener.close()
        pool.close {}
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (PostgreSQLConnection) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await run(.read) { .keep(try body($0)) }
        } catch {
            throw StoreError(postgreSQL: error)
        }
    }

    func readLong<Value: Sendable>(
        _ body: @escaping @Sendable (PostgreSQLConnection) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await run(.snapshot) { .keep(try body($0)) }
        } catch {
            throw StoreError(postgreSQL: error)
        }
    }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (PostgreSQLConnection) throws -> WriteResult<Value>
    ) async throws -> Value {
        try await run(.write, body)
    }

    static func storeError(_ error: any Error) -> StoreError { StoreError(postgreSQL: error) }

    func changes() -> AsyncStream<Void> { listener.changes() }

    /// Ends what was begun, and closes the connections.
    func close() async throws(StoreError) {
        listener.close()
        await withCheckedContinuation { continuation in
            pool.close { continuation.resume() }
        }
    }

    /// How many calls wait for a connection.
    var waiting: Int { pool.waiting }

    /// How many connections there are, without the one that listens.
    var connected: Int { pool.connected }

    var measures: StoreMeasures {
        StoreMeasures(waiting: pool.waiting, connections: pool.connected, commits: pool.commits)
    }

    private func run<Value: Sendable>(
        _ kind: PostgreSQLJob.Kind,
        _ body: @escaping @Sendable (PostgreSQLConnection) throws -> WriteResult<Value>
    ) async throws -> Value {
        let cancellation = PostgreSQLCancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                pool.add(
                    PostgreSQLJob(
                        kind: kind,
                        deadline: .now + waitLimit,
                        cancellation: cancellation,
                        perform: { connection in
                            switch try body(connection) {
                            case .keep(let value): (true, { continuation.resume(returning: value) })
                            case .undo(let value): (false, { continuation.resume(returning: value) })
                            }
                        },
                        fail: { continuation.resume(throwing: $0) }
                    )
                )
            }
        } onCancel: {
            cancellation.cancel()
            pool.dropCancelled()
        }
    }
}
