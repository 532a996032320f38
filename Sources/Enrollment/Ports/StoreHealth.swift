// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Tells whether what is kept can be read now.
public protocol StoreHealth: Sendable {
    /// Reads something small; false when that fails.
    func isReadable() async -> Bool
}
