// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date
public import struct Foundation.UUID

/// A certificate as it is kept.
public struct CertificateRecord: Sendable, Hashable {
    /// The row's id (UUIDv7).
    public var id: UUID
    /// The transaction it was issued in; nil for the certificates of the server itself.
    public var transactionID: UUID?
    /// The issuer's id.
    public var issuerID: UUID
    /// The serial number's DER content octets.
    public var serialNumber: [UInt8]
    /// The whole DER encoding.
    public var der: [UInt8]
    /// The subject as text (RFC 4514), for people and for searching.
    public var subject: String
    /// SHA-256 of the SubjectPublicKeyInfo.
    public var publicKeyDigest: [UInt8]
    /// The name of the SCEP profile it was issued through.
    public var profile: String
    /// The start of its validity.
    public var notBefore: Date
    /// The end of its validity.
    public var notAfter: Date
    /// When it was issued.
    public var issuedAt: Date
    /// The shard of the issuer's CRL that its distribution point names (design §6.8).
    public var crlShard: Int
    /// Whether it is revoked, since when and why.
    public var revocation: Revocation?

    /// Puts a record together.
    public init(
        id: UUID,
        transactionID: UUID?,
        issuerID: UUID,
        serialNumber: [UInt8],
        der: [UInt8],
        subject: String,
        publicKeyDigest: [UInt8],
        profile: String,
        notBefore: Date,
        notAfter: Date,
        issuedAt: Date,
        crlShard: Int,
        revocation: Revocation? = nil
    ) {
        self.id = id
        self.transactionID = transactionID
        self.issuerID = issuerID
        self.serialNumber = serialNumber
        self.der = der
        self.subject = subject
        self.publicKeyDigest = publicKeyDigest
        self.profile = profile
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.issuedAt = issuedAt
        self.crlShard = crlShard
        self.revocation = revocation
    }
}

/// Reads the certificates that were issued.
///
/// Reads see everything that was durable before they began. Lists page by key: memory does not grow with the store.
public protocol IssuedCertificateStore: Sendable {
    /// The certificate with a serial number, if its issuer issued it.
    func certificate(issuerID: UUID, serialNumber: [UInt8]) async throws(StoreError) -> CertificateRecord?

    /// Certificates in the order of their ids, which is the order of issuance.
    ///
    /// - Parameters:
    ///   - id: only those after this one; nil for the beginning.
    ///   - limit: how many at most.
    /// - Returns: the next page; empty at the end.
    /// - Throws: `StoreError`.
    func certificates(after id: UUID?, limit: Int) async throws(StoreError) -> [CertificateRecord]

    /// Certificates that are looked for, in the order of their ids; in the order of their ends if the query names one.
    ///
    /// - Parameters:
    ///   - query: which ones.
    ///   - id: only those behind this one in that order; nil for the beginning.
    ///   - limit: how many at most.
    /// - Returns: the next part, after a bounded time.
    /// - Throws: `StoreError`.
    func certificates(
        matching query: CertificateQuery,
        after id: UUID?,
        limit: Int
    ) async throws(StoreError) -> Found<CertificateRecord>

    /// Certificates whose serial number is this one, of whatever issuer.
    func certificates(serialNumber: [UInt8]) async throws(StoreError) -> [CertificateRecord]

    /// Lets certificates be found that nodes of an older version issue meanwhile, which know nothing of looking for them.
    ///
    /// - Returns: whether there were any; then there may be more.
    /// - Throws: `StoreError`.
    func makeCertificatesFindable() async throws(StoreError) -> Bool

    /// How many certificates there are.
    func certificateCount() async throws(StoreError) -> Int
}
