// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The result of a request in one stable word, for traces, logs, metrics and people.
public enum ReasonCode: String, Sendable, Hashable, CaseIterable {
    /// A certificate was issued.
    case issued = "issued"
    /// The same request came before and got the same certificate.
    case issuedAgain = "issued.again"
    /// The certificate that the same request got before is revoked.
    case issuedRevoked = "issued.revoked"
    /// The message can't be read.
    case messageUnreadable = "message.unreadable"
    /// An algorithm, key type or key size is not accepted.
    case messageAlgorithm = "message.algorithm"
    /// The outer signature is not valid.
    case messageIntegrity = "message.integrity"
    /// The signingTime is too far from the server's time.
    case messageTime = "message.time"
    /// The messageType is not served.
    case messageType = "message.type"
    /// The envelope does not open to a request.
    case envelopeUnopened = "envelope.unopened"
    /// The request is for another key than the one that signed.
    case requestKeyMismatch = "request.key-mismatch"
    /// The PKCS#10 request is not signed with its own key.
    case requestSignature = "request.signature"
    /// A proxy asks for what its rule does not allow, or with a certificate that is not good any more.
    case signerNotAllowed = "signer.not-allowed"
    /// There is no challenge.
    case challengeMissing = "challenge.missing"
    /// The challenge is not known.
    case challengeUnknown = "challenge.unknown"
    /// The challenge is bound to another identity than the request asks for.
    case challengeIdentity = "challenge.identity"
    /// The challenge was used by another key.
    case challengeUsed = "challenge.used"
    /// The challenge's lifetime is over.
    case challengeExpired = "challenge.expired"
    /// The challenge was taken back.
    case challengeRevoked = "challenge.revoked"
    /// The system that was asked about the challenge said no.
    case challengeRefused = "challenge.refused"
    /// A challenge source does not answer.
    case challengeUnavailable = "challenge.unavailable"
    /// Too many wrong secrets were tried for the registered device.
    case registrationLocked = "registration.locked"
    /// The key to be certified is too small or of a type that is not certified.
    case policyKey = "policy.key"
    /// The key to be certified is known to be weak, or denied by its digest.
    case policyWeakKey = "policy.weak-key"
    /// The template can't be filled in for the request.
    case policyTemplate = "policy.template"
    /// The request asks for extensions that the template refuses.
    case policyExtensions = "policy.extensions"
    /// The request asks for usages that the template refuses, or none fits its key.
    case policyUsage = "policy.usage"
    /// A value does not fit the template's patterns.
    case policyPattern = "policy.pattern"
    /// The profile of the request is not served any more.
    case policyProfile = "policy.profile"
    /// There is no name left, or the subject is not as it has to be.
    case policySubject = "policy.subject"
    /// The alternative names can't be read, or are not those that they have to be.
    case policyNames = "policy.names"
    /// The RA profile has certified the subject already.
    case policyDuplicateSubject = "policy.duplicate-subject"
    /// The RA profile has certified the key already.
    case policyDuplicateKey = "policy.duplicate-key"
    /// Another request is open under the same transactionID and key.
    case transactionOtherOpen = "transaction.other-open"
    /// The same request is being worked on.
    case transactionInProgress = "transaction.in-progress"
    /// The request waits for somebody's decision.
    case approvalPending = "approval.pending"
    /// Somebody denied the request.
    case approvalDenied = "approval.denied"
    /// Nobody decided in time.
    case approvalExpired = "approval.expired"
    /// The request had been decided already.
    case approvalDecided = "approval.decided"
    /// Whoever decided may not decide on requests of the profile.
    case approvalNotEntitled = "approval.not-entitled"
    /// Whoever approved had asked for it themselves.
    case approvalOwnRequest = "approval.own-request"
    /// There is no transaction that the poll could be about.
    case pollUnknown = "poll.unknown"
    /// The signer holds no certificate of the profile.
    case queryNotEntitled = "query.not-entitled"
    /// There is no such certificate, or no CRL that covers it.
    case queryNotFound = "query.not-found"
    /// A certificate or CRL was handed out.
    case queryAnswered = "query.answered"
    /// The profile does not renew certificates.
    case renewalNotServed = "renewal.not-served"
    /// The signer's certificate is none that may be renewed here.
    case renewalSigner = "renewal.signer"
    /// The signer's certificate has expired.
    case renewalExpired = "renewal.expired"
    /// The signer's certificate is revoked.
    case renewalRevoked = "renewal.revoked"
    /// Nobody knows whether the signer's certificate is revoked.
    case renewalStatusUnknown = "renewal.status-unknown"
    /// It is too early to renew.
    case renewalTooEarly = "renewal.too-early"
    /// The request keeps the old key, which the profile does not allow.
    case renewalKeyReuse = "renewal.key-reuse"
    /// The request asks for another subject or other names than the certificate has.
    case renewalNames = "renewal.names"
    /// The reply could not be encrypted to the signer's key.
    case replyUndeliverable = "reply.undeliverable"
    /// The issuer's certificate has expired.
    case issuerExpired = "issuer.expired"
    /// The certificate would break a rule.
    case issuerLint = "issuer.lint"
    /// The issuer refused.
    case issuerRefused = "issuer.refused"
    /// The issuer or its key failed.
    case issuerFailed = "issuer.failed"
    /// The database does not answer.
    case storeUnavailable = "store.unavailable"
    /// A mistake of this program.
    case internalError = "internal.error"

    /// The reason in one plain sentence.
    public var sentence: String {
        switch self {
        case .issued: "A certificate was issued."
        case .issuedAgain: "The same request had been answered before, and got the same certificate again."
        case .issuedRevoked: "The certificate that the same request got before is revoked."
        case .messageTime: "The message's signingTime is too far from the server's time."
        case .messageUnreadable: "The message could not be read far enough to be answered."
        case .messageAlgorithm: "The request uses an algorithm, key type or key size that the profile does not accept."
        case .messageIntegrity: "The message's signature is not valid, so it was not looked into."
        case .messageType: "The message is of a type that is not served."
        case .envelopeUnopened: "The encrypted part did not open to what a message of its type holds."
        case .requestKeyMismatch: "The request asks for another key than the one that signed the message."
        case .requestSignature: "The certificate request is not signed with the key that it names."
        case .signerNotAllowed: "The message is signed by a proxy that may not ask for this certificate."
        case .challengeMissing: "The request carries no challenge."
        case .challengeUnknown: "The challenge is not one of this profile's."
        case .challengeIdentity: "The challenge is bound to another subject, other names or another type of key."
        case .challengeUsed: "The one-time challenge has been used by another device."
        case .challengeExpired: "The challenge's lifetime is over."
        case .challengeRevoked: "An operator took the challenge back."
        case .challengeRefused: "The system that was asked about the challenge said no."
        case .challengeUnavailable: "The system that knows the challenges did not answer."
        case .registrationLocked: "The registration is locked, because too many wrong secrets were tried."
        case .policyKey: "The key is of a type or size that the RA profile does not certify."
        case .policyWeakKey: "The key is known to be weak, or the RA profile denies it by its digest."
        case .policyTemplate: "The RA profile's template could not be filled in for the request."
        case .policyExtensions: "The request asks for extensions, and the RA profile refuses requests that do."
        case .policyUsage: "The request asks for usages of its key that the RA profile does not grant."
        case .policyPattern: "A part of the subject or an alternative name is not as the RA profile's patterns say."
        case .policyProfile: "The profile of the request is not served any more."
        case .policySubject:
            "There is no subject and no alternative name, or the subject is not one that the RA profile certifies."
        case .policyNames: "The alternative names could not be read, or are not those that the RA profile certifies."
        case .policyDuplicateSubject:
            "There is a good certificate with this subject, and the RA profile allows one only."
        case .policyDuplicateKey: "There is a certificate for this key, and the RA profile allows one only."
        case .transactionOtherOpen: "Another request of the same device and transactionID is still being worked on."
        case .transactionInProgress: "The same request is still being worked on."
        case .approvalPending: "The request waits for somebody's decision."
        case .approvalDenied: "Somebody denied the request."
        case .approvalExpired: "Nobody decided on the request in time."
        case .approvalDecided: "The request had been decided already."
        case .approvalNotEntitled: "Whoever decided may not decide on requests of this profile."
        case .approvalOwnRequest: "Whoever approved the request had made its challenge or registration themselves."
        case .pollUnknown: "The poll is about no request of this device."
        case .queryNotEntitled: "Only holders of a certificate of this profile may ask for certificates and CRLs."
        case .queryNotFound: "There is no such certificate, or no CRL that covers it."
        case .queryAnswered: "What was asked for was handed out."
        case .renewalNotServed: "The profile does not renew certificates."
        case .renewalSigner: "The message is signed with a certificate that may not be renewed here."
        case .renewalExpired: "The certificate to be renewed has expired."
        case .renewalRevoked: "The certificate to be renewed is revoked."
        case .renewalStatusUnknown: "Nobody could tell whether the certificate to be renewed is revoked."
        case .renewalTooEarly: "It is too early to renew the certificate."
        case .renewalKeyReuse: "The request keeps the old key, and the profile wants a new one."
        case .renewalNames: "The request asks for another subject or other names than the certificate has."
        case .replyUndeliverable: "The reply could not be encrypted to the device's key."
        case .issuerExpired: "The issuing CA's certificate has expired."
        case .issuerLint: "The certificate would have broken a rule and was not signed."
        case .issuerRefused: "The issuer refused the order."
        case .issuerFailed: "The issuer or its key failed."
        case .storeUnavailable: "The database did not answer."
        case .internalError: "Something went wrong inside the server."
        }
    }

    /// What somebody who wants the certificate can do; nil when nothing is to be done.
    public var hint: String? {
        switch self {
        case .issued, .issuedAgain: nil
        case .issuedRevoked: "Let the device make a new request, with a new challenge."
        case .messageTime: "Set the device's clock, or allow more in the SCEP profile."
        case .messageUnreadable: "Check that the client speaks SCEP to this URL, and that no proxy changes the body."
        case .messageAlgorithm: "Change the client's algorithms, or name the legacy exception on the SCEP profile."
        case .messageIntegrity:
            "The message was changed on its way, or the client signs with another key than its certificate's."
        case .messageType: "Check what the client sends: it is no message of RFC 8894."
        case .envelopeUnopened: "Let the client fetch GetCACert again: it may have encrypted to an old certificate."
        case .requestKeyMismatch: "The client has to sign with the key that it asks a certificate for."
        case .requestSignature: "The client's request is broken, or its key and request don't belong together."
        case .signerNotAllowed:
            "The trace names what is outside the rule: change the names of the SCEP profile's authorised signer, or renew the proxy's certificate."
        case .challengeMissing: "Give the client a challenge: sceptic challenge new."
        case .challengeUnknown: "Check for a typing mistake, and that the challenge was made for this profile."
        case .challengeIdentity:
            "The trace names what was bound and what was asked; let the device ask for that, or make a challenge for what it asks."
        case .challengeUsed, .challengeExpired, .challengeRevoked: "Make a new one: sceptic challenge new."
        case .challengeRefused: "Ask the system that the trace names; it tells its reason there if it gave one."
        case .challengeUnavailable:
            "Look after the system behind the profile's challenge source; the client may try again."
        case .registrationLocked:
            "Find out who guessed, then: sceptic registration unlock; or register the device anew."
        case .policyKey: "Make the client use RSA of 2048 bits or more, or change the RA profile's key policy."
        case .policyProfile: "Enable the profile again, or deny the request."
        case .policyWeakKey:
            "Make a new key on a device whose key generator is sound; the trace says what is wrong with this one."
        case .policyTemplate:
            "The trace names the placeholder; let the device or the challenge's source say it, or give a fallback in the template."
        case .policyExtensions:
            "Make the client ask for fewer extensions, or strip them: requestedExtensions in the template."
        case .policyUsage: "Change what the client asks for, or the usages in the RA profile's template."
        case .policyPattern:
            "The trace says which value has to look how; change it, or the patterns in the RA profile's template."
        case .policySubject:
            "The trace says what is missing or too much; change the client's subject, or the RA profile's template."
        case .policyNames:
            "The trace says what is wrong; change the client's subjectAltName, or the RA profile's template."
        case .policyDuplicateSubject:
            "Revoke the certificate that the trace names, let the device renew it, or let the RA profile replace duplicates."
        case .policyDuplicateKey: "Let the device make a new key, or renew the certificate that the trace names."
        case .transactionOtherOpen, .transactionInProgress: "Let the client try again in a few seconds."
        case .approvalPending: "Decide with: sceptic request approve, or sceptic request deny."
        case .approvalDenied, .approvalExpired: "The device has to enrol anew, with a new challenge."
        case .approvalDecided: "Look with: sceptic request list --pending."
        case .approvalNotEntitled: "Let one of the profile's approvers decide, or change who they are."
        case .approvalOwnRequest: "Let somebody else approve it: the profile asks for four eyes."
        case .pollUnknown:
            "Let the client send its request again: it polls with another key or transactionID, or waited too long."
        case .queryNotEntitled: "Let the client sign with the certificate that it got from this profile."
        case .queryNotFound: "Check issuer and serial number; sceptic certificate list shows what was issued."
        case .queryAnswered: nil
        case .renewalNotServed: "Allow renewal in the SCEP profile, or let the device enrol with a challenge."
        case .renewalSigner:
            "Let the client sign with the certificate that this profile issued to it, or enrol with a challenge."
        case .renewalExpired: "Let the device enrol with a challenge, or set a grace period in the SCEP profile."
        case .renewalRevoked: "A device whose certificate is revoked has to enrol with a new challenge."
        case .renewalStatusUnknown: "Bring a fresh CRL of the alternate authority."
        case .renewalTooEarly:
            "The trace names the day from which on it may be renewed; the window stands in the SCEP profile."
        case .renewalKeyReuse: "Let the client make a new key, or allow the old one in the SCEP profile."
        case .renewalNames: "A renewal keeps subject and names; for others the device has to enrol with a challenge."
        case .replyUndeliverable:
            "A device with an EC key needs a challenge of 128 bits or more in its request; codes of sceptic challenge new have them."
        case .issuerExpired: "Renew the issuing CA."
        case .issuerLint: "The trace names the rules; change the RA profile's template."
        case .issuerRefused, .issuerFailed: "The server's log says more."
        case .storeUnavailable: "Look after the database and its disk; clients try again by themselves."
        case .internalError: "Please report it, with the trace."
        }
    }
}
