// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// Adds a row whose key somebody else may have.
///
/// What is in the way may end, by the hand of another node, before one has looked what it is: then it is tried again.
///
/// - Parameters:
///   - add: adds the row, and says whether it could.
///   - outlive: ends what is in the way, if its time is over.
///   - obstacle: what is in the way; nil when nothing is seen.
///   - conflict: what to say when nothing is ever seen.
/// - Returns: nil when the row is added, else what was there already.
/// - Throws: `conflict`, or what the others throw.
func enter<Obstacle>(
    add: () throws(StoreError) -> Bool,
    outlive: () throws(StoreError) -> Bool,
    obstacle: () throws(StoreError) -> Obstacle?,
    conflict: String
) throws(StoreError) -> Obstacle? {
    for _ in 0..<3 {
        if try add() { return nil }
        if try outlive(), try add() { return nil }
        if let obstacle = try obstacle() { return obstacle }
    }
    throw .conflict(conflict)
}
