// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The kinds of key, as people name them.
public enum KeyType: String, Sendable, Hashable, Codable, CaseIterable {
    /// RSA with 2048 bits.
    case rsa2048
    /// RSA with 3072 bits.
    case rsa3072
    /// RSA with 4096 bits.
    case rsa4096
    /// The curve P-256.
    case p256
    /// The curve P-384.
    case p384
    /// The curve P-521.
    case p521

    static let schema = Schema.choice(allCases.map(\.rawValue))
}
