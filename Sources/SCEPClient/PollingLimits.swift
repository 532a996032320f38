// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// How often, and how long at most, a client asks what became of a request (RFC 8894 §2.5.1, §4.4).
public struct PollingLimits: Sendable, Hashable {
    /// The pause before each poll.
    public var interval: Duration
    /// The most polls.
    public var maximumCount: Int
    /// How long all of it may take; the last poll is at its end.
    public var maximumDuration: Duration

    /// Puts limits together.
    public init(interval: Duration = .seconds(60), maximumCount: Int = 1000, maximumDuration: Duration = .seconds(3600))
    {
        self.interval = interval
        self.maximumCount = maximumCount
        self.maximumDuration = maximumDuration
    }
}
