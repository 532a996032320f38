// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser

internal import struct Foundation.Date

/// A moment that somebody types: `2026-12-31` for its beginning in UTC, or `2026-12-31T12:00:00Z`.
struct Moment: ExpressibleByArgument {
    let date: Date

    init?(argument: String) {
        let text = argument.count == 10 ? argument + "T00:00:00Z" : argument
        guard let date = try? Date(text, strategy: .iso8601) else { return nil }
        self.date = date
    }
}
