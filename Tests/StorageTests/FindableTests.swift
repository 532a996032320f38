// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import GRDB
import Testing

@testable import Storage

/// Certificates that a node of an older version issues beside this one.
@Suite struct FindableTests {
    @Test func certificatesOfOlderNodesAreFoundWithoutARestart() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        for _ in 0..<3 { try await store.issue() }
        #expect(try await !store.makeCertificatesFindable())
        let queue = try DatabaseQueue(path: fixture.path)
        try await queue.write {
            try $0.execute(
                sql: "UPDATE certificate SET comparable_subject = NULL; DELETE FROM certificate_term"
            )
        }
        var query = CertificateQuery(now: Records.issuer.createdAt)
        query.subjectPart = "cn="
        #expect(try await store.certificates(matching: query, after: nil, limit: 9).records.isEmpty)
        #expect(try await store.makeCertificatesFindable())
        #expect(try await store.certificates(matching: query, after: nil, limit: 9).records.count == 3)
        #expect(try await !store.makeCertificatesFindable())
        try await store.close()
    }
}
