// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import GRDB
import Testing

@testable import Storage

/// Somebody changes rows of the audit log by hand, and `verify` names them.
@Suite struct AuditTamperingTests {
    /// A log of two streams, the first of five events and the second of two, with checkpoints after the third and the sixth event.
    private final class Log {
        let fixture: SQLiteFixture
        let first: String
        let second: String

        init() async throws {
            fixture = try SQLiteFixture()
            let store = try fixture.open(.create)
            try await store.apply([.addIssuer(Records.issuer)])
            for _ in 0..<2 { try await store.issue() }
            try await store.writeAuditCheckpoint(at: Records.issuer.createdAt)
            for _ in 0..<2 { try await store.issue() }
            try await store.close()
            let other = try fixture.open(.existing)
            try await other.issue()
            try await other.writeAuditCheckpoint(at: Records.issuer.createdAt)
            try await other.issue()
            try await other.close()
            let queue = try DatabaseQueue(path: fixture.path)
            defer { try? queue.close() }
            let streams = try await queue.read {
                try String.fetchAll($0, sql: "SELECT id FROM audit_stream ORDER BY rowid")
            }
            (first, second) = (streams[0], streams[1])
        }

        func change(_ sql: String) throws {
            var configuration = Configuration()
            configuration.foreignKeysEnabled = false
            let queue = try DatabaseQueue(path: fixture.path, configuration: configuration)
            defer { try? queue.close() }
            try queue.write {
                try $0.execute(sql: sql.replacing("$1", with: "'\(first)'").replacing("$2", with: "'\(second)'"))
            }
        }

        func findings() async throws -> [AuditFinding] {
            let store = try fixture.open(.existing)
            let findings = try await AuditVerifier.verify(store, .unsealed).findings
            try await store.close()
            return findings
        }
    }

    @Test func findsNothingInALogThatNobodyTouched() async throws {
        #expect(try await Log().findings() == [])
    }

    @Test(arguments: [
        ("UPDATE audit_event SET actor = 'x' WHERE stream = $1 AND sequence = 3", "event $1 3", "was changed"),
        ("UPDATE audit_event SET after_json = NULL WHERE stream = $1 AND sequence = 3", "event $1 3", "was changed"),
        (
            "UPDATE audit_event SET occurred_at = occurred_at + 1 WHERE stream = $2 AND sequence = 2", "event $2 2",
            "was changed"
        ),
        ("UPDATE audit_event SET hash = zeroblob(32) WHERE stream = $1 AND sequence = 2", "event $1 2", "was changed"),
        (
            "UPDATE audit_event SET previous_hash = zeroblob(32) WHERE stream = $1 AND sequence = 2", "event $1 2",
            "follow"
        ),
        (
            "DELETE FROM audit_event WHERE stream = $1 AND sequence = 3", "event $1 4",
            "event 3 of the stream is missing"
        ),
        (
            "DELETE FROM audit_event WHERE stream = $1 AND sequence < 3", "event $1 3",
            "events 1 to 2 of the stream are missing"
        ),
        ("DELETE FROM audit_event WHERE stream = $1 AND sequence > 3", "event $1 5", "last ones were removed"),
        ("DELETE FROM audit_event WHERE stream = $1", "event $1 5", "whole stream is missing"),
        (
            "DELETE FROM audit_event WHERE stream = $1; DELETE FROM audit_stream WHERE id = $1", "event $1 5",
            "whole stream is missing"
        ),
        ("DELETE FROM audit_stream WHERE id = $2", "stream $2", "missing"),
        ("UPDATE audit_stream SET writer = 'x' WHERE id = $2", "stream $2", "was changed"),
        (
            """
            INSERT INTO audit_event SELECT stream, 3, previous_hash, hash, occurred_at, act_id, action, actor, origin,
                target, before_json, after_json, input_json, outcome FROM audit_event WHERE stream = $2 AND sequence = 2
            """, "event $2 3", "put in"
        ),
        (
            """
            UPDATE audit_event SET sequence = 100 WHERE stream = $1 AND sequence = 2;
            UPDATE audit_event SET sequence = 2 WHERE stream = $1 AND sequence = 3;
            UPDATE audit_event SET sequence = 3 WHERE stream = $1 AND sequence = 100
            """, "event $1 2", "exchanged"
        ),
        ("UPDATE audit_checkpoint SET occurred_at = 1 WHERE number = 1", "checkpoint 1", "was changed"),
        ("UPDATE audit_checkpoint SET heads = zeroblob(56) WHERE number = 2", "checkpoint 2", "was changed"),
        ("UPDATE audit_checkpoint SET heads = x'01' WHERE number = 2", "checkpoint 2", "was changed"),
        ("DELETE FROM audit_checkpoint WHERE number = 1", "checkpoint 2", "checkpoint 1 is missing"),
        ("UPDATE audit_checkpoint SET hash = zeroblob(32) WHERE number = 1", "checkpoint 2", "follow"),
    ])
    func namesTheRowThatWasChanged(_ sql: String, _ row: String, _ words: String) async throws {
        let log = try await Log()
        try log.change(sql)
        let named = row.replacing("$1", with: log.first).replacing("$2", with: log.second)
        let findings = try await log.findings()
        #expect(findings.contains { $0.row == named && $0.sentence.contains(words) }, "\(findings)")
    }

    @Test func aRowInTheWayOfTheNextEventCostsOneWriteAtMost() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        let queue = try DatabaseQueue(path: fixture.path)
        try await queue.write {
            try $0.execute(
                sql: """
                    INSERT INTO audit_event SELECT stream, 2, previous_hash, hash, occurred_at, act_id, action, actor,
                        origin, target, before_json, after_json, input_json, outcome FROM audit_event
                    """
            )
        }
        await #expect(throws: StoreError.self) { try await store.add([Records.challenge()], limit: nil) }
        for _ in 0..<3 { try await store.issue() }
        #expect(try await store.certificateCount() == 3)
        let verifier = try await AuditVerifier.verify(store, .unsealed)
        #expect(verifier.streamCount == 2)
        #expect(verifier.findings.allSatisfy { $0.row.hasSuffix(" 2") } && !verifier.findings.isEmpty)
        try await store.close()
    }

    @Test func theLastNumberThereCanBeStopsNobody() async throws {
        let log = try await Log()
        try log.change(
            """
            INSERT INTO audit_checkpoint SELECT 9223372036854775807, occurred_at, writer, heads, previous_hash, hash
                FROM audit_checkpoint WHERE number = 1;
            UPDATE audit_event SET occurred_at = 9223372036854775807 WHERE stream = $1 AND sequence = 2;
            UPDATE audit_event SET occurred_at = -9223372036854775808 WHERE stream = $1 AND sequence = 3
            """
        )
        let findings = try await log.findings()
        for row in ["checkpoint 9223372036854775807", "event \(log.first) 2", "event \(log.first) 3"] {
            #expect(findings.contains { $0.row == row }, "\(row)")
        }
        let store = try log.fixture.open(.existing)
        try await store.issue()
        await expect(.corrupted) { try await store.writeAuditCheckpoint(at: Records.issuer.createdAt) }
        for record in try await store.newestAuditEvents(AuditFilter(), behind: nil, limit: 99) {
            #expect(Int64(exactly: (record.event.at.timeIntervalSince1970 * 1000).rounded()) != nil)
        }
        try await store.close()
    }

    @Test func checkpointsInWhateverOrderAreFindings() {
        func checkpoint(_ number: Int64) -> AuditCheckpointRecord {
            AuditCheckpointRecord(number: number, at: Date(), writer: "a", heads: [], previousHash: [], hash: [])
        }
        var verifier = AuditVerifier(.unsealed)
        for number: Int64 in [.max, .max, .min, 0, 1, .max - 1] { verifier.check(checkpoint(number)) }
        #expect(verifier.findingCount == 12)
    }

    @Test func anotherMasterKeysRowsFitNowhere() async throws {
        let log = try await Log()
        let store = try log.fixture.open(.existing)
        let other = AuditSeal { bytes in Array(bytes.prefix(32)) }
        #expect(try await AuditVerifier.verify(store, other).findingCount >= 9)
        try await store.close()
    }

    @Test func afterACommitThatFailedAnotherStreamIsBegun() async throws {
        let failing = Counter()
        var options = SQLiteOptions()
        options.commitFailure = { failing.next() == 3 ? .unavailable("planted") : nil }
        let fixture = try SQLiteFixture(options)
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        try await store.issue()
        await expect(.unavailable) { try await store.issue() }
        try await store.issue()
        let verifier = try await AuditVerifier.verify(store, .unsealed)
        #expect(verifier.findings == [])
        #expect(verifier.streamCount == 2)
        #expect(verifier.events == 3)
        try await store.close()
        #expect(FileManager.default.fileExists(atPath: fixture.path))
    }

    @Test func nothingIsIssuedThatCannotBeAudited() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        let queue = try DatabaseQueue(path: fixture.path)
        try await queue.write {
            try $0.execute(
                sql: """
                    CREATE TRIGGER no_audit BEFORE INSERT ON audit_event
                    BEGIN SELECT RAISE(ABORT, 'the audit log is full'); END
                    """
            )
        }
        await #expect(throws: (any Error).self) { try await store.issue() }
        await #expect(throws: StoreError.self) { try await store.add([Records.challenge()], limit: nil) }
        #expect(try await store.certificateCount() == 0)
        try await queue.write { try $0.execute(sql: "DROP TRIGGER no_audit") }
        try await store.issue()
        #expect(try await store.certificateCount() == 1)
        #expect(try await AuditVerifier.verify(store, .unsealed).findings == [])
        try await store.close()
    }
}
