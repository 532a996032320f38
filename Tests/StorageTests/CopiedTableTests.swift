// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import GRDB
import Testing

@testable import Storage

/// What is said of the tables for copying is true of the schema: who adds a migration has to say it there too.
struct CopiedTableTests {
    private func schema() throws -> DatabaseQueue {
        let queue = try DatabaseQueue()
        try queue.write { database in
            for statement in Migrations.all.flatMap(\.statements) {
                try database.execute(sql: SQLDialect.sqlite.expand(statement))
            }
        }
        return queue
    }

    @Test func namesEveryTableOfTheSchemaButTheNodes() throws {
        let names = try schema().read { database in
            try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        }
        #expect((CopiedTable.all.map(\.name) + ["node"]).sorted() == names)
    }

    @Test(arguments: CopiedTable.all.map(\.name))
    func describesTheColumnsOf(table name: String) throws {
        let table = try #require(CopiedTable.all.first { $0.name == name })
        let columns = try schema().read { try Row.fetchAll($0, sql: "PRAGMA table_info(\(name))") }
        let types: [String: SQLType] = ["INTEGER": .int64, "TEXT": .text, "BLOB": .blob]
        let found = try columns.map { row in
            CopiedTable.Column(
                name: row["name"],
                type: try #require(types[row["type"]]),
                isNullable: row["notnull"] as Int == 0
            )
        }
        #expect(Set(table.columns) == Set(found))
        #expect(table.columns.count == found.count)
        let key = columns.filter { $0["pk"] as Int > 0 }.sorted { ($0["pk"] as Int) < ($1["pk"] as Int) }
        #expect(table.key.map(\.name) == key.map { $0["name"] as String })
    }

    @Test func comesAfterTheTablesThatItRefersTo() throws {
        let queue = try schema()
        var seen: Set<String> = []
        var count = 0
        for table in CopiedTable.all {
            let referred = try queue.read { database in
                try String.fetchAll(database, sql: "SELECT \"table\" FROM pragma_foreign_key_list('\(table.name)')")
            }
            #expect(seen.isSuperset(of: referred), "\(table.name)")
            seen.insert(table.name)
            count += referred.count
        }
        #expect(count > 5)
    }
}
