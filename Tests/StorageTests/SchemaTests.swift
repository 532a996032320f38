// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import GRDB
import Testing

@testable import Storage

struct SchemaTests {
    /// An empty schema in memory.
    private func database() throws -> DatabaseQueue {
        let queue = try DatabaseQueue()
        try queue.write { database in
            for migration in Migrations.all {
                for statement in migration.statements {
                    try database.execute(sql: SQLDialect.sqlite.expand(statement))
                }
            }
        }
        return queue
    }

    private func insert(
        _ table: String,
        _ row: KeyValuePairs<String, (any DatabaseValueConvertible)?>,
        into queue: DatabaseQueue
    ) throws {
        let columns = row.map(\.key).joined(separator: ", ")
        let places = row.map { _ in "?" }.joined(separator: ", ")
        try queue.write { database in
            try database.execute(
                sql: "INSERT INTO \(table) (\(columns)) VALUES (\(places))",
                arguments: StatementArguments(row.map(\.value))
            )
        }
    }

    private func id() -> String { UUID().uuidString.lowercased() }

    private func addIssuer(to queue: DatabaseQueue) throws -> String {
        let issuer = id()
        try insert(
            "issuer",
            [
                "id": issuer, "name": "a", "key_generation": 1, "certificate": Data([1]), "chain": Data(),
                "public_url": "", "wrapped_key": Data([1]), "created_at": 1,
            ],
            into: queue
        )
        return issuer
    }

    private func addCredential(_ state: String, _ generation: Int, _ issuer: String, _ queue: DatabaseQueue) throws {
        try insert(
            "ra_credential",
            [
                "id": id(), "issuer_id": issuer, "generation": generation, "state": state, "certificate": Data([1]),
                "wrapped_key": Data([1]), "created_at": 1,
            ],
            into: queue
        )
    }

    private func addTransaction(
        _ state: String,
        _ issuer: String,
        _ queue: DatabaseQueue,
        key: String = UUID().uuidString,
        serial: Data = Data(Records.bytes(16)),
        toBeSigned: Data? = nil,
        endedAt: Int? = 1
    ) throws {
        let isOpen = toBeSigned != nil
        try insert(
            "enrollment_transaction",
            [
                "id": id(), "state": state, "profile": "a", "transaction_id": key, "signer_digest": Data([1]),
                "request_digest": Data(Records.bytes(8)), "public_key_digest": Data([1]), "request": Data([1]),
                "ra_profile": "a", "issuer_id": issuer, "serial_number": serial, "to_be_signed": toBeSigned,
                "lease_owner": isOpen ? id() : nil, "lease_until": isOpen ? 1 : nil, "reserved_at": 1,
                "ended_at": endedAt,
            ],
            into: queue
        )
    }

    private func addChallenge(_ kind: String, _ queue: DatabaseQueue, usedAt: Int? = nil, key: Data? = nil) throws {
        try insert(
            "challenge",
            [
                "id": id(), "profile": "a", "kind": kind, "lookup": Data(Records.bytes(8)), "created_at": 1,
                "used_at": usedAt, "used_by_key": key,
            ],
            into: queue
        )
    }

    @Test func namesExactlyTheStatesThatThereAre() throws {
        let queue = try database()
        let issuer = try addIssuer(to: queue)
        for (number, state) in RACredentialState.allCases.enumerated() {
            try addCredential(state.rawValue, number + 1, issuer, queue)
        }
        #expect(throws: DatabaseError.self) { try addCredential("Active", 9, issuer, queue) }
        for kind in ChallengeKind.allCases { try addChallenge(kind.rawValue, queue) }
        #expect(throws: DatabaseError.self) { try addChallenge("reusable", queue) }
        try addTransaction("issued", issuer, queue)
        try addTransaction("abandoned", issuer, queue)
        try addTransaction("reserved", issuer, queue, toBeSigned: Data([1]), endedAt: nil)
        #expect(throws: DatabaseError.self) { try addTransaction("done", issuer, queue) }
        for hold in ["transaction", "record", "ring", "other"] {
            let add = {
                try insert(
                    "trace",
                    [
                        "id": id(), "occurred_at": 1, "profile": "a", "is_authenticated": 1, "hold": hold,
                        "remote_address": "", "reason_code": "", "steps": "",
                    ],
                    into: queue
                )
            }
            if TraceHold(rawValue: hold) == nil {
                #expect(throws: DatabaseError.self) { try add() }
            } else {
                try add()
            }
        }
    }

    @Test func allowsOnlyCompleteTransactions() throws {
        let queue = try database()
        let issuer = try addIssuer(to: queue)
        #expect(throws: DatabaseError.self) { try addTransaction("reserved", issuer, queue) }
        #expect(throws: DatabaseError.self) { try addTransaction("reserved", issuer, queue, toBeSigned: Data([1])) }
        #expect(throws: DatabaseError.self) { try addTransaction("issued", issuer, queue, toBeSigned: Data([1])) }
        #expect(throws: DatabaseError.self) { try addTransaction("issued", issuer, queue, endedAt: nil) }
        #expect(throws: DatabaseError.self) { try addTransaction("issued", id(), queue) }
        #expect(throws: DatabaseError.self) { try addTransaction("issued", issuer, queue, serial: Data()) }
        let long = Data(repeating: 1, count: 21)
        #expect(throws: DatabaseError.self) { try addTransaction("issued", issuer, queue, serial: long) }
    }

    @Test func allowsOneOpenTransactionForEachKeyAndOneOfEachSerialNumber() throws {
        let queue = try database()
        let issuer = try addIssuer(to: queue)
        let open = Data([1])
        try addTransaction("reserved", issuer, queue, key: "k", toBeSigned: open, endedAt: nil)
        #expect(throws: DatabaseError.self) {
            try addTransaction("reserved", issuer, queue, key: "k", toBeSigned: open, endedAt: nil)
        }
        try addTransaction("issued", issuer, queue, key: "k", serial: Data([5]))
        #expect(throws: DatabaseError.self) { try addTransaction("abandoned", issuer, queue, serial: Data([5])) }
    }

    @Test func allowsOnlyUsedOneTimeChallenges() throws {
        let queue = try database()
        try addChallenge("one-time", queue, usedAt: 1, key: Data([1]))
        #expect(throws: DatabaseError.self) { try addChallenge("one-time", queue, usedAt: 1) }
        #expect(throws: DatabaseError.self) { try addChallenge("one-time", queue, key: Data([1])) }
        #expect(throws: DatabaseError.self) { try addChallenge("static", queue, usedAt: 1, key: Data([1])) }
    }

    @Test func holdsColumnsToTheirTypes() throws {
        let queue = try database()
        #expect(throws: DatabaseError.self) {
            try insert("configuration_version", ["id": 1, "version": "one"], into: queue)
        }
        try queue.read { database in
            let sloppy = try String.fetchAll(
                database,
                sql:
                    "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%'"
            )
            #expect(sloppy.isEmpty)
        }
    }

    @Test func migrationsAreNumberedWithoutGaps() {
        #expect(Migrations.all.map(\.version) == Array(1...Migrations.all.count))
        #expect(SQLDialect.sqlite.expand("a {{int64}} b {{text}}{{blob}} {{strict}}") == "a INTEGER b TEXTBLOB STRICT")
        let expanded = Migrations.all.flatMap(\.statements).map(SQLDialect.sqlite.expand)
        #expect(expanded.allSatisfy { !$0.contains("{{") })
    }
}

struct StatementTests {
    private static let statements = [
        TransactionSQL.add, TransactionSQL.hold, TransactionSQL.same, TransactionSQL.open, TransactionSQL.serialNumber,
        TransactionSQL.byID, TransactionSQL.finish, TransactionSQL.abandon, TransactionSQL.takeOver,
        CertificateSQL.add, CertificateSQL.byTransaction, CertificateSQL.bySerialNumber, CertificateSQL.page,
        CertificateSQL.count, ChallengeSQL.add, ChallengeSQL.byLookup, ChallengeSQL.page, ChallengeSQL.profilePage,
        ChallengeSQL.revoke, ChallengeSQL.claim, ChallengeSQL.state, ChallengeSQL.release, TraceSQL.add, TraceSQL.trim,
        TraceSQL.byTransaction, TraceSQL.page, TransactionSQL.outlive, ConfigurationSQL.version, ConfigurationSQL.count,
        ConfigurationSQL.issuers, ConfigurationSQL.addIssuer, ConfigurationSQL.raCredentials,
        ConfigurationSQL.addRACredential, ConfigurationSQL.scepProfile.all, ConfigurationSQL.scepProfile.add,
        ConfigurationSQL.scepProfile.replace, ConfigurationSQL.raProfile.all, ConfigurationSQL.raProfile.add,
        ConfigurationSQL.raProfile.replace, MigrationSQL.all, MigrationSQL.add,
    ]

    /// The tables' own migrations and the one that records them.
    private func database() throws -> DatabaseQueue {
        let queue = try DatabaseQueue()
        try queue.write { database in
            for statement in [MigrationSQL.createTable] + Migrations.all.flatMap(\.statements) {
                try database.execute(sql: SQLDialect.sqlite.expand(statement))
            }
        }
        return queue
    }

    @Test func numbersParametersAsSQLiteDoes() throws {
        try database().read { database in
            for statement in Self.statements {
                let arguments = try database.makeStatement(sql: statement.text)
                // With an argument too many or too few, or of another name, GRDB refuses.
                let named = Dictionary(uniqueKeysWithValues: statement.parameters.map { ($0, 1) })
                #expect(throws: Never.self) { try arguments.setArguments(StatementArguments(named)) }
                let positional = statement.parameters.map { _ in 1 }
                #expect(throws: Never.self) { try arguments.setArguments(StatementArguments(positional)) }
            }
        }
    }

    @Test func searchesEveryTableThroughAnIndex() throws {
        // Lists that are read whole, or in the order of an index.
        let scans = ["COUNT(*)", "FROM issuer", "FROM ra_credential", "scep_profile", "ra_profile", "schema_migration"]
        try database().read { database in
            for statement in Self.statements where !scans.contains(where: statement.text.contains) {
                let arguments = StatementArguments(statement.parameters.map { _ in 1 })
                let plan = try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + statement.text, arguments: arguments)
                for step in plan {
                    let detail: String = step["detail"]
                    let isWhole = detail.hasPrefix("SCAN") && !detail.contains("USING") && !detail.contains("CONSTANT")
                    #expect(!isWhole, "\(detail) in \(statement.text)")
                }
            }
        }
    }

    @Test func refusesValuesThatTheStatementDoesNotName() async throws {
        let queue = try database()
        try await queue.write { database in
            let connection = Storage.SQLiteConnection(database: database)
            let statement = SQLStatement("SELECT 1 WHERE :a = :b AND :b = :a")
            #expect(statement.parameters == ["a", "b"])
            #expect(throws: StoreError.self) { try connection.execute(statement, ["a": .null]) }
            #expect(throws: StoreError.self) { try connection.execute(statement, ["a": .null, "c": .null]) }
            let swapped = try connection.query(
                SQLStatement("SELECT :a, :b, :a"),
                ["b": .int64(2), "a": .text("one")]
            ) { row throws(StoreError) in "\(try row.text())\(try row.int64())\(try row.text())" }
            #expect(swapped == ["one2one"])
        }
    }
}
