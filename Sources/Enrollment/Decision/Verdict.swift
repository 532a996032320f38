// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import SCEP

/// What a peer is told about a reason: the one map from reason codes to the wire.
public enum Verdict: Sendable, Hashable {
    /// CertRep SUCCESS.
    case certificate
    /// CertRep PENDING.
    case pending
    /// CertRep FAILURE of its own, at once.
    case failure(FailInfo, text: String)
    /// The one CertRep FAILURE that everything between the outer signature and the sender's authentication gets, at the same time
    /// after the request (design §6.1).
    case uniformFailure
    /// No CertRep can answer: HTTP 400.
    case unanswerable
    /// Try again later: HTTP 503.
    case unavailable

    /// Maps a reason.
    public init(_ reason: ReasonCode) {
        switch reason {
        case .issued, .issuedAgain, .queryAnswered: self = .certificate
        case .approvalPending: self = .pending
        case .messageUnreadable: self = .unanswerable
        case .messageAlgorithm: self = Self.failure(.algorithmNotAccepted(""))
        case .messageIntegrity: self = Self.failure(.integrityCheckFailed(""))
        case .messageTime: self = .failure(.badTime, text: "the signing time is too far from the server's")
        case .issuedRevoked: self = .failure(.badRequest, text: "the certificate of this request is revoked")
        case .messageType: self = Self.failure(.messageTypeNotServed(""))
        case .envelopeUnopened, .requestKeyMismatch, .requestSignature, .signerNotAllowed,
            .challengeMissing, .challengeUnknown, .challengeIdentity, .challengeUsed, .challengeExpired,
            .challengeRevoked, .challengeRefused, .challengeUnavailable, .registrationLocked,
            .renewalNotServed, .renewalSigner,
            .renewalExpired, .renewalRevoked, .renewalStatusUnknown, .queryNotEntitled:
            self = .uniformFailure
        case .approvalDenied: self = .failure(.badRequest, text: "the request was denied")
        case .approvalExpired: self = .failure(.badRequest, text: "nobody decided on the request in time")
        case .pollUnknown: self = .failure(.badCertId, text: "there is no such transaction")
        case .queryNotFound: self = .failure(.badCertId, text: "there is no such certificate")
        case .renewalTooEarly: self = .failure(.badRequest, text: "it is too early to renew the certificate")
        case .renewalKeyReuse: self = .failure(.badRequest, text: "a renewal needs a new key")
        case .renewalNames: self = .failure(.badRequest, text: "a renewal keeps subject and names")
        case .replyUndeliverable:
            self = .failure(.badRequest, text: "a reply to this key needs a strong challenge in the request")
        case .policyKey: self = .failure(.badAlg, text: "the key is not of a type or size that is certified")
        case .policyProfile: self = .failure(.badRequest, text: "the certificate can't be issued")
        case .policyWeakKey: self = .failure(.badRequest, text: "the key is known to be weak")
        case .policyExtensions: self = .failure(.badRequest, text: "the requested extensions are not accepted")
        case .policyUsage: self = .failure(.badRequest, text: "the requested usages of the key are not accepted")
        case .policySubject, .policyNames, .policyTemplate, .policyPattern:
            self = .failure(.badRequest, text: "the requested names are not accepted")
        case .policyDuplicateSubject:
            self = .failure(.badRequest, text: "there is a certificate with this subject already")
        case .policyDuplicateKey: self = .failure(.badRequest, text: "there is a certificate for this key already")
        case .transactionOtherOpen: self = .failure(.badRequest, text: "another request of this transaction is open")
        case .issuerExpired, .issuerLint, .issuerRefused:
            self = .failure(.badRequest, text: "the certificate can't be issued")
        case .transactionInProgress, .approvalDecided, .approvalNotEntitled, .approvalOwnRequest, .issuerFailed,
            .storeUnavailable, .internalError:
            self = .unavailable
        }
    }

    private static func failure(_ error: SCEPError) -> Verdict {
        guard let answer = FailInfo.answer(to: error) else { return .unanswerable }
        return .failure(answer.failInfo, text: answer.text)
    }
}
