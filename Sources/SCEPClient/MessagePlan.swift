// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEP

internal import struct Foundation.Date

/// How a message is made and sent, once the server's capabilities are known.
struct MessagePlan: Sendable {
    let authority: TrustedAuthority
    let capabilities: Capabilities
    let algorithms: ClientRequest.Options
    let transport: Transport
    let now: Date

    init(
        authority: TrustedAuthority,
        capabilities: Capabilities,
        options: EnrollmentOptions,
        now: Date
    ) throws(SCEPClientError) {
        guard options.standard == .optional || capabilities.isSCEPStandard else { throw .standardNotAnnounced }
        self.authority = authority
        self.capabilities = capabilities
        self.algorithms = try ClientRequest.Options(capabilities, options)
        self.transport = options.transport ?? (capabilities.supportsPOST ? .post : .get)
        self.now = now
    }

    /// How a key signs a PKCS#10 request.
    func scheme(for key: any PrivateKey) -> SignatureScheme {
        switch key.publicKey.algorithm {
        case .rsa: .rsaPKCS1(algorithms.digest)
        case .ec: .ecdsa(algorithms.digest)
        }
    }

    /// Who sends a request for a certificate, and to whom.
    ///
    /// - Throws: `challengeMissing` when request or reply have to be encrypted under a challenge and there is none.
    func parties(
        _ signer: EncodedCertificate,
        _ key: any PrivateKey,
        challenge: ChallengePassword?
    ) throws(SCEPClientError) -> ClientRequest.Parties {
        try key.publicKey.algorithm.checkReplies(challenge: challenge)
        let recipient = try recipient()
        if challenge == nil, !recipient.canDecrypt {
            throw .challengeMissing(
                "the CA has no RSA key, so that a request to it is encrypted under the challenge, and there is none"
            )
        }
        return ClientRequest.Parties(signer: signer, key: key, recipient: recipient)
    }

    /// Who sends a query, in which there is no challenge, and to whom.
    ///
    /// - Throws: `unsupportedKey`, `unusableCACertificates` unless both can decrypt.
    func parties(querying identity: ClientIdentity) throws(SCEPClientError) -> ClientRequest.Parties {
        guard case .rsa = identity.key.publicKey.algorithm else {
            throw .unsupportedKey(
                "the reply to a query can't be encrypted to an EC key, for there is no challenge in it"
            )
        }
        let recipient = try recipient()
        guard recipient.canDecrypt else {
            throw .unusableCACertificates("none of the CA's certificates has an RSA key to encrypt a query to")
        }
        return ClientRequest.Parties(signer: identity.certificate, key: identity.key, recipient: recipient)
    }

    private func recipient() throws(SCEPClientError) -> EncodedCertificate {
        guard let recipient = authority.recipient else {
            throw .unusableCACertificates("the CA has no certificate to encrypt a request to")
        }
        return recipient
    }

    /// Makes a message; what goes wrong with that is `requestNotMade`.
    func making<Message>(_ body: () throws -> Message) throws(SCEPClientError) -> Message {
        do {
            return try body()
        } catch let error as SCEPClientError {
            throw error
        } catch let error as SCEPError {
            throw .requestNotMade(error.reason)
        } catch {
            throw .requestNotMade("\(error)".printable(200))
        }
    }
}

extension EncodedCertificate {
    /// Whether the certificate's key is one to encrypt to.
    fileprivate var canDecrypt: Bool {
        if case .some(.rsa) = try? subjectPublicKeyInfo.publicKey().algorithm { return true }
        return false
    }
}
