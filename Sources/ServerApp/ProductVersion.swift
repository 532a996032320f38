// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The product's version.
public enum ProductVersion: Sendable {
    /// The version (semver.org).
    public static let text = "0.1.0"
}
