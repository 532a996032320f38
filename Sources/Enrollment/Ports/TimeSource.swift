// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// Tells the time and waits.
///
/// Nothing else in Enrollment reads a clock.
public protocol TimeSource: Sendable {
    /// The time now.
    var now: Date { get }

    /// Returns at a moment, or at once when it has passed or the task is cancelled.
    func wait(until moment: Date) async
}
