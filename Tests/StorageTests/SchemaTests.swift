// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import GRDB
import PKIX
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

    private func addApproval(
        _ state: String,
        _ issuer: String,
        _ queue: DatabaseQueue,
        key: String = UUID().uuidString,
        decidedAt: Int? = nil,
        decidedBy: String? = nil,
        transaction: String? = nil,
        sealed: Data? = nil
    ) throws {
        try insert(
            "approval",
            [
                "id": id(), "state": state, "profile": "a", "transaction_id": key, "signer_digest": Data([1]),
                "request_digest": Data([1]), "public_key_digest": Data([1]), "request": Data([1]), "subject": "",
                "ra_profile": "a", "issuer_id": issuer, "sealed_challenge": sealed, "remote_address": "",
                "created_at": 1, "expires_at": 2, "decided_at": decidedAt, "decided_by": decidedBy,
                "issued_transaction": transaction,
            ],
            into: queue
        )
    }

    @Test func allowsOnlyCompleteApprovals() throws {
        let queue = try database()
        let issuer = try addIssuer(to: queue)
        try addTransaction("issued", issuer, queue, key: "k")
        let transaction = try queue.read { try String.fetchOne($0, sql: "SELECT id FROM enrollment_transaction") }
        let sealed = Data([1])
        for state in ApprovalState.allCases {
            let isDecided = state == .approved || state == .denied
            try addApproval(
                state.rawValue,
                issuer,
                queue,
                decidedAt: state == .pending ? nil : 1,
                decidedBy: isDecided ? "operator" : nil,
                transaction: state == .approved ? transaction : nil,
                sealed: state == .pending || state == .approved ? sealed : nil
            )
        }
        let refused: [() throws -> Void] = [
            { try addApproval("waiting", issuer, queue) },
            { try addApproval("pending", id(), queue) },
            { try addApproval("pending", issuer, queue, decidedAt: 1) },
            { try addApproval("pending", issuer, queue, decidedBy: "operator") },
            { try addApproval("pending", issuer, queue, transaction: transaction) },
            { try addApproval("approved", issuer, queue, decidedAt: 1, decidedBy: "operator") },
            { try addApproval("approved", issuer, queue, decidedAt: 1, decidedBy: "operator", transaction: id()) },
            // The second one of the same transaction.
            {
                try addApproval(
                    "approved",
                    issuer,
                    queue,
                    decidedAt: 1,
                    decidedBy: "operator",
                    transaction: transaction
                )
            },
            { try addApproval("denied", issuer, queue, decidedAt: 1) },
            { try addApproval("denied", issuer, queue, decidedAt: 1, decidedBy: "operator", sealed: sealed) },
            { try addApproval("expired", issuer, queue) },
            { try addApproval("expired", issuer, queue, decidedAt: 1, decidedBy: "operator") },
        ]
        for add in refused { #expect(throws: DatabaseError.self) { try add() } }
        try addApproval("pending", issuer, queue, key: "k")
        #expect(throws: DatabaseError.self) { try addApproval("pending", issuer, queue, key: "k") }
        try addApproval("expired", issuer, queue, key: "k", decidedAt: 1)
    }

    @Test func allowsOnlyWholeRevocations() throws {
        let queue = try database()
        let issuer = try addIssuer(to: queue)
        func add(_ at: Int?, _ reason: Int?) throws {
            try insert(
                "certificate",
                [
                    "id": id(), "issuer_id": issuer, "serial_number": Data(Records.bytes(16)), "der": Data([1]),
                    "subject": "", "public_key_digest": Data([1]), "profile": "a", "not_before": 1, "not_after": 1,
                    "issued_at": 1, "crl_shard": 0, "revoked_at": at, "revocation_reason": reason,
                ],
                into: queue
            )
        }
        try add(nil, nil)
        for reason in 0...255 {
            if RevocationReason(rawValue: UInt8(reason)) != nil {
                try add(1, reason)
            } else {
                #expect(throws: DatabaseError.self) { try add(1, reason) }
            }
        }
        #expect(throws: DatabaseError.self) { try add(1, nil) }
        #expect(throws: DatabaseError.self) { try add(nil, 1) }
        func addList(_ number: Int, shard: Int = 0) throws {
            try insert(
                "certificate_list",
                [
                    "issuer_id": issuer, "shard": shard, "number": number, "this_update": 1, "next_update": 1,
                    "der": Data([1]), "revision": 0,
                ],
                into: queue
            )
        }
        #expect(throws: DatabaseError.self) { try addList(0) }
        #expect(throws: DatabaseError.self) { try addList(1, shard: -1) }
        try addList(1)
        #expect(throws: DatabaseError.self) { try addList(2) }
    }

    @Test func allowsAChallengeOneUserOnly() throws {
        let queue = try database()
        let issuer = try addIssuer(to: queue)
        try addTransaction("issued", issuer, queue)
        try addApproval("pending", issuer, queue)
        try addChallenge("one-time", queue, usedAt: 1, key: Data([1]))
        try addChallenge("one-time", queue)
        func use(_ condition: String, _ assignments: String) throws {
            try queue.write { try $0.execute(sql: "UPDATE challenge SET \(assignments) WHERE used_at \(condition)") }
        }
        let approval = "used_by_approval = (SELECT id FROM approval)"
        let transaction = "used_by_transaction = (SELECT id FROM enrollment_transaction)"
        #expect(throws: DatabaseError.self) { try use("IS NULL", approval) }
        #expect(throws: DatabaseError.self) { try use("= 1", "\(approval), \(transaction)") }
        #expect(throws: DatabaseError.self) { try use("= 1", "used_by_approval = '\(id())'") }
        try use("= 1", approval)
    }

    @Test func bindsOneTimeChallengesOnly() throws {
        let queue = try database()
        for kind in ChallengeKind.allCases { try addChallenge(kind.rawValue, queue) }
        for (column, value) in [("bound_subject", "x'3000'"), ("bound_names", "x'3000'"), ("bound_key_type", "'RSA'")] {
            func bind(_ kind: ChallengeKind) throws {
                let sql = "UPDATE challenge SET \(column) = \(value) WHERE kind = ?"
                try queue.write { try $0.execute(sql: sql, arguments: [kind.rawValue]) }
            }
            try bind(.oneTime)
            #expect(throws: DatabaseError.self) { try bind(.static) }
        }
    }

    @Test func namesTheStatesOfIssuers() throws {
        let queue = try database()
        _ = try addIssuer(to: queue)
        func move(_ state: String) throws {
            try queue.write { try $0.execute(sql: "UPDATE issuer SET state = ?", arguments: [state]) }
        }
        #expect(try queue.read { try String.fetchOne($0, sql: "SELECT state FROM issuer") } == "active")
        for state in IssuerState.allCases { try move(state.rawValue) }
        #expect(throws: DatabaseError.self) { try move("retired") }
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
