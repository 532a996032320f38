// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import GRDB
import Synchronization

@testable import Storage

/// A database with rows in every table, made by SQL alone.
enum FullState {
    /// Fills a database that has no rows yet.
    ///
    /// - Parameters:
    ///   - path: the file, which is closed.
    ///   - count: how many rows each of the large tables gets.
    ///   - size: how many bytes a request has.
    /// - Throws: what SQLite says.
    static func fill(_ path: String, count: Int, size: Int = 200) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { database in
            for statement in configuration + [
                transactions, certificates, certificateTerms, approvals, votes, challenges, usedChallenges,
                registrations, uniqueCertificates, traces, operators, tokens, idempotentRequests, auditStreams,
                auditEvents, auditCheckpoints, auditOutputs, auditOutputPositions,
            ] {
                try database.execute(
                    sql: statement,
                    arguments: statement.contains(":") ? arguments(statement, count, size) : [:]
                )
            }
        }
        try queue.close()
    }

    private static func arguments(_ statement: String, _ count: Int, _ size: Int) -> StatementArguments {
        statement.contains(":size") ? ["count": count, "size": size] : ["count": count]
    }

    static let issuer = "00000000-0000-7000-8000-000000000001"

    private static let configuration = [
        """
        INSERT INTO issuer (id, name, key_generation, certificate, chain, public_url, wrapped_key, created_at, state)
        VALUES ('\(issuer)', 'a', 1, x'01', x'', '', x'02', 1, 'former'),
            ('00000000-0000-7000-8000-000000000002', 'a', 2, x'01', x'03', 'http://a', x'02', 2, 'active')
        """,
        """
        INSERT INTO ra_credential VALUES
            ('00000000-0000-7000-8000-000000000001', '\(issuer)', 1, 'retired', x'01', NULL, x'02', 1),
            ('00000000-0000-7000-8000-000000000002', '\(issuer)', 2, 'active', x'01', x'', x'02', 1)
        """,
        "INSERT INTO scep_profile VALUES ('00000000-0000-7000-8000-000000000001', 'default', 1, '{\"a\":\"ä€😀\"}', 3)",
        "INSERT INTO ra_profile VALUES ('00000000-0000-7000-8000-000000000001', 'default', 0, '{}', 1)",
        """
        INSERT INTO alternate_authority VALUES
            ('00000000-0000-7000-8000-000000000001', 'other', x'01', NULL, -5),
            ('00000000-0000-7000-8000-000000000002', 'another', x'01', x'02', 9007199254740993)
        """,
        "INSERT INTO revocation_count VALUES ('\(issuer)', 0, 7), ('\(issuer)', 10, 1), ('\(issuer)', 9, 2)",
        "INSERT INTO certificate_list VALUES ('\(issuer)', 0, 5, 1, 2, x'0102', 7), ('\(issuer)', 2, 1, 1, 2, x'', 0)",
        "UPDATE configuration_version SET version = 17",
    ]

    private static let numbers = """
        WITH RECURSIVE number (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < :count)
        """

    /// Ids that do not come in the order of the numbers.
    private static func id(_ kind: Int) -> String { "printf('%04x%04x-0000-7000-8000-%012x', i % 16, \(kind), i)" }

    private static let transactions = """
        \(numbers)
        INSERT INTO enrollment_transaction
        SELECT \(id(1)), CASE i % 3 WHEN 0 THEN 'reserved' WHEN 1 THEN 'issued' ELSE 'abandoned' END, 'default',
            'id-' || i || CASE i % 5 WHEN 0 THEN char(0) || 'x' ELSE '' END, x'01', x'02', x'03', randomblob(:size),
            'default', '\(issuer)', CAST(printf('%012x', i) AS BLOB), CASE i % 3 WHEN 0 THEN x'04' END,
            CASE i % 3 WHEN 0 THEN 'me' END, CASE i % 3 WHEN 0 THEN i END, NULL, i,
            CASE i % 3 WHEN 0 THEN NULL ELSE i END
        FROM number
        """

    private static let certificates = """
        \(numbers)
        INSERT INTO certificate
        SELECT \(id(2)), CASE i % 3 WHEN 1 THEN \(id(1)) END, '\(issuer)', CAST(printf('%012x', i) AS BLOB),
            randomblob(90), 'CN=' || i, x'05', 'default', i, i, i, i % 4, CASE i % 7 WHEN 0 THEN i END,
            CASE i % 7 WHEN 0 THEN 4 END, CASE i % 5 WHEN 0 THEN NULL ELSE 'cn=' || i END
        FROM number
        """

    private static let certificateTerms = """
        \(numbers)
        INSERT INTO certificate_term SELECT (i % 3 - 1) * 9007199254740993, \(id(2)) FROM number
        """

    private static let approvals = """
        \(numbers)
        INSERT INTO approval
        SELECT \(id(3)), CASE i % 3 WHEN 1 THEN 'approved' ELSE 'pending' END, 'default', 'id-' || i, x'01', x'02', x'03',
            randomblob(50), '', 'default', '\(issuer)', NULL, x'06', '', i, i, CASE i % 3 WHEN 1 THEN i END,
            CASE i % 3 WHEN 1 THEN 'me' END, NULL, CASE i % 3 WHEN 1 THEN \(id(1)) END,
            CASE i % 3 WHEN 2 THEN '{"token.sub":["device-' || i || '"]}' END, 1 + i % 2
        FROM number
        """

    private static let votes = """
        \(numbers)
        INSERT INTO approval_vote
        SELECT \(id(3)), CASE i % 2 WHEN 1 THEN 'anna' ELSE 'b' || i END, i, CASE i % 3 WHEN 1 THEN 'known' END FROM number
        """

    private static let challenges = """
        \(numbers)
        INSERT INTO challenge (
            id, profile, kind, lookup, name, created_at, expires_at, revoked_at, used_at, used_by_key, used_by_transaction,
            used_by_approval, is_generated, transaction_id, sealed_code,
            bound_subject, bound_names, bound_key_type, ra_profile, device, maker
        )
        SELECT \(id(4)), 'default', 'one-time', CAST('' || i AS BLOB), NULL, i, NULL, NULL,
            CASE i % 3 WHEN 2 THEN NULL ELSE i END, CASE i % 3 WHEN 2 THEN NULL ELSE x'07' END,
            CASE i % 3 WHEN 1 THEN \(id(1)) END, CASE i % 3 WHEN 0 THEN \(id(3)) END, i % 2, NULL, NULL,
            CASE i % 4 WHEN 1 THEN randomblob(20) END, CASE i % 4 WHEN 2 THEN x'3000' END,
            CASE i % 4 WHEN 3 THEN 'RSA-2048' END, CASE i % 5 WHEN 1 THEN 'default' END,
            CASE i % 5 WHEN 2 THEN 'device ' || i END,
            CASE i % 2 WHEN 1 THEN 'operator:anna' END
        FROM number
        """

    private static let registrations = """
        \(numbers)
        INSERT INTO registration (
            id, profile, name, comparable_name, lookup, is_generated, ra_profile, bound_subject, bound_names, bound_key_type,
            attributes, uses, created_at, expires_at, revoked_at, failed_guesses, last_guess, locked_at,
            used_at, used_by_key, used_by_transaction, used_by_approval, maker
        )
        SELECT \(id(6)), 'default', 'Gerät-' || i, 'gerät-' || i, x'09', i % 2, CASE i % 4 WHEN 0 THEN 'default' END,
            CASE i % 4 WHEN 1 THEN randomblob(20) END, CASE i % 4 WHEN 2 THEN x'3000' END,
            CASE i % 4 WHEN 3 THEN 'RSA-2048' END, CASE i % 5 WHEN 2 THEN '{"registration.site":["b' || i || '"]}' END,
            'once', i, CASE i % 5 WHEN 1 THEN i END, CASE i % 7 WHEN 1 THEN i END, i % 10,
            CASE i % 10 WHEN 0 THEN NULL ELSE x'08' END, CASE i % 10 WHEN 9 THEN i END,
            CASE i % 3 WHEN 2 THEN NULL ELSE i END, CASE i % 3 WHEN 2 THEN NULL ELSE x'07' END,
            CASE i % 3 WHEN 1 THEN \(id(1)) END, CASE i % 3 WHEN 0 THEN \(id(3)) END, CASE i % 2 WHEN 1 THEN 'local:root' END
        FROM number
        """

    private static let uniqueCertificates = """
        \(numbers)
        INSERT INTO unique_certificate (
            transaction_id, ra_profile, subject_digest, public_key_digest, serial_number, is_renewed, renews,
            replaces_after, revoke_at
        )
        SELECT \(id(1)), 'default', CAST('' || i AS BLOB), x'05', CAST(printf('%012x', i) AS BLOB), i % 2,
            CASE i % 3 WHEN 1 THEN x'0a' END, CASE i % 4 WHEN 1 THEN i END, CASE i % 5 WHEN 1 THEN i END
        FROM number
        """

    private static let usedChallenges = """
        \(numbers)
        INSERT INTO used_challenge
        SELECT printf('%04x%060x', i % 16, i), 'default', 'portal', x'07', i, i + 600,
            CASE i % 2 WHEN 1 THEN \(id(1)) END, CASE i % 2 WHEN 0 THEN \(id(3)) END
        FROM number
        """

    private static let traces = """
        \(numbers)
        INSERT INTO trace
        SELECT \(id(5)), i, 'default', 'id-' || i, i % 2, 'ring', '127.0.0.1', 'issued', '[]' FROM number
        """

    private static let operators = """
        \(numbers)
        INSERT INTO operator
        SELECT \(id(7)), 'op-' || i, CASE i % 2 WHEN 1 THEN '$scrypt$' || i END, 'administrator approver',
            CASE i % 3 WHEN 1 THEN 'default' END, i % 2, i, 1 + i % 4
        FROM number
        """

    private static let tokens = """
        \(numbers)
        INSERT INTO api_token
        SELECT \(id(8)), 'mdm', CASE i % 3 WHEN 1 THEN \(id(7)) END, 'code-issuer', CASE i % 2 WHEN 1 THEN 'a b' END,
            CAST('' || i AS BLOB), i, i + 9, CASE i % 4 WHEN 1 THEN i END, CASE i % 5 WHEN 1 THEN i END
        FROM number
        """

    private static let idempotentRequests = """
        \(numbers)
        INSERT INTO idempotent_request
        SELECT 'token:' || (i % 7), 'key-' || i, x'0b', CASE i % 2 WHEN 1 THEN randomblob(40) END, i, i + 86400 FROM number
        """

    private static let auditStreams = """
        \(numbers)
        INSERT INTO audit_stream SELECT \(id(7)), i, 'here ' || i, randomblob(32) FROM number
        """

    private static let auditEvents = """
        \(numbers)
        INSERT INTO audit_event
        SELECT \(id(7)), 1 + i % 3, randomblob(32), randomblob(32), i, CASE i % 2 WHEN 0 THEN \(id(1)) END, 'profile.set',
            'local:a', 'local', CASE i % 3 WHEN 0 THEN 'profile ä' END, NULL, CASE i % 4 WHEN 0 THEN '{}' END,
            CASE i % 5 WHEN 0 THEN '{"a":1}' END, 'done'
        FROM number
        """

    private static let auditCheckpoints = """
        \(numbers)
        INSERT INTO audit_checkpoint SELECT i, i, 'here', randomblob(56), randomblob(32), randomblob(32) FROM number
        """

    private static let auditOutputs = "INSERT INTO audit_output VALUES ('file:/a', 'me', 1), ('udp://a:514', 'me', 2)"

    private static let auditOutputPositions = """
        \(numbers)
        INSERT INTO audit_output_position SELECT 'file:/a', \(id(7)), i FROM number
        """

    /// All rows of the copied tables, in the order of their keys.
    ///
    /// GRDB ends a text at U+0000; as a blob it comes whole.
    static func rows(_ path: String) throws -> [String: [[DatabaseValue]]] {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.read { database in
            var rows: [String: [[DatabaseValue]]] = [:]
            for table in CopiedTable.all {
                let key = table.key.map(\.name).joined(separator: ", ")
                let columns = table.columns.map { $0.type == .text ? "CAST(\($0.name) AS BLOB)" : $0.name }
                let sql = "SELECT \(columns.joined(separator: ", ")) FROM \(table.name) ORDER BY \(key)"
                rows[table.name] = try Row.fetchAll(database, sql: sql).map { row in
                    zip(table.columns, row.databaseValues).map { column, value in
                        guard column.type == .text, case .blob(let bytes) = value.storage else { return value }
                        return String(decoding: bytes, as: UTF8.self).databaseValue
                    }
                }
            }
            return rows
        }
    }

    /// Makes the database that version 1 wrote.
    static func makeVersion1(_ path: String) throws {
        let fixture = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures/state-v1/state.sql")
        // The rows stand in the order of the tables' names.
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let sql = try String(contentsOf: fixture, encoding: .utf8)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }
}

/// Counts calls from anywhere.
final class Counter: Sendable {
    private let count = Atomic(0)

    /// How many there are with this one.
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
