// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// A connection to a database, as the tables see it: the seam between the statements and the database's own library.
///
/// Transactions and savepoints belong to the driver: whoever is handed a connection is inside one.
protocol SQLConnection {
    /// A row of a result, good until the next one is read.
    associatedtype Row: SQLRow

    /// Where events of the audit log go; nil where nothing can be written.
    var trail: AuditTrail? { get }

    /// Runs a statement that returns no rows.
    ///
    /// - Returns: how many rows it changed.
    func execute(_ statement: SQLStatement, _ values: SQLValues) throws(StoreError) -> Int

    /// Runs a statement and reads its rows, in order.
    func query<Value>(
        _ statement: SQLStatement,
        _ values: SQLValues,
        _ read: (inout ColumnReader<Row>) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value]

    /// Lets others that name the same key wait until this transaction ends.
    ///
    /// What holds for one key across tables rests on it, where transactions run side by side.
    func takeTurn(of key: TransactionKey) throws(StoreError)

    /// Lets others that name the same bytes wait until this transaction ends.
    func takeTurn(of bytes: [UInt8]) throws(StoreError)

    /// Tells other nodes that the configuration has changed, once this transaction is committed.
    func announceChange() throws(StoreError)
}

extension SQLConnection {
    /// Runs a statement and reads its first row.
    func first<Value>(
        _ statement: SQLStatement,
        _ values: SQLValues,
        _ read: (inout ColumnReader<Row>) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try query(statement, values, read).first
    }
}

/// What becomes of the changes that a write made.
enum WriteResult<Value: Sendable>: Sendable {
    /// They stay.
    case keep(Value)
    /// They are undone, and the value is the answer all the same.
    case undo(Value)
}
