// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import GRDB

/// A GRDB connection behind the seam.
///
/// Statements are prepared once and stepped directly, because nothing else is needed of them.
///
/// To be used only inside the access that GRDB handed its database to, hence by one thread at a time.
struct SQLiteConnection: SQLConnection {
    let database: Database
    /// The statements that were prepared on this connection; without it GRDB looks them up by their text.
    var prepared: PreparedStatements?
    /// Where events go; only the writer has it.
    var trail: AuditTrail?

    func execute(_ statement: SQLStatement, _ values: SQLValues) throws(StoreError) -> Int {
        let prepared = try prepare(statement)
        defer { prepared.reset() }
        try bind(values, to: prepared, named: statement.parameters)
        while try prepared.step() {}
        return prepared.changes
    }

    func query<Value>(
        _ statement: SQLStatement,
        _ values: SQLValues,
        _ read: (inout ColumnReader<SQLiteStatement>) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        let prepared = try prepare(statement)
        defer { prepared.reset() }
        try bind(values, to: prepared, named: statement.parameters)
        var found: [Value] = []
        while try prepared.step() {
            var row = ColumnReader(prepared)
            found.append(try read(&row))
        }
        return found
    }

    /// Nothing: there is one writer at a time.
    func takeTurn(of key: TransactionKey) {}

    func takeTurn(of bytes: [UInt8]) {}

    /// Nothing: other processes look at the version themselves.
    func announceChange() {}

    /// Whether a transaction is open; SQLite ends one by itself when it can't go on.
    var isInTransaction: Bool { database.isInsideTransaction }

    private func prepare(_ statement: SQLStatement) throws(StoreError) -> SQLiteStatement {
        do {
            if let prepared { return SQLiteStatement(try prepared.statement(statement, database)) }
            return SQLiteStatement(try database.cachedStatement(sql: statement.text))
        } catch {
            throw StoreError(sqlite: error)
        }
    }

    private func bind(
        _ values: SQLValues,
        to statement: SQLiteStatement,
        named names: [String]
    ) throws(StoreError) {
        guard values.count == names.count else { throw .wrongParameters }
        var position = 0
        for (name, value) in values {
            // Most callers name the values in the statement's order.
            if position >= names.count || names[position] != name {
                guard let found = names.firstIndex(of: name) else { throw .wrongParameters }
                position = found
            }
            position += 1
            try statement.bind(value, at: position)
        }
    }
}

extension StoreError {
    /// A mistake of this target: a statement was given other values than it names.
    fileprivate static let wrongParameters = StoreError.unavailable("A statement was given the wrong parameters.")
}

/// The statements that were prepared on one connection, by identity.
///
/// They must be dropped before the connection closes.
final class PreparedStatements {
    private var statements: [ObjectIdentifier: Statement] = [:]

    /// A statement that lives as long as the program, prepared.
    func statement(_ statement: SQLStatement, _ database: Database) throws -> Statement {
        if let known = statements[ObjectIdentifier(statement)] { return known }
        let new = try database.cachedStatement(sql: statement.text)
        statements[ObjectIdentifier(statement)] = new
        return new
    }
}
