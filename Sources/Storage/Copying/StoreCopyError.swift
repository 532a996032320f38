// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment

/// Why a state was not copied from one database to another; what is in the databases stays.
public enum StoreCopyError: Error, Sendable, Equatable {
    /// The database that is copied from can't be read.
    case source(StoreError)
    /// The database that is copied to can't be read or written.
    case target(StoreError)
    /// An older version of this program wrote the source.
    case olderSource(found: Int, supported: Int)
    /// There is nothing in the source.
    case emptySource
    /// Somebody changed the source while it was copied, or since the copy began.
    case changedSource
    /// In the target there is another state, or more than this one.
    case occupiedTarget
    /// An unfinished copy of another state is in the target.
    case otherCopy
    /// Somebody else completed the copy, or removed its mark.
    case lostMark
    /// The target is not like the source; what and where is said in words, without the values.
    case difference(table: String, key: String, what: String)
}
