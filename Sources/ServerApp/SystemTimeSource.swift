// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment

public import struct Foundation.Date

/// The system's clock.
public struct SystemTimeSource: TimeSource {
    /// Makes the clock.
    public init() {}

    /// The time now.
    public var now: Date { Date() }

    /// Sleeps until a moment.
    public func wait(until moment: Date) async {
        let seconds = moment.timeIntervalSince(now)
        if seconds > 0 { try? await Task.sleep(for: .seconds(seconds)) }
    }
}
