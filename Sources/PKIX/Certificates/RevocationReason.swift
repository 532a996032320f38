// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Why a certificate was revoked (RFC 5280 §5.3.1); the raw value is the number on the wire.
public enum RevocationReason: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// No reason is given.
    case unspecified = 0
    /// The subject's key is in wrong hands.
    case keyCompromise = 1
    /// The issuer's key is in wrong hands.
    case cACompromise = 2
    /// The subject belongs to somebody else now.
    case affiliationChanged = 3
    /// Another certificate took its place.
    case superseded = 4
    /// It is no longer needed.
    case cessationOfOperation = 5
    /// It is suspended, and may become good again.
    case certificateHold = 6
    /// A right that the certificate attests has been taken back.
    case privilegeWithdrawn = 9
    /// The attribute authority's key is in wrong hands.
    case aACompromise = 10

    /// The RFC's name.
    public var description: String {
        switch self {
        case .unspecified: "unspecified"
        case .keyCompromise: "keyCompromise"
        case .cACompromise: "cACompromise"
        case .affiliationChanged: "affiliationChanged"
        case .superseded: "superseded"
        case .cessationOfOperation: "cessationOfOperation"
        case .certificateHold: "certificateHold"
        case .privilegeWithdrawn: "privilegeWithdrawn"
        case .aACompromise: "aACompromise"
        }
    }
}
