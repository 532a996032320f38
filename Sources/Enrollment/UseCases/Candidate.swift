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
    /// The rules about the sender as a proxy, if it asks for another's key to be certified; empty in all other requests.
    let proxyRules: [AuthorizedSigner]

    /// Checks that the request is signed with its own key, and that this is the sender's if the sender is nothing but a key and no
    /// proxy.
    init(
        _ opened: OpenedRequest,
        _ request: CertificationRequest,
        _ sender: Sender,
        _ deliberation: inout Deliberation
    ) throws {
        let message = opened.message
        // The same bytes are the same key: names and everything else may differ (client-quirks J1).
        let isSignersKey = request.subjectPublicKeyInfo.keyBits == message.signer.subjectPublicKeyInfo.keyBits
        let proxyRules = isSignersKey ? [] : Self.proxyRules(opened, sender, deliberation.profile)
        if case .key = sender.standing, !isSignersKey, proxyRules.isEmpty {
            throw deliberation.fail(
                "request key",
                .requestKeyMismatch,
                "the request is for another key than the signer's"
            )
        }
        let own = try Self.ownKey(request, isSignersKey ? message.signerKey : nil, &deliberation)
        self.init(
            request,
            own,
            transactionID: message.received.transactionID.text,
            signerDigest: sender.digest,
            proxyRules,
            &deliberation
        )
    }

    /// Checks a request that nobody sent: an administrator wants to know what would become of it.
    init(trying request: CertificationRequest, _ deliberation: inout Deliberation) throws {
        let own = try Self.ownKey(request, nil, &deliberation)
        let digest = DigestAlgorithm.sha256.digest(request.subjectPublicKeyInfo.der)
        self.init(request, own, transactionID: digest.hexadecimal, signerDigest: digest, [], &deliberation)
    }

    private init(
        _ request: CertificationRequest,
        _ own: PublicKey,
        transactionID: String,
        signerDigest: [UInt8],
        _ proxyRules: [AuthorizedSigner],
        _ deliberation: inout Deliberation
    ) {
        let subject = request.subject.description
        deliberation.pass("request", "PKCS#10 for '\(subject)', signed with its own key")
        if !request.requestedExtensions.isEmpty {
            deliberation.note("request", "asks for \(RequestedContents.text(of: request.requestedExtensions))")
        }
        self.proxyRules = proxyRules
        self.request = request
        self.subject = subject
        self.publicKey = own
        self.requestDigest = DigestAlgorithm.sha256.digest(request.der)
        self.publicKeyDigest = DigestAlgorithm.sha256.digest(request.subjectPublicKeyInfo.der)
        self.key = TransactionKey(
            profile: deliberation.profile.name,
            transactionID: transactionID,
            signerDigest: signerDigest
        )
    }

    /// The key that a request is for, if it is signed with it; a known key is one that was read before.
    private static func ownKey(
        _ request: CertificationRequest,
        _ known: PublicKey?,
        _ deliberation: inout Deliberation
    ) throws -> PublicKey {
        // A signature in MD5 proves nothing, inside as little as outside (design §6.15).
        guard let scheme = request.signatureAlgorithm.signatureScheme(),
            deliberation.profile.algorithms.digests.contains(scheme.digest)
        else { throw deliberation.fail("request signature", .requestSignature, "its algorithm is not accepted") }
        let limits = deliberation.profile.algorithms.clientKeyLimits
        guard let own = known ?? (try? request.subjectPublicKeyInfo.publicKey(limits: limits)),
            request.isSigned(by: own)
        else {
            throw deliberation.fail("request signature", .requestSignature, "not signed with the request's own key")
        }
        return own
    }

    /// Those rules of a profile that are about the sender of a PKCSReq: a RenewalReq is for the signer's own certificate, always.
    private static func proxyRules(
        _ opened: OpenedRequest,
        _ sender: Sender,
        _ profile: ServedProfile
    ) -> [AuthorizedSigner] {
        guard case .enroll = opened.content else { return [] }
        return profile.settings.authorizedSigners.filter { $0.isAbout(sender, of: profile.name) }
    }
}
