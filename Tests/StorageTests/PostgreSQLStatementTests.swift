// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import TestSupport
import Testing

@testable import Storage

@Suite(.enabled(if: PostgreSQLServer.isInstalled, "PostgreSQL is not installed."))
struct PostgreSQLStatementTests {
    @Test func numbersParametersByTheirFirstAppearance() {
        let text = PostgreSQLText("SELECT :b, :a, ':c', \":d\", 'it''s :e', :b::int8, :a_1 -- :f\n, /* :g */ : 1")
        #expect(text.text == "SELECT $1, $2, ':c', \":d\", 'it''s :e', $1::int8, $3 -- :f\n, /* :g */ : 1")
        #expect(text.parameters == ["b", "a", "a_1"])
    }

    @Test func agreesWithTheStatementsOnTheirParameters() {
        let statements = [
            TransactionSQL.add, TransactionSQL.takeOver, ApprovalSQL.add, ChallengeSQL.claim, CertificateSQL.add,
            RevocationSQL.put, TraceSQL.byTransaction, ConfigurationSQL.raProfile.replace,
        ]
        for statement in statements {
            #expect(PostgreSQLText(statement.text).parameters == statement.parameters)
        }
    }

    @Test func givesBackWhatItIsGiven() async throws {
        let connection = try await PostgreSQLFixture().connect()
        let big = [UInt8]((0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
        let id = UUID()
        let texts = ["", "a", "\u{1}\t\n\\'\"", "\u{202E}é\u{1F600}", String(repeating: "x", count: 100_000)]
        for number in [Int64.min, -1, 0, 1, 255, 256, .max] {
            #expect(try connection.integers("SELECT :n", ["n": .int64(number)]) == [number])
        }
        for text in texts { #expect(try connection.texts("SELECT :t", ["t": .text(text)]) == [text]) }
        #expect(try connection.texts("SELECT :u", ["u": .uuid(id)]) == [id.uuidString.lowercased()])
        for blob in [[], [0], [0, 255, 39, 92], big] {
            let found = try connection.query(SQLStatement("SELECT :b"), ["b": .blob(blob)]) { row throws(StoreError) in
                try row.blob()
            }
            #expect(found == [blob])
        }
    }

    @Test func givesBackNullOfEachType() async throws {
        let connection = try await PostgreSQLFixture().connect()
        let statement = SQLStatement("SELECT :n, :t, :b, CAST(:n AS int8) IS NULL")
        let values: SQLValues = ["n": .null(.int64), "t": .null(.text), "b": .null(.blob)]
        let found = try connection.query(statement, values) { row throws(StoreError) in
            let isNull = [
                try row.optional { reader throws(StoreError) in try reader.int64() } == nil,
                try row.optional { reader throws(StoreError) in try reader.text() } == nil,
                try row.optional { reader throws(StoreError) in try reader.blob() } == nil,
            ]
            return isNull + [try row.boolean()]
        }
        #expect(found == [[true, true, true, true]])
    }

    @Test func putsAPictureInPlaceOfTheNullCharacter() async throws {
        let connection = try await PostgreSQLFixture().connect()
        #expect(try connection.texts("SELECT :t", ["t": .text("a\u{0}b\u{0}")]) == ["a\u{2400}b\u{2400}"])
        try connection.execute("CREATE TABLE note (text TEXT)")
        try connection.execute("INSERT INTO note VALUES (:t)", ["t": .text("\u{0}")])
        #expect(try connection.integers("SELECT COUNT(*) FROM note WHERE text = :t", ["t": .text("\u{0}")]) == [1])
    }

    @Test func refusesColumnsOfAnotherType() async throws {
        let connection = try await PostgreSQLFixture().connect()
        let wrong = StoreError.corrupted("A column has another type than this program writes.")
        #expect(throws: wrong) { try connection.integers("SELECT CAST('1' AS text)") }
        #expect(throws: wrong) { try connection.texts("SELECT 1") }
        #expect(throws: wrong) { try connection.integers("SELECT 1.5") }
        #expect(throws: wrong) { try connection.integers("SELECT CAST(NULL AS int8)") }
        #expect(throws: wrong) {
            try connection.query(SQLStatement("SELECT 1"), [:]) { row throws(StoreError) in
                _ = try row.int64()
                return try row.int64()
            }
        }
        #expect(try connection.integers("SELECT -5") == [-5])
        #expect(try connection.integers("SELECT CAST(-5 AS int2)") == [-5])
        #expect(try connection.integers("SELECT COUNT(*) FROM pg_class WHERE relname = 'nothing'") == [0])
        #expect(try connection.integers("SELECT 1 = 1") == [1])
    }

    @Test func refusesValuesThatAStatementDoesNotName() async throws {
        let connection = try await PostgreSQLFixture().connect()
        let statement = SQLStatement("SELECT :a, :b, :a")
        await expectUnavailable("wrong parameters") { try connection.execute(statement, ["a": .int64(1)]) }
        await expectUnavailable("wrong parameters") {
            try connection.execute(statement, ["a": .int64(1), "c": .int64(1)])
        }
        let swapped = try connection.query(statement, ["b": .int64(2), "a": .text("one")]) { row throws(StoreError) in
            "\(try row.text())\(try row.int64())\(try row.text())"
        }
        #expect(swapped == ["one2one"])
    }

    @Test func preparesAStatementOnceForItsTypes() async throws {
        let connection = try await PostgreSQLFixture().connect()
        let statement = SQLStatement("SELECT CAST(:a AS text)")
        let count = "SELECT COUNT(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT CAST($1%'"
        for number in 0..<3 {
            let found = try connection.query(statement, ["a": .integer(number)]) { row throws(StoreError) in
                try row.text()
            }
            #expect(found == ["\(number)"])
        }
        #expect(try connection.integers(count) == [1])
        #expect(
            try connection.query(statement, ["a": .text("x")]) { row throws(StoreError) in try row.text() } == ["x"]
        )
        #expect(try connection.integers(count) == [2])
    }

    @Test func countsTheRowsThatItChanges() async throws {
        let connection = try await PostgreSQLFixture().connect()
        #expect(try connection.execute("CREATE TABLE number (n BIGINT PRIMARY KEY)") == 0)
        #expect(try connection.execute("INSERT INTO number SELECT generate_series(1, 5)") == 5)
        #expect(try connection.execute("UPDATE number SET n = n + 10 WHERE n > 3") == 2)
        #expect(try connection.execute("INSERT INTO number VALUES (1) ON CONFLICT DO NOTHING") == 0)
        #expect(try connection.execute("DELETE FROM number") == 5)
    }

    @Test func saysNothingOfValues() async throws {
        let connection = try await PostgreSQLFixture().connect()
        try connection.execute("CREATE TABLE secret (code TEXT UNIQUE CHECK (length(code) < 20))")
        try connection.execute("INSERT INTO secret VALUES (:c)", ["c": .text("hush-hush")])
        let attempts: [(String, SQLValue)] = [
            ("INSERT INTO secret VALUES (:c)", .text("hush-hush")),
            ("INSERT INTO secret VALUES (:c)", .text("hush-hush-hush-hush-hush")),
            ("SELECT CAST(CAST(:c AS text) AS int8)", .text("hush-hush")),
            ("SELECT * FROM nothing WHERE code = :c", .text("hush-hush")),
        ]
        for (text, value) in attempts {
            let error = #expect(throws: StoreError.self) { try connection.execute(text, ["c": value]) }
            #expect("\(try #require(error))".contains("hush") == false)
        }
        #expect(
            throws: StoreError.conflict(
                #"The database refuses the change: duplicate key value violates unique constraint "secret_code_key"."#
            )
        ) { try connection.execute("INSERT INTO secret VALUES (:c)", ["c": .text("hush-hush")]) }
    }

    @Test func takesTurnsByNumbersThatNeverChange() {
        func number(_ profile: String, _ transactionID: String, _ digest: String) -> UInt64 {
            let key = TransactionKey(profile: profile, transactionID: transactionID, signerDigest: Array(digest.utf8))
            return UInt64(bitPattern: PostgreSQLConnection.lockNumber(key))
        }
        // FNV's authors: a text without its final zero, one byte less, continued by that zero.
        let vector: UInt64 = 0x8594_4171_F739_67E8
        #expect(number("", "", "foobar") == vector &* 0x100_0000_01B3)
        #expect(number("", "", "foo") != number("", "", "bar"))
        #expect(number("foobar", "", "") == number("", "", "foobar"))
        #expect(number("a", "b", "") != number("", "ab", ""))
    }
}
