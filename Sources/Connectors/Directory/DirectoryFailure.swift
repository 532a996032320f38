// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Why a directory gave no answer; the sentences are for administrators, and have no secret in them.
enum DirectoryFailure: Error, Hashable {
    /// The connection is gone; what was asked may be asked again on a new one.
    case lost(String)
    /// There is no use in trying again now.
    case unusable(String)

    /// The reason.
    var sentence: String {
        switch self {
        case .lost(let sentence), .unusable(let sentence): sentence
        }
    }
}
