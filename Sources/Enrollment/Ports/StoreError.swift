// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Why a store could not do its part.
///
/// What a store *found* is a result, never an error.
public enum StoreError: Error, Sendable, Equatable {
    /// The database does not answer, is locked for too long, is full or read-only: trying again later may help.
    case unavailable(String)
    /// The database holds what no version of this program writes: nobody should go on.
    case corrupted(String)
    /// The database was written by a newer version of this program.
    case newerSchema(found: Int, supported: Int)
    /// A state is being copied into the database: nobody may use it before the copy is complete.
    case unfinishedCopy
    /// What was to be changed has been changed by somebody else since it was read, or exists already.
    case conflict(String)
}
