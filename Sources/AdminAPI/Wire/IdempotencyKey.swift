// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What a client names so that asking twice is like asking once.
public enum IdempotencyKey: Sendable {
    /// The header field.
    public static let field = "Idempotency-Key"
    /// What a key looks like.
    public static let schema = Schema.string(minimum: 1, maximum: 128, pattern: "[!-~]+")
    /// For how long an answer is kept, in seconds.
    public static let lifetime = 86_400.0

    /// Whether a text is a key.
    public static func isValid(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
