// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX

public import struct Foundation.Date
public import struct Foundation.UUID

/// That a certificate is revoked, since when and why.
public struct Revocation: Sendable, Hashable {
    /// Since when.
    public var at: Date
    /// Why.
    public var reason: RevocationReason

    /// Puts both together.
    public init(at: Date, reason: RevocationReason) {
        self.at = at
        self.reason = reason
    }
}

/// What became of revoking a certificate, or of taking that back.
public enum RevocationOutcome: Sendable, Hashable {
    /// It is done.
    case done
    /// The certificate was revoked before, with this revocation, which stays.
    case alreadyRevoked(Revocation)
    /// The certificate is not on hold: there is nothing to release.
    case notOnHold
    /// There is no such certificate.
    case unknown
}

/// A signed CRL as it is kept, so that all nodes publish the same one and its number only grows (RFC 5280 §5.2.3).
public struct CertificateListRecord: Sendable, Hashable {
    /// The issuer.
    public var issuerID: UUID
    /// The shard that it covers (design §6.8).
    public var shard: Int
    /// The CRL's number; it only grows, and the first one is the time in seconds.
    public var number: UInt64
    /// When it was made.
    public var thisUpdate: Date
    /// When the next one is there at the latest.
    public var nextUpdate: Date
    /// The DER encoding.
    public var der: [UInt8]
    /// The count of the shard's revocations that it was made from.
    public var revision: Int

    /// Puts a record together.
    public init(
        issuerID: UUID,
        shard: Int,
        number: UInt64,
        thisUpdate: Date,
        nextUpdate: Date,
        der: [UInt8],
        revision: Int
    ) {
        self.issuerID = issuerID
        self.shard = shard
        self.number = number
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
        self.der = der
        self.revision = revision
    }
}

/// Keeps revocations and the CRLs made from them.
///
/// Every method is atomic and durable when it returns; reads see everything that was durable before they began.
public protocol RevocationStore: Sendable {
    /// Revokes a certificate and counts that in its shard, both or none.
    ///
    /// A certificate on hold may be revoked for another reason; its date stays the first one.
    func revoke(
        issuerID: UUID,
        serialNumber: [UInt8],
        _ revocation: Revocation
    ) async throws(StoreError) -> RevocationOutcome

    /// Makes a certificate that is on hold good again, and counts that in its shard.
    func release(issuerID: UUID, serialNumber: [UInt8]) async throws(StoreError) -> RevocationOutcome

    /// How many revocations and releases a shard has seen: a CRL of another revision is out of date.
    func revocationRevision(issuerID: UUID, shard: Int) async throws(StoreError) -> Int

    /// The revoked certificates of a shard in the order of their serial numbers.
    ///
    /// - Parameters:
    ///   - issuerID: the issuer.
    ///   - shard: the shard.
    ///   - moment: those that expired before it are left out.
    ///   - serialNumber: only those after this one; nil for the beginning.
    ///   - limit: how many at most.
    /// - Returns: the next page; empty at the end.
    /// - Throws: `StoreError`.
    func revokedCertificates(
        issuerID: UUID,
        shard: Int,
        validAt moment: Date,
        after serialNumber: [UInt8]?,
        limit: Int
    ) async throws(StoreError) -> [(serialNumber: [UInt8], revocation: Revocation)]

    /// The newest CRL of a shard.
    func certificateList(issuerID: UUID, shard: Int) async throws(StoreError) -> CertificateListRecord?

    /// Keeps a new CRL, if the one before it has the number below.
    ///
    /// - Returns: whether it was kept; false when somebody else was faster.
    func put(_ list: CertificateListRecord) async throws(StoreError) -> Bool
}

/// Revokes what was replaced by another certificate of the same subject (`DuplicatePolicy`).
///
/// Marking it is the reservation's matter (`TransactionStore`).
public protocol ReplacementStore: Sendable {
    /// Revokes, as superseded, certificates that were replaced and whose days of grace are over; each once, whoever asks.
    ///
    /// - Parameters:
    ///   - moment: now.
    ///   - limit: how many at most.
    /// - Returns: how many were looked at: as many as the limit when there may be more.
    /// - Throws: `StoreError`.
    func revokeReplaced(at moment: Date, limit: Int) async throws(StoreError) -> Int
}
