// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEP

/// A certificate request whose key is proven to be the sender's, with the digests that identify it.
struct Candidate {
    let request: CertificationRequest
    let publicKey: PublicKey
    let key: TransactionKey
    let requestDigest: [UInt8]
    let publicKeyDigest: [UInt8]
    /// The subject asked for, as text.
    let subject: String

    /// Checks that the request is for the signer's key and signed with it.
    init(_ opened: OpenedRequest, _ request: CertificationRequest, _ deliberation: inout Deliberation) throws {
        let message = opened.message
        // The same bytes are the same key: names and everything else may differ (client-quirks J1).
        guard request.subjectPublicKeyInfo.keyBits == message.signer.subjectPublicKeyInfo.keyBits else {
            throw deliberation.fail(
                "request key",
                .requestKeyMismatch,
                "the request is for another key than the signer's"
            )
        }
        // A signature in MD5 proves nothing, inside as little as outside (design §6.15).
        guard let scheme = request.signatureAlgorithm.signatureScheme(),
            deliberation.profile.algorithms.digests.contains(scheme.digest)
        else { throw deliberation.fail("request signature", .requestSignature, "its algorithm is not accepted") }
        guard request.isSigned(by: message.signerKey) else {
            throw deliberation.fail("request signature", .requestSignature, "not signed with the request's own key")
        }
        let subject = request.subject.description
        deliberation.pass("request", "PKCS#10 for '\(subject)', signed with its own key")
        self.request = request
        self.subject = subject
        self.publicKey = message.signerKey
        self.requestDigest = DigestAlgorithm.sha256.digest(request.der)
        self.publicKeyDigest = DigestAlgorithm.sha256.digest(request.subjectPublicKeyInfo.der)
        // Every signer in this version is the holder of the key itself, so the key is what identifies it (design §6.2).
        self.key = TransactionKey(
            profile: deliberation.profile.name,
            transactionID: message.received.transactionID.text,
            signerDigest: message.signer.subjectPublicKeyInfo == request.subjectPublicKeyInfo
                ? publicKeyDigest : DigestAlgorithm.sha256.digest(message.signer.subjectPublicKeyInfo.der)
        )
    }
}
