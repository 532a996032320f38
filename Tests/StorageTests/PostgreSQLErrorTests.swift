// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Testing

@testable import Storage

struct PostgreSQLErrorTests {
    private enum Kind {
        case unavailable
        case conflict
        case corrupted
    }

    private func kind(_ state: String) -> Kind {
        switch StoreError(sqlState: state, message: "words") {
        case .unavailable: .unavailable
        case .conflict: .conflict
        case .corrupted, .newerSchema, .unfinishedCopy: .corrupted
        }
    }

    @Test func sortsFailuresByWhatACallerCanDo() {
        for state in [
            "08006", "08P01", "0A000", "25006", "25P02", "25P03", "26000", "28000", "28P01", "3D000", "40001", "40P01",
            "42501", "53100", "53200", "53300", "54000", "55P03", "57014", "57P01", "57P02", "57P03", "58030", "XX000",
            "99999", "",
        ] {
            #expect(kind(state) == .unavailable, "\(state)")
        }
        for state in ["23502", "23503", "23505", "23514"] { #expect(kind(state) == .conflict, "\(state)") }
        for state in ["22001", "22021", "22P02", "42P01", "42703", "42601", "XX001", "XX002"] {
            #expect(kind(state) == .corrupted, "\(state)")
        }
        #expect(StoreError(sqlState: "22P02", message: "hush") == .corrupted("The database refuses a value."))
        #expect(StoreError(sqlState: "53100", message: "x") == .unavailable("The database's disk is full: x."))
    }

    @Test func readsTheStateOfARefusedConnection() {
        let refused = """
            connection to server at "localhost" (::1), port 5432 failed: Connection refused
            \tIs the server running on that host and accepting TCP/IP connections?
            connection to server at "localhost" (127.0.0.1), port 5432 failed: FATAL:  28P01: password authentication failed for user "u"
            LOCATION:  auth_failed, auth.c:335

            """
        let refusal = PostgreSQLRefusal(
            state: "28P01",
            message: #"password authentication failed for user "u""#,
            isLast: true
        )
        #expect(PostgreSQLFailure(connectionMessage: refused) == .refused(refusal))
        let first = refused.split(separator: "\n").prefix(2).joined(separator: "\n")
        let line = String(refused.prefix { $0 != "\n" })
        #expect(PostgreSQLFailure(connectionMessage: first) == .lost(line))
        #expect(PostgreSQLFailure(connectionMessage: "") == .lost("no answer"))
    }
}
