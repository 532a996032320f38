// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date
public import struct Foundation.UUID

/// What makes two requests the same transaction (design §6.2): the profile, the client's transactionID and who signed.
///
/// Another signer is another transaction, so that nobody reads somebody else's answer by repeating their transactionID.
public struct TransactionKey: Sendable, Hashable {
    /// The SCEP profile's name.
    public var profile: String
    /// The transactionID's characters, as they came (RFC 8894 §3.2.1.1).
    public var transactionID: String
    /// SHA-256 of the signer's public key if its certificate is self-signed, of its certificate otherwise.
    public var signerDigest: [UInt8]

    /// Puts a key together.
    public init(profile: String, transactionID: String, signerDigest: [UInt8]) {
        self.profile = profile
        self.transactionID = transactionID
        self.signerDigest = signerDigest
    }
}

/// Something that a request uses up and that nobody else may use: a unique row, taken by the reservation.
public enum Claim: Sendable, Hashable {
    /// A one-time challenge, by its row's id.
    case oneTimeChallenge(UUID)
    /// A one-time challenge that somebody else made, by the id that they gave it.
    case external(ExternalChallenge)
    /// A registration, by its row's id: used up if it is good for once, and in any case neither locked, revoked nor expired.
    case registration(UUID)
    /// A request that waits for a decision, by its row's id: it is approved by the reservation, if it still waits.
    case approval(UUID, ApprovalDecision)
}

/// The certificate that is to be signed, complete but for its signature.
public struct IssuanceOrder: Sendable, Hashable {
    /// The issuer's id.
    public var issuerID: UUID
    /// The serial number's DER content octets: positive, at most 20 bytes (RFC 5280 §4.1.2.2).
    public var serialNumber: [UInt8]
    /// The DER encoding of the TBSCertificate.
    public var toBeSigned: [UInt8]

    /// Puts an order together.
    public init(issuerID: UUID, serialNumber: [UInt8], toBeSigned: [UInt8]) {
        self.issuerID = issuerID
        self.serialNumber = serialNumber
        self.toBeSigned = toBeSigned
    }
}

/// What is looked for among the certificates of the same RA profile.
public struct DuplicateCheck: Sendable, Hashable {
    /// What becomes of duplicates.
    public var policy: DuplicatePolicy
    /// SHA-256 of what all equivalent subjects have in common; nil for an empty subject, which is no duplicate.
    public var subjectDigest: [UInt8]?
    /// SHA-256 of the key's SubjectPublicKeyInfo in the one form that all its spellings have in common.
    public var keyDigest: [UInt8]
    /// The serial number of the certificate that is renewed, which is no duplicate; from then on its successor stands for it.
    public var renewedSerialNumber: [UInt8]?

    /// Puts a check together.
    public init(
        policy: DuplicatePolicy,
        subjectDigest: [UInt8]?,
        keyDigest: [UInt8],
        renewedSerialNumber: [UInt8]? = nil
    ) {
        self.policy = policy
        self.subjectDigest = subjectDigest
        self.keyDigest = keyDigest
        self.renewedSerialNumber = renewedSerialNumber
    }
}

/// What a certificate would have in common with another one.
public enum Duplicate: String, Sendable, Hashable, CaseIterable {
    /// The subject.
    case subject
    /// The key.
    case key
}

/// Who asks for a certificate, as the audit log tells it; it is not kept with the request.
public struct Applicant: Sendable, Hashable {
    /// The certificate's subject as text.
    public var subject: String
    /// How the request authenticated, in plain words and without any secret.
    public var authentication: String
    /// The peer's address.
    public var remoteAddress: String

    /// Puts it together.
    public init(subject: String = "", authentication: String = "", remoteAddress: String = "") {
        self.subject = subject
        self.authentication = authentication
        self.remoteAddress = remoteAddress
    }
}

/// What a request reserves before any key is used.
public struct Reservation: Sendable {
    /// The new transaction's id (UUIDv7).
    public var id: UUID
    /// Which transaction it is.
    public var key: TransactionKey
    /// SHA-256 of the PKCS#10 request as it came.
    public var requestDigest: [UInt8]
    /// SHA-256 of the SubjectPublicKeyInfo to be certified.
    public var publicKeyDigest: [UInt8]
    /// The PKCS#10 request without its challengePassword.
    public var request: [UInt8]
    /// The RA profile's name.
    public var raProfile: String
    /// What is used up.
    public var claims: [Claim]
    /// What is to be signed.
    public var order: IssuanceOrder
    /// What must not be, or not stay, certified beside it; nil when anything may.
    public var duplicates: DuplicateCheck?
    /// The moment of the reservation.
    public var reservedAt: Date
    /// Who works on it, and until when nobody else should.
    public var lease: Lease
    /// The trace to keep with the transaction, if the profile keeps traces.
    public var trace: TraceRecord?
    /// Who asks.
    public var applicant: Applicant

    /// Puts a reservation together.
    public init(
        id: UUID,
        key: TransactionKey,
        requestDigest: [UInt8],
        publicKeyDigest: [UInt8],
        request: [UInt8],
        raProfile: String,
        claims: [Claim],
        order: IssuanceOrder,
        duplicates: DuplicateCheck? = nil,
        reservedAt: Date,
        lease: Lease,
        trace: TraceRecord?,
        applicant: Applicant = Applicant()
    ) {
        self.id = id
        self.key = key
        self.requestDigest = requestDigest
        self.publicKeyDigest = publicKeyDigest
        self.request = request
        self.raProfile = raProfile
        self.claims = claims
        self.order = order
        self.duplicates = duplicates
        self.reservedAt = reservedAt
        self.lease = lease
        self.trace = trace
        self.applicant = applicant
    }
}

/// The right to work on a reserved transaction, which runs out so that a dead node's work is taken up by another.
public struct Lease: Sendable, Hashable {
    /// The node that holds it: new with each start of the server.
    public var owner: UUID
    /// When it runs out.
    public var until: Date

    /// Makes a lease.
    public init(owner: UUID, until: Date) {
        self.owner = owner
        self.until = until
    }
}

/// A reserved transaction whose certificate is not there yet.
public struct OpenTransaction: Sendable {
    /// The transaction's id.
    public var id: UUID
    /// Which transaction it is.
    public var key: TransactionKey
    /// SHA-256 of the SubjectPublicKeyInfo to be certified.
    public var publicKeyDigest: [UInt8]
    /// What was to be signed.
    public var order: IssuanceOrder
    /// The RA profile's name.
    public var raProfile: String
    /// Who works on it.
    public var lease: Lease

    /// Puts the record together.
    public init(
        id: UUID,
        key: TransactionKey,
        publicKeyDigest: [UInt8],
        order: IssuanceOrder,
        raProfile: String,
        lease: Lease
    ) {
        self.id = id
        self.key = key
        self.publicKeyDigest = publicKeyDigest
        self.order = order
        self.raProfile = raProfile
        self.lease = lease
    }
}

/// Why a claim was not granted.
public enum ClaimRefusal: String, Sendable, Hashable, CaseIterable {
    /// There is no such challenge, or not for this profile.
    case unknown
    /// Its lifetime is over.
    case expired
    /// Somebody else used it.
    case used
    /// An operator took it back.
    case revoked
    /// Too many wrong secrets were tried.
    case locked
    /// The request that waited was decided by somebody else, or expired.
    case decided
}

/// How a reservation went.
public enum ReservationOutcome: Sendable {
    /// It is durable, and its certificate is still to be signed.
    case reserved
    /// It is durable together with its certificate.
    case issued(CertificateRecord)
    /// The same request came before and was answered with this certificate.
    case alreadyIssued(CertificateRecord)
    /// The same request, or one with the same challenge and key, is being worked on.
    case alreadyOpen(OpenTransaction)
    /// Another request is open under the same key.
    case otherRequestOpen
    /// A challenge was not granted.
    case claimRefused(ClaimRefusal)
    /// The RA profile refuses duplicates, and this certificate is one.
    case duplicate(Duplicate, serialNumber: [UInt8])
    /// The issuer used this serial number before: reserve again with another.
    case serialNumberTaken
}

/// How finishing a reserved transaction went.
public enum FinishOutcome: Sendable {
    /// The certificate is durable.
    case issued(CertificateRecord)
    /// Somebody else finished it first, with this certificate; what was signed now is not to be used.
    case alreadyIssued(CertificateRecord)
    /// There is no such open transaction (any more).
    case notOpen
}

/// Keeps transactions: reserve → sign → finish (design §4.5).
///
/// Every method is atomic and, when it returns, durable (the write has reached the disk). Methods may be called by any number of
/// tasks, and by other processes on the same database, at once. Every check-then-act is one conditional statement.
public protocol TransactionStore: Sendable {
    /// Reserves a transaction with its claims and, if `signing` returns a certificate, finishes it in the same storage transaction.
    ///
    /// In this order, and all or nothing: the transaction's row (a row with the same key and request that is issued or open gives
    /// `alreadyIssued` or `alreadyOpen`; one with the same key and another request that is open, or a request that waits for a
    /// decision under the same key and is not the claimed one, gives `otherRequestOpen`; an issued one
    /// with another request, or whose certificate has expired, does not matter); the claims (one that is used by the same public
    /// key and still within its lifetime gives `alreadyIssued` or `alreadyOpen` of the transaction that used it, else
    /// `claimRefused`); what else its RA profile has certified or reserved, if `duplicates` asks for that (`duplicate`; two
    /// who ask at once for the same don't both get it); then `signing` is called, on a thread that may block, and again if the database asks for the
    /// transaction to be repeated; its (last) certificate and the trace are stored, and what the certificate replaces is
    /// revoked, or marked to be. With nil from `signing` the reservation alone is stored, with its order and lease. When `signing` throws, nothing
    /// is stored.
    ///
    /// - Parameters:
    ///   - reservation: what to reserve.
    ///   - signing: makes the certificate when that is a local matter, and returns nil when it takes longer.
    /// - Returns: how it went.
    /// - Throws: `StoreError`, or what `signing` threw.
    func reserve(
        _ reservation: Reservation,
        signing: @escaping @Sendable () throws -> CertificateRecord?
    ) async throws -> ReservationOutcome

    /// The transaction that a request belongs to, if the same request was issued a certificate or is open.
    ///
    /// - Returns: `alreadyIssued`, `alreadyOpen` or nil.
    func find(_ key: TransactionKey, requestDigest: [UInt8]) async throws(StoreError) -> ReservationOutcome?

    /// The newest transaction under a key, whatever its request, if it was issued a certificate or is open: what a CertPoll asks for.
    ///
    /// - Returns: `alreadyIssued`, `alreadyOpen` or nil.
    func newest(_ key: TransactionKey) async throws(StoreError) -> ReservationOutcome?

    /// Stores the certificate of a reserved transaction, and revokes what it replaces, or marks that to be.
    func finish(_ id: UUID, certificate: CertificateRecord) async throws(StoreError) -> FinishOutcome

    /// Gives a reserved transaction up, because its issuer refused it: its claims are free again, and it binds nothing.
    ///
    /// A request that it approved becomes `denied`, with the note `ApprovalRecord.issuersRefusal` and by whom it was approved.
    ///
    /// - Returns: whether it was open.
    func abandon(_ id: UUID, at moment: Date) async throws(StoreError) -> Bool

    /// Takes over reserved transactions whose lease ran out, oldest first.
    ///
    /// - Parameters:
    ///   - moment: leases that ended before it are free.
    ///   - lease: the new lease.
    ///   - limit: how many at most.
    /// - Returns: what was taken over, under the new lease.
    /// - Throws: `StoreError`.
    func takeOverExpired(
        before moment: Date,
        lease: Lease,
        limit: Int
    ) async throws(StoreError) -> [OpenTransaction]
}
