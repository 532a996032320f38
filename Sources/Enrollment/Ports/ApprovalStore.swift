// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date
public import struct Foundation.UUID

/// Where a request stands that waits for somebody's decision.
public enum ApprovalState: String, Sendable, Hashable, CaseIterable {
    /// Nobody has decided yet.
    case pending
    /// It was approved, and its certificate is issued.
    case approved
    /// It was denied, or approved and its order refused by the issuer; see `ApprovalRecord.isRefusedByIssuer`.
    case denied
    /// Nobody decided in time.
    case expired
}

/// A request that waits, or waited, for somebody's decision (RFC 8894 §3.3.2.3).
///
/// Only its sender has authenticated; the certificate is made when it is approved.
public struct ApprovalRecord: Sendable, Hashable {
    /// The row's id (UUIDv7).
    public var id: UUID
    /// Where it stands.
    public var state: ApprovalState
    /// Which transaction it is.
    public var key: TransactionKey
    /// SHA-256 of the PKCS#10 request as it came.
    public var requestDigest: [UInt8]
    /// SHA-256 of the SubjectPublicKeyInfo to be certified.
    public var publicKeyDigest: [UInt8]
    /// The PKCS#10 request without its challengePassword.
    public var request: [UInt8]
    /// The subject asked for as text, for people.
    public var subject: String
    /// The RA profile's name.
    public var raProfile: String
    /// The issuer that is to sign.
    public var issuerID: UUID
    /// The certificate that it renews, DER; nil for a first enrolment.
    public var renewedCertificate: [UInt8]?
    /// What the challenge's source knew of the device, for the template.
    public var attributes: ChallengeAttributes
    /// How many people have to be for it before its certificate is issued, 1 or more: what its profile said when it came.
    public var neededVotes: Int
    /// The challenge, encrypted under the master key with the row's id as context: kept only where a reply has to be encrypted
    /// under it (design §6.6).
    public var sealedChallenge: [UInt8]?
    /// The peer's address.
    public var remoteAddress: String
    /// When it came.
    public var createdAt: Date
    /// When it expires, if nobody decides.
    public var expiresAt: Date
    /// When it was decided or expired.
    public var decidedAt: Date?
    /// Who decided.
    public var decidedBy: String?
    /// What whoever decided wrote.
    public var note: String?
    /// The transaction that it was issued in.
    public var issuedTransaction: UUID?
    /// How it authenticated, in plain words: the audit log tells of it when the request comes, and it is not kept with it.
    public var authentication = ""

    /// Puts a record together.
    public init(
        id: UUID,
        state: ApprovalState = .pending,
        key: TransactionKey,
        requestDigest: [UInt8],
        publicKeyDigest: [UInt8],
        request: [UInt8],
        subject: String,
        raProfile: String,
        issuerID: UUID,
        renewedCertificate: [UInt8]? = nil,
        attributes: ChallengeAttributes = ChallengeAttributes(),
        neededVotes: Int = 1,
        sealedChallenge: [UInt8]? = nil,
        remoteAddress: String,
        createdAt: Date,
        expiresAt: Date,
        decidedAt: Date? = nil,
        decidedBy: String? = nil,
        note: String? = nil,
        issuedTransaction: UUID? = nil
    ) {
        self.id = id
        self.state = state
        self.key = key
        self.requestDigest = requestDigest
        self.publicKeyDigest = publicKeyDigest
        self.request = request
        self.subject = subject
        self.raProfile = raProfile
        self.issuerID = issuerID
        self.renewedCertificate = renewedCertificate
        self.attributes = attributes
        self.neededVotes = neededVotes
        self.sealedChallenge = sealedChallenge
        self.remoteAddress = remoteAddress
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.decidedAt = decidedAt
        self.decidedBy = decidedBy
        self.note = note
        self.issuedTransaction = issuedTransaction
    }
}

extension ApprovalRecord {
    /// The note of a request that somebody approved, and whose order the issuer refused (`TransactionStore.abandon`).
    public static let issuersRefusal = "the issuer refused"

    /// Whether it was the issuer that refused it: then `decidedBy` is who had approved it.
    public var isRefusedByIssuer: Bool { state == .denied && note == Self.issuersRefusal }
}

/// Somebody's decision on a request, as it is recorded.
public struct ApprovalDecision: Sendable, Hashable {
    /// Who decided.
    public var by: String
    /// When.
    public var at: Date
    /// What they wrote.
    public var note: String?

    /// Puts a decision together.
    public init(by: String, at: Date, note: String? = nil) {
        self.by = by
        self.at = at
        self.note = note
    }
}

/// What became of somebody's word for a request.
public enum VoteOutcome: Sendable, Hashable {
    /// So many people are for it now, and so many are needed; whoever was for it before counts once.
    case counted(Int, of: Int)
    /// It waits no more.
    case notWaiting
}

/// How a request came to wait.
public enum PendingOutcome: Sendable {
    /// It waits now: a new row, or the one that the same request made before.
    case pending(ApprovalRecord)
    /// The same request was issued this certificate before.
    case alreadyIssued(CertificateRecord)
    /// The same request is being issued.
    case alreadyOpen(OpenTransaction)
    /// Another request is open or waits under the same key.
    case otherRequestOpen
    /// A challenge was not granted.
    case claimRefused(ClaimRefusal)
}

/// Keeps requests that wait for somebody's decision.
///
/// Approving is a reservation with the claim `Claim.approval`: the decision, the transaction and the certificate become durable
/// together, so that no poll sees one without the other. It is refused (`decided`) unless as many people as are needed are for the request,
/// the one who decides by it among them. Every method is atomic and durable when it returns.
public protocol ApprovalStore: Sendable {
    /// Lets a request wait, with its claims used up, all or nothing.
    ///
    /// In this order: the same request that was issued or is open gives `alreadyIssued` or `alreadyOpen` (as in
    /// `TransactionStore.reserve`); the same request that waits gives that row; another one that waits or is open under the same key gives
    /// `otherRequestOpen`; then the claims are taken (a challenge that the same public key used for a request that waits, or was
    /// issued, gives that outcome).
    func wait(_ approval: ApprovalRecord, claims: [Claim]) async throws(StoreError) -> PendingOutcome

    /// The newest request under a key, whatever became of it.
    func newestApproval(_ key: TransactionKey) async throws(StoreError) -> ApprovalRecord?

    /// A request by its id.
    func approval(_ id: UUID) async throws(StoreError) -> ApprovalRecord?

    /// Requests with a transactionID, newest first.
    func approvals(transactionID: String, limit: Int) async throws(StoreError) -> [ApprovalRecord]

    /// Requests in a state, in the order in which they came.
    func approvals(_ state: ApprovalState, after id: UUID?, limit: Int) async throws(StoreError) -> [ApprovalRecord]

    /// Notes that somebody is for a request that waits, if it has not expired; a person counts once.
    func vote(_ id: UUID, _ decision: ApprovalDecision) async throws(StoreError) -> VoteOutcome

    /// Who is for a request, the first one first.
    func votes(on id: UUID) async throws(StoreError) -> [ApprovalDecision]

    /// Denies a request that waits, if it has not expired.
    ///
    /// - Returns: whether it waited.
    func deny(_ id: UUID, _ decision: ApprovalDecision) async throws(StoreError) -> Bool

    /// Ends the requests that nobody decided in time.
    ///
    /// - Returns: how many.
    func expireApprovals(at moment: Date) async throws(StoreError) -> Int
}
