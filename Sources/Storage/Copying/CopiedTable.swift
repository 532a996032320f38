// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// A table whose rows are copied from one database to another.
struct CopiedTable: Sendable {
    /// A column, as the schema's migrations make it.
    struct Column: Sendable, Hashable {
        let name: String
        let type: SQLType
        let isNullable: Bool

        static func int64(_ name: String) -> Column { Column(name: name, type: .int64, isNullable: false) }

        static func text(_ name: String) -> Column { Column(name: name, type: .text, isNullable: false) }

        static func blob(_ name: String) -> Column { Column(name: name, type: .blob, isNullable: false) }

        /// The same column, which may be NULL.
        var orNull: Column { Column(name: name, type: type, isNullable: true) }
    }

    /// Who makes the first rows.
    enum Origin: Sendable, Hashable {
        /// This program, while it is used.
        case use
        /// The schema's migrations: the row that they make is replaced.
        case schema
    }

    /// How many rows one statement inserts, so that a distant database is not asked for each of them.
    static let groupSize = 32

    let name: String
    /// All columns, those of the primary key first.
    let columns: [Column]
    /// The columns of the primary key, in its order.
    let key: [Column]
    let origin: Origin
    /// The first rows.
    let firstPage: SQLStatement
    /// The rows after a key.
    let nextPage: SQLStatement
    /// The key of the last row.
    let lastKey: SQLStatement
    /// The number of rows.
    let count: SQLStatement
    /// Inserts `groupSize` rows, except those that are there.
    let insertGroup: SQLStatement
    /// Inserts one row, unless it is there.
    let insertRow: SQLStatement

    /// Describes a table; to be called for values that live as long as the program, because drivers know statements by
    /// their identity.
    init(_ name: String, key: [Column], _ others: [Column], origin: Origin = .use) {
        self.name = name
        self.key = key
        self.origin = origin
        columns = key + others
        let all = columns.map(\.name).joined(separator: ", ")
        let keys = key.map(\.name)
        let after = keys.map { ":after_\($0)" }
        let condition = keys.count == 1 ? "\(keys[0]) > \(after[0])" : "(\(Self.list(keys))) > (\(Self.list(after)))"
        firstPage = SQLStatement("SELECT \(all) FROM \(name) ORDER BY \(Self.list(keys)) LIMIT :limit")
        nextPage = SQLStatement(
            "SELECT \(all) FROM \(name) WHERE \(condition) ORDER BY \(Self.list(keys)) LIMIT :limit"
        )
        lastKey = SQLStatement(
            "SELECT \(Self.list(keys)) FROM \(name) ORDER BY \(Self.list(keys.map { $0 + " DESC" })) LIMIT 1"
        )
        count = SQLStatement("SELECT COUNT(*) FROM \(name)")
        let change: String
        switch origin {
        case .use: change = "NOTHING"
        case .schema: change = "UPDATE SET " + Self.list(others.map { "\($0.name) = excluded.\($0.name)" })
        }
        let conflict = "ON CONFLICT (\(Self.list(keys))) DO \(change)"
        func insert(_ count: Int, _ columns: [Column]) -> SQLStatement {
            let rows = (0..<count).map { row in "(" + Self.list(columns.map { ":\($0.name)_\(row)" }) + ")" }
            return SQLStatement("INSERT INTO \(name) (\(all)) VALUES \(Self.list(rows)) \(conflict)")
        }
        insertGroup = insert(Self.groupSize, columns)
        insertRow = insert(1, columns)
    }

    private static func list(_ parts: [String]) -> String { parts.joined(separator: ", ") }

    /// Reads the first rows in the order of the primary key, or those after a key.
    func page<Connection: SQLConnection>(
        after key: [SQLValue]?,
        limit: Int,
        on connection: Connection
    ) throws(StoreError) -> [CopiedRow] {
        let columns = columns
        let read = { (row: inout ColumnReader<Connection.Row>) throws(StoreError) in try CopiedRow(from: &row, columns)
        }
        guard let key else { return try connection.query(firstPage, ["limit": .integer(limit)], read) }
        let values = zip(self.key, key).map { ("after_" + $0.name, $1) } + [("limit", .integer(limit))]
        return try connection.query(nextPage, SQLValues(values), read)
    }

    /// The key of the last row; nil when there is none.
    func lastKey<Connection: SQLConnection>(on connection: Connection) throws(StoreError) -> [SQLValue]? {
        let key = key
        return try connection.first(lastKey, [:]) { row throws(StoreError) in
            try CopiedRow(from: &row, key).values
        }
    }

    /// Inserts rows, except those whose key is there.
    func insert(_ rows: [CopiedRow], on connection: some SQLConnection) throws(StoreError) {
        var rest = rows[...]
        while !rest.isEmpty {
            let count = rest.count >= Self.groupSize ? Self.groupSize : 1
            let statement = count == 1 ? insertRow : insertGroup
            // The parameters are named row by row.
            let values = zip(statement.parameters, rest.prefix(count).lazy.flatMap(\.values))
            _ = try connection.execute(statement, SQLValues(values.map { ($0, $1) }))
            rest = rest.dropFirst(count)
        }
    }
}
