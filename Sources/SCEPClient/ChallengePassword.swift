// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A challengePassword: a secret that neither interpolation nor reflection shows.
public struct ChallengePassword: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret.
    package let text: String

    /// Takes a secret; an empty one is none (client-quirks K7).
    public init?(_ text: String) {
        guard !text.isEmpty else { return nil }
        self.text = text
    }

    /// A placeholder.
    public var description: String { "(secret)" }
    /// A placeholder.
    public var debugDescription: String { description }
    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
