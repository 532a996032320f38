// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import CertificateAuthority

public import struct Foundation.Date
public import struct Foundation.UUID

/// What became of an order.
public enum IssueOutcome: Sendable, Hashable {
    /// The certificate, DER.
    case issued([UInt8])
    /// The issuer will decide later; `collect` with this reference asks again.
    case pending(reference: String)
    /// The issuer won't, for a reason that operators may read.
    case refused(String)
    /// Nobody knows whether the issuer signed: to be reconciled by the same order id, never repeated under another.
    case unknown(String)
}

/// Something that signs certificates: the seam to other CAs (design §6.4).
///
/// Asynchronous from the first day. `issue` is idempotent by the order's id: asking again gives the same certificate or the same
/// refusal. Methods may be called by any number of tasks at once.
public protocol Issuer: Sendable {
    /// The issuer's id.
    var id: UUID { get }

    /// Prepares a certificate: fills it in and checks it, without using a key.
    func prepare(
        _ contents: CertificateContents,
        template: CertificateTemplate,
        now: Date
    ) throws(IssuanceError) -> PreparedCertificate

    /// Signs at once, on the calling thread, when that is a local matter of milliseconds.
    ///
    /// - Returns: the certificate, DER; nil when this issuer takes longer and `issue` has to be used.
    func signNow(_ order: IssuanceOrder) throws(IssuanceError) -> [UInt8]?

    /// Orders a certificate.
    ///
    /// - Parameters:
    ///   - order: what to sign.
    ///   - orderID: the transaction's id, the same for every repetition.
    /// - Returns: what became of it.
    func issue(_ order: IssuanceOrder, orderID: UUID) async -> IssueOutcome

    /// Asks what became of an order.
    func collect(reference: String, orderID: UUID) async -> IssueOutcome
}
