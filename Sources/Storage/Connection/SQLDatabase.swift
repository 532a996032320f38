// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// An open database: the seam between the ports and what each engine does about transactions and threads.
protocol SQLDatabase: Sendable {
    /// What a body is handed.
    associatedtype Connection: SQLConnection

    /// Reads what an index finds; each statement sees the newest state, so two of them may see different ones.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws(StoreError) -> Value

    /// Reads as of one moment: for what takes longer.
    func readLong<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws(StoreError) -> Value

    /// Writes in one transaction or savepoint, and returns when that is durable; what the body throws undoes its changes.
    ///
    /// The body may be run again, when the database asks for a transaction to be repeated.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> WriteResult<Value>
    ) async throws -> Value

    /// Ticks when the configuration may have changed, and now and then without a reason; ends with the task that listens.
    func changes() -> AsyncStream<Void>

    /// How busy it is; reads nothing.
    var measures: StoreMeasures { get }

    /// Ends the writes that were begun and closes the database; what is asked of it later fails with `unavailable`.
    func close() async throws(StoreError)

    /// An error of the engine's own in the words of the ports.
    static func storeError(_ error: any Error) -> StoreError
}

extension SQLDatabase {
    /// Like `write`, for what throws nothing else.
    func change<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws(StoreError) -> WriteResult<Value>
    ) async throws(StoreError) -> Value {
        do {
            return try await write(body)
        } catch {
            throw Self.storeError(error)
        }
    }
}
