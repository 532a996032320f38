// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import CertificateAuthority
internal import Cryptography

public import struct Foundation.Date
public import struct Foundation.UUID

/// The small CA of the product, whose key is in memory: it signs at once.
public struct BuiltInIssuer: Issuer {
    /// The issuer's id.
    public let id: UUID
    /// The CA.
    public let authority: IssuingAuthority

    /// Puts an issuer together.
    public init(id: UUID, authority: IssuingAuthority) {
        self.id = id
        self.authority = authority
    }

    /// Prepares a certificate.
    public func prepare(
        _ contents: CertificateContents,
        template: CertificateTemplate,
        now: Date
    ) throws(IssuanceError) -> PreparedCertificate {
        var generator = SecureRandom()
        return try authority.prepare(contents, template: template, now: now, using: &generator)
    }

    /// Signs, which takes a fraction of a millisecond.
    public func signNow(_ order: IssuanceOrder) throws(IssuanceError) -> [UInt8]? {
        try authority.sign(order.toBeSigned)
    }

    /// Signs.
    ///
    /// The same order gives the same certificate, or one with another signature over the same bytes for EC keys; only
    /// one of them is ever stored.
    public func issue(_ order: IssuanceOrder, orderID: UUID) async -> IssueOutcome {
        do {
            return .issued(try authority.sign(order.toBeSigned))
        } catch {
            return .unknown("the key of the built-in CA did not sign")
        }
    }

    /// There is nothing to collect: orders are never pending here.
    public func collect(reference: String, orderID: UUID) async -> IssueOutcome {
        .unknown("the built-in CA has no pending orders")
    }
}
