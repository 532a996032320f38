// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Why a certificate can't be issued.
public enum IssuanceError: Error, Sendable, Equatable {
    /// The certificate would break a rule (`CertificateLint`): the rule's codes.
    case lint([String])
    /// The issuer's certificate has expired, or ends before the new one would begin.
    case issuerExpired
    /// The issuer's key did not sign, or signed something else; the reason is for operators.
    case signingFailed(String)
    /// A structure could not be encoded: our mistake.
    case unencodable(String)
}
