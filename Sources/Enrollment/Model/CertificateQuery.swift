// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX

public import struct Foundation.Date
public import struct Foundation.UUID

/// Where a certificate stands.
public enum CertificateStatus: String, Sendable, Hashable, CaseIterable {
    /// It is neither revoked nor over.
    case valid
    /// It is over, and was not revoked.
    case expired
    /// It is revoked for now.
    case onHold = "on hold"
    /// It is revoked for good, whether it is over or not.
    case revoked
}

/// Which certificates are looked for; what is not named is free.
public struct CertificateQuery: Sendable, Hashable {
    /// They have this serial number.
    public var serialNumber: [UInt8]?
    /// All of these are theirs; they are found by the first one.
    public var terms: [CertificateTerm] = []
    /// Their subject contains this, in whatever case.
    public var subjectPart: String?
    /// They were issued through this SCEP profile.
    public var profile: String?
    /// They were issued by the CA of this name.
    public var issuer: String?
    /// They stand so at `now`.
    public var statuses = Set(CertificateStatus.allCases)
    /// They were issued then or later.
    public var issuedSince: Date?
    /// They were issued before.
    public var issuedBefore: Date?
    /// They end then or later.
    public var expiresSince: Date?
    /// They end before; then they are found in the order of their ends.
    public var expiresBefore: Date?
    /// The moment at which they stand somewhere.
    public var now: Date

    /// Looks for all certificates.
    public init(now: Date) { self.now = now }
}

/// A part of what is found.
public struct Found<Record: Sendable>: Sendable {
    /// What is found in this part, which may be nothing although more follows: each part takes a bounded time.
    public var records: [Record]
    /// The key after which the next part begins; nil at the end.
    public var next: UUID?

    /// Puts a part together.
    public init(records: [Record], next: UUID?) {
        self.records = records
        self.next = next
    }
}

extension CertificateRecord {
    /// Where it stands at a moment.
    public func status(at now: Date) -> CertificateStatus {
        if let revocation { return revocation.reason == .certificateHold ? .onHold : .revoked }
        return notAfter < now ? .expired : .valid
    }
}
