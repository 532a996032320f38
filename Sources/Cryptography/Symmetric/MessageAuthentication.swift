// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CConstantTime
internal import Crypto

/// Message authentication and comparison of secrets.
public enum MessageAuthentication: Sendable {
    /// HMAC-SHA-256 (RFC 2104); 32 bytes.
    public static func sha256(key: [UInt8], message: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
    }

    /// Whether two secrets are equal, in a time that depends on their lengths alone.
    public static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe sceptic_equal(left, right, left.count) == 1
    }
}
