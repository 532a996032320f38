// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEP
internal import X509

internal import struct Foundation.Date

extension ClientRequest.Options {
    /// Chooses the algorithms: those that are asked for, else those that the capabilities suggest (RFC 8894 §3.5.2).
    init(_ capabilities: Capabilities, _ options: EnrollmentOptions) throws(SCEPClientError) {
        let digest = options.digest ?? capabilities.preferredDigest
        let cipher = options.cipher ?? capabilities.preferredCipher
        guard digest != .insecureMD5 else { throw .requestNotMade("MD5 is never used (RFC 8894 section 2.9)") }
        guard cipher != .insecureDESCBC else {
            throw .requestNotMade("single DES is never used (RFC 8894 section 2.9)")
        }
        self.init(digest: digest, cipher: cipher)
    }
}

/// A request for a certificate, ready to be sent, with what is kept of it while it waits for approval.
struct PreparedRequest: Sendable {
    let message: ClientRequest
    let pending: PendingEnrollment

    /// Makes a PKCSReq with the certificate that signs it (RFC 8894 §2.3, §3.3.1).
    init(
        _ request: EnrollmentRequest,
        plan: MessagePlan,
        transactionID: TransactionID?
    ) throws(SCEPClientError) {
        var extensions = request.extensions
        if let names = try RequestedName.extension(request.alternativeNames) { extensions.append(names) }
        self = try plan.making { () throws in
            var generator = SecureRandom()
            let signer = try TemporaryCertificate.make(
                subject: request.subject,
                key: request.key,
                now: plan.now,
                using: &generator
            )
            return try PreparedRequest(
                .pkcsReq,
                try CertificationRequest.make(
                    subject: request.subject,
                    key: request.key,
                    challengePassword: request.challenge?.text,
                    extensions: extensions,
                    scheme: plan.scheme(for: request.key)
                ),
                parties: try plan.parties(signer, request.key, challenge: request.challenge),
                plan: plan,
                transactionID: transactionID
            )
        }
    }

    /// Makes a renewal (RFC 8894 §2.5), in which subject and alternative names are those of the old certificate.
    init(
        _ request: RenewalRequest,
        plan: MessagePlan,
        transactionID: TransactionID?
    ) throws(SCEPClientError) {
        let old = request.current.certificate
        let type: MessageType =
            switch request.message {
            case .automatic: plan.capabilities.supportsRenewal ? .renewalReq : .pkcsReq
            case .renewalReq: .renewalReq
            case .pkcsReq: .pkcsReq
            }
        self = try plan.making { () throws in
            try PreparedRequest(
                type,
                try CertificationRequest.make(
                    subject: old.subject,
                    key: request.certifiedKey,
                    challengePassword: request.challenge?.text,
                    extensions: old.extension(.PKIX.subjectAltName).map { [$0] } ?? [],
                    scheme: plan.scheme(for: request.certifiedKey)
                ),
                parties: try plan.parties(old, request.current.key, challenge: request.challenge),
                plan: plan,
                transactionID: transactionID
            )
        }
    }

    private init(
        _ type: MessageType,
        _ request: CertificationRequest,
        parties: ClientRequest.Parties,
        plan: MessagePlan,
        transactionID: TransactionID?
    ) throws {
        var generator = SecureRandom()
        self.message =
            if type == .renewalReq {
                try ClientRequest.renewalReq(
                    request,
                    parties: parties,
                    transactionID: transactionID,
                    options: plan.algorithms,
                    now: plan.now,
                    using: &generator
                )
            } else {
                try ClientRequest.pkcsReq(
                    request,
                    parties: parties,
                    transactionID: transactionID,
                    options: plan.algorithms,
                    now: plan.now,
                    using: &generator
                )
            }
        self.pending = try PendingEnrollment(
            transactionID: message.transactionID,
            request: request,
            signer: parties.signer,
            issuer: plan.authority.issuer?.subject ?? parties.recipient.subject
        )
    }
}

extension SCEPError {
    /// The reason in words.
    var reason: String {
        switch self {
        case .unreadable(let reason), .algorithmNotAccepted(let reason), .integrityCheckFailed(let reason),
            .messageTypeNotServed(let reason), .notOpened(let reason), .replyRejected(let reason),
            .unusableCACertificates(let reason), .unencodable(let reason):
            reason.printable(300)
        }
    }
}
