// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension Name {
    /// One text for all names that mean the same (`isEquivalent`); not for people.
    package var comparableText: String {
        normalised.map { $0.joined(separator: "\u{1}") }.joined(separator: "\u{0}")
    }
}
