// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import GRDB
import Testing

@testable import Storage

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
        TransactionSQL.newest, CertificateSQL.ofAnyIssuer, ConfigurationSQL.moveIssuer,
        ConfigurationSQL.moveRACredential, ConfigurationSQL.alternateAuthorities,
        ConfigurationSQL.addAlternateAuthority, ConfigurationSQL.putAlternateCertificateList,
        ConfigurationSQL.removeAlternateAuthority, ApprovalSQL.add, ApprovalSQL.outlive, ApprovalSQL.waiting,
        ApprovalSQL.isOtherWaiting, ApprovalSQL.newest, ApprovalSQL.byID, ApprovalSQL.byTransactionID, ApprovalSQL.page,
        ApprovalSQL.approve, ApprovalSQL.deny, ApprovalSQL.refuse, ApprovalSQL.expire, RevocationSQL.revoke,
        RevocationSQL.release, RevocationSQL.count, RevocationSQL.revision, RevocationSQL.page,
        RevocationSQL.certificateList, RevocationSQL.put, CertificateSearchSQL.end, CertificateSearchSQL.page,
        CertificateSearchSQL.expiry, CertificateSearchSQL.expiryEnd, CertificateSearchSQL.expiryPage,
        CertificateSearchSQL.termEnd, CertificateSearchSQL.termPage, CertificateSearchSQL.serialNumberPage,
        CertificateSearchSQL.addTerm, CertificateSearchSQL.unsearchable, CertificateSearchSQL.makeSearchable,
        TraceSQL.end, TraceSQL.matching, TraceSQL.matchingTransaction,
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
        let scans = [
            "COUNT(*)", "FROM issuer\n", "FROM ra_credential", "scep_profile", "ra_profile", "alternate_authority",
            "schema_migration",
        ]
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

    /// The steps by which SQLite runs a statement.
    private func plan(_ statement: SQLStatement) throws -> [String] {
        try database().read { database in
            let arguments = StatementArguments(statement.parameters.map { _ in 1 })
            let plan = try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + statement.text, arguments: arguments)
            return plan.map { $0["detail"] as String }
        }
    }

    @Test func looksUpWhatWaitsInItsOwnIndex() throws {
        // An enrolment reads no more than an index that holds nothing but what waits.
        // A foreign key's children are searched only where a violation is outstanding, which there never is.
        let steps = try plan(TransactionSQL.add).filter { $0.contains("approval") && !$0.contains("approval_issued") }
        #expect(steps.count == 1)
        #expect(steps.allSatisfy { $0.contains("INDEX approval_pending") }, "\(steps)")
        for (statement, index) in [
            (ApprovalSQL.expire, "approval_expiry"), (ApprovalSQL.outlive, "approval_pending"),
            (ApprovalSQL.waiting, "approval_pending"), (ApprovalSQL.newest, "approval_key"),
            (ApprovalSQL.refuse, "approval_issued"), (ApprovalSQL.page, "approval_state"),
            (RevocationSQL.page, "certificate_revoked"),
        ] {
            let steps = try plan(statement)
            #expect(steps.contains { $0.contains("INDEX \(index) ") }, "\(steps)")
        }
    }

    @Test func pagesWithoutSorting() throws {
        for statement in [
            ApprovalSQL.page, ApprovalSQL.newest, RevocationSQL.page, CertificateSQL.page, CertificateSearchSQL.end,
            CertificateSearchSQL.page, CertificateSearchSQL.expiryEnd, CertificateSearchSQL.expiryPage,
            CertificateSearchSQL.termEnd, CertificateSearchSQL.termPage, TraceSQL.end, TraceSQL.matching,
        ] {
            let steps = try plan(statement)
            #expect(steps.allSatisfy { !$0.contains("TEMP B-TREE") }, "\(steps)")
        }
    }

    @Test func findsCertificatesThroughTheIndexThatIsForThem() throws {
        for (statement, index) in [
            (CertificateSearchSQL.expiryEnd, "certificate_expiry"),
            (CertificateSearchSQL.expiryPage, "certificate_expiry"),
            (CertificateSearchSQL.unsearchable, "certificate_unsearchable"),
        ] {
            let steps = try plan(statement)
            #expect(steps.contains { ($0 + " ").contains("INDEX \(index) ") }, "\(steps)")
        }
        let steps = try plan(CertificateSearchSQL.termPage)
        #expect(steps.first?.hasPrefix("SEARCH certificate_term USING PRIMARY KEY (term=?") == true, "\(steps)")
    }

    @Test func looksUpASerialNumberWithEachIssuer() throws {
        let steps = try plan(CertificateSQL.ofAnyIssuer)
        #expect(steps.contains { $0.hasPrefix("SEARCH certificate USING INDEX") && $0.contains("serial_number=?") })
    }

    @Test func refusesValuesThatTheStatementDoesNotName() async throws {
        let queue = try database()
        try await queue.write { database in
            let connection = Storage.SQLiteConnection(database: database)
            let statement = SQLStatement("SELECT 1 WHERE :a = :b AND :b = :a")
            #expect(statement.parameters == ["a", "b"])
            #expect(throws: StoreError.self) { try connection.execute(statement, ["a": .null(.text)]) }
            #expect(throws: StoreError.self) {
                try connection.execute(statement, ["a": .null(.text), "c": .null(.text)])
            }
            let swapped = try connection.query(
                SQLStatement("SELECT :a, :b, :a"),
                ["b": .int64(2), "a": .text("one")]
            ) { row throws(StoreError) in "\(try row.text())\(try row.int64())\(try row.text())" }
            #expect(swapped == ["one2one"])
        }
    }

    /// A scrape of the metrics must not read a table.
    @Test func countsWhatWaitsAlongAnIndex() throws {
        #expect(try plan(BacklogSQL.pendingApprovals).contains { $0.contains("INDEX approval_") })
        #expect(try plan(BacklogSQL.expiredLeases).contains { $0.contains("INDEX enrollment_transaction_lease") })
    }
}
