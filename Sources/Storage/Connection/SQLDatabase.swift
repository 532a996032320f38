// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date

/// An open database: the seam between the ports and what each engine does about transactions and threads.
protocol SQLDatabase: Sendable {
    /// What a body is handed.
    associatedtype Connection: SQLConnection

    /// What is known of the audit log's streams that are written here.
    var ledger: AuditLedger { get }

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
    /// Like `write`, for what throws nothing else, with an event: that of the act that is carried out, or its own where there is none.
    ///
    /// - Parameters:
    ///   - event: what the audit log tells when no act is carried out: of changes that somebody answers for.
    ///   - body: makes the changes.
    /// - Returns: what the body returned.
    /// - Throws: `StoreError`, also when the event can't be written: then nothing is changed.
    func change<Value: Sendable>(
        auditing event: AuditEvent,
        _ body: @escaping @Sendable (Connection) throws(StoreError) -> WriteResult<Value>
    ) async throws(StoreError) -> Value {
        var event = event
        if event.actor == "server" { event.actor = ledger.actor }
        let prepared = PreparedAuditEvent(AuditAct.current?.event ?? event)
        return try await maintain { connection throws(StoreError) in
            let result = try body(connection)
            if case .keep = result { try connection.audit(prepared) }
            return result
        }
    }

    /// Like `change`, for what is nobody's act, and for what writes events itself.
    func maintain<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws(StoreError) -> WriteResult<Value>
    ) async throws(StoreError) -> Value {
        do {
            return try await write(body)
        } catch {
            throw Self.storeError(error)
        }
    }
}

extension AuditAct {
    /// The act as an event, with what is known of it by now.
    var event: AuditEvent {
        let subject = subject
        return AuditEvent(
            at: moment,
            actID: id,
            action: action,
            actor: actor,
            origin: origin,
            target: subject.target,
            before: subject.before,
            after: subject.after,
            input: input
        )
    }

    /// When it began: its id says so.
    private var moment: Date {
        let bytes = id.uuid
        let milliseconds = [bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5].reduce(Int64(0)) {
            $0 << 8 | Int64($1)
        }
        return Date(storedMilliseconds: milliseconds)
    }
}
