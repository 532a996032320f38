// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX

public import struct Foundation.Date

/// What a challenge source is asked.
public struct ChallengeQuestion: Sendable {
    /// The SCEP profile's name, also where an RA profile's own URL was asked.
    public var profile: String
    /// The name of the RA profile that is to issue.
    public var raProfile: String
    /// The client's transactionID.
    public var transactionID: String
    /// The peer's address.
    public var remoteAddress: String
    /// The challenge.
    ///
    /// A secret: it goes no further than this call.
    public var challenge: String
    /// SHA-256 of the SubjectPublicKeyInfo to be certified.
    public var publicKeyDigest: [UInt8]
    /// The request as it came, signed with its own key.
    ///
    /// It holds the challenge: a secret, too.
    public var request: CertificationRequest
    /// The type and size of the key to be certified.
    public var keyAlgorithm: KeyAlgorithm
    /// The time of the request.
    public var now: Date
    /// Whether nobody asks for a certificate, and an administrator only wants to know: nothing may change by the answer, here or
    /// elsewhere, and no guess be counted.
    public var isDryRun: Bool

    /// Puts a question together.
    public init(
        profile: String,
        raProfile: String,
        transactionID: String,
        remoteAddress: String,
        challenge: String,
        publicKeyDigest: [UInt8],
        request: CertificationRequest,
        keyAlgorithm: KeyAlgorithm,
        now: Date,
        isDryRun: Bool = false
    ) {
        self.profile = profile
        self.raProfile = raProfile
        self.transactionID = transactionID
        self.remoteAddress = remoteAddress
        self.isDryRun = isDryRun
        self.challenge = challenge
        self.publicKeyDigest = publicKeyDigest
        self.request = request
        self.keyAlgorithm = keyAlgorithm
        self.now = now
    }
}

/// How hard a challenge is to guess for whoever has all the time in the world, but no way to ask.
public enum ChallengeStrength: String, Sendable, Hashable, CaseIterable {
    /// Nobody knows: people may have chosen it.
    case unknown
    /// It has 128 random bits or more: a reply may be encrypted under it (RFC 8894 §3.1).
    case unguessable
}

/// What a challenge source says (design §6.3).
public enum ChallengeAnswer: Sendable, Hashable {
    /// The challenge entitles this request; the claims are used up by its reservation, and the attributes are for the RA profile's
    /// template.
    case accept(claims: [Claim], attributes: ChallengeAttributes = .init(), strength: ChallengeStrength)
    /// The challenge is known and does not entitle this request. No other source is asked.
    ///
    /// The detail is for administrators, and has no secret in it.
    case reject(ReasonCode, detail: String? = nil)
    /// The challenge is not of this source: the next one is asked.
    case notMine
    /// The source can't say. No other source is asked (fail closed).
    case unavailable(String)
}

/// Something that can say whether a challengePassword entitles a request: the seam to MDM systems.
///
/// Asked again for the same request by the same key, it says the same, as long as the challenge lives: clients resend.
public protocol ChallengeSource: Sendable {
    /// A stable name for traces.
    var name: String { get }

    /// Judges a challenge.
    func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer
}

/// Something that knows the challenges under which a request may be encrypted, before it can be read (RFC 8894 §3.1).
public protocol RequestPasswordSource: Sendable {
    /// The challenges of a profile for requests with a transactionID, a few at most.
    ///
    /// Secrets: they go no further than the decryption.
    func passwords(profile: String, transactionID: String, now: Date) async throws(StoreError) -> [String]
}
