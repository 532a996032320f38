// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// What tests and measurements set on a store.
struct SQLiteOptions: Sendable {
    /// How many writes share a commit at most.
    var groupSize = 64
    /// How long to wait for other processes, in milliseconds.
    var patience = 5000
    /// How large the database may grow, in pages; a stand-in for a full disk.
    var maximumPages: Int?
    /// Whether SQLite refuses to write; a stand-in for a read-only disk.
    var isReadOnly = false
    /// The schema's history, when it is another than this program's.
    var extraMigrations = 0
    /// Whether a state is copied into the database.
    var purpose = CopyPurpose.none
    /// Who writes the audit log, and under which key.
    var audit = AuditIdentity.unsealed
    /// Called after each commit, with the number of its members.
    var onCommit: (@Sendable (Int) -> Void)?
    /// Called before each commit, which fails with what it returns.
    var commitFailure: (@Sendable () -> StoreError?)?

    /// The options of a store in service.
    init() {}
}
