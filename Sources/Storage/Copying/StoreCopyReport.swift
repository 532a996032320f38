// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// What was copied.
public struct StoreCopyReport: Sendable, Equatable {
    /// How a copy came to be complete.
    public enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// In one go.
        case copied
        /// Going on from where an earlier run stopped.
        case resumed
        /// It was complete before.
        case complete
    }

    /// What a table holds, on both sides.
    public struct Table: Sendable, Equatable {
        /// The table's name.
        public let name: String
        /// How many rows it has.
        public let rows: Int
        /// The SHA-256 digest over all its rows in the order of their keys.
        public let digest: [UInt8]
    }

    /// How it came to be complete.
    public let outcome: Outcome
    /// The tables, each after those that it refers to.
    public let tables: [Table]
}

/// How far a copy is.
public struct StoreCopyProgress: Sendable, Equatable {
    /// What is done with a table.
    public enum Step: String, Sendable, Hashable, CaseIterable {
        /// Its rows are read for the first time.
        case reading
        /// Its rows are copied.
        case copying
        /// Its copy is compared with it.
        case comparing
    }

    /// What is done.
    public let step: Step
    /// The table's name.
    public let table: String
    /// How many of its rows are done.
    public let rows: Int
    /// How many there are, if that is known.
    public let total: Int?
}

/// What tests set on a copy.
struct StoreCopyOptions: Sendable {
    /// How many rows are read, and written in one transaction, at the most; fewer where rows are large.
    var pageSize = 512
    /// How long to wait for a connection to the target, which may be busy or start again.
    var patience = Duration.seconds(30)
    /// Called after each page that was written; what it throws ends the copy.
    var onPage: (@Sendable () throws(StoreError) -> Void)?

    /// The options in service.
    init() {}
}
