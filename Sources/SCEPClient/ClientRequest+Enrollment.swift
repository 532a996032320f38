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

extension ClientRequest {
    /// Makes a PKCSReq with the certificate that signs it (RFC 8894 §2.3, §3.3.1).
    init(
        _ request: EnrollmentRequest,
        authority: TrustedAuthority,
        algorithms: Options,
        transactionID: TransactionID?,
        now: Date
    ) throws(SCEPClientError) {
        guard let recipient = authority.recipient else {
            throw .unusableCACertificates("none of the CA's certificates has an RSA key to encrypt a request to")
        }
        var generator = SecureRandom()
        var extensions = request.extensions
        if let names = try RequestedName.extension(request.alternativeNames) { extensions.append(names) }
        do {
            let csr = try CertificationRequest.make(
                subject: request.subject,
                key: request.key,
                challengePassword: request.challenge?.text,
                extensions: extensions,
                scheme: .rsaPKCS1(algorithms.digest)
            )
            let signer = try TemporaryCertificate.make(
                subject: request.subject,
                key: request.key,
                now: now,
                using: &generator
            )
            self = try ClientRequest.pkcsReq(
                csr,
                parties: Parties(signer: signer, key: request.key, recipient: recipient),
                transactionID: transactionID,
                options: algorithms,
                now: now,
                using: &generator
            )
        } catch let error as SCEPError {
            throw .requestNotMade(error.reason)
        } catch {
            throw .requestNotMade("\(error)".printable(200))
        }
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
