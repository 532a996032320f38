// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
public import Cryptography
public import PKIX

/// A request whose outer signature is that of the certificate in it.
///
/// Who holds that certificate is not known yet.
public final class VerifiedMessage: Sendable {
    /// The message as it came.
    public let received: ReceivedMessage
    /// What kind of message it is; one that is served here.
    public let messageType: MessageType
    /// The certificate whose key signed, and to which the reply is encrypted (RFC 8894 §2.3).
    public let signer: EncodedCertificate
    /// The signer's public key.
    public let signerKey: PublicKey
    /// The digest of the outer signature.
    public let digest: DigestAlgorithm
    /// The cipher of the envelope.
    public let cipher: ContentCipher
    let envelope: EnvelopedData
    let iv: [UInt8]
    private let policy: AlgorithmPolicy

    /// The message types that are served; everything else is refused (client-quirks part O, CVE-2026-30836).
    static let servedTypes: Set<MessageType> = [.pkcsReq, .renewalReq, .certPoll, .getCert, .getCRL]

    init(_ received: ReceivedMessage, policy: AlgorithmPolicy) throws(SCEPError) {
        guard let digest = received.digest, policy.digests.contains(digest) else {
            throw .algorithmNotAccepted("digest \(received.signerInfo.digestAlgorithm.algorithm)")
        }
        guard let signer = received.signedData.certificate(received.signerInfo.signer) else {
            throw .integrityCheckFailed("the signer's certificate is not in the message")
        }
        let key = try Self.key(of: signer, policy: policy)
        guard received.signedData.contentType == .CMS.data else {
            throw .integrityCheckFailed("the content is \(received.signedData.contentType) instead of id-data")
        }
        let content = received.signedData.content ?? []
        if case .rsaPSS = try? received.signerInfo.scheme(), policy.pss == .refused {
            throw .algorithmNotAccepted("a signature by RSASSA-PSS")
        }
        do {
            try received.signerInfo.verify(content: content, contentType: .CMS.data, key: key)
        } catch {
            switch error {
            case .unsupportedAlgorithm(let what): throw .algorithmNotAccepted(what)
            default: throw .integrityCheckFailed(error.reason)
            }
        }
        guard let messageType = received.messageType, Self.servedTypes.contains(messageType) else {
            throw .messageTypeNotServed(received.messageType?.description ?? "no messageType")
        }
        self.received = received
        self.messageType = messageType
        self.signer = signer
        self.signerKey = key
        self.digest = digest
        self.policy = policy
        (self.envelope, self.cipher, self.iv) = try Self.envelope(content, policy: policy, limits: received.limits)
    }

    private static func key(of signer: EncodedCertificate, policy: AlgorithmPolicy) throws(SCEPError) -> PublicKey {
        do {
            return try signer.subjectPublicKeyInfo.publicKey(limits: policy.clientKeyLimits)
        } catch {
            switch error {
            case .unsupported(let what): throw .algorithmNotAccepted(what)
            case .malformed(let what), .unencodable(let what): throw .integrityCheckFailed(what)
            }
        }
    }

    /// Reads the envelope and its algorithms.
    ///
    /// These stand in the clear, so refusing them tells nothing about what is inside.
    private static func envelope(
        _ content: [UInt8],
        policy: AlgorithmPolicy,
        limits: CMSLimits
    ) throws(SCEPError) -> (EnvelopedData, ContentCipher, [UInt8]) {
        do {
            let envelope = try EnvelopedData(contentInfo: content, limits: limits)
            guard let (cipher, iv) = try envelope.contentEncryptionAlgorithm.contentCipher(),
                policy.ciphers.contains(cipher)
            else {
                throw SCEPError.algorithmNotAccepted("content cipher \(envelope.contentEncryptionAlgorithm.algorithm)")
            }
            return (envelope, cipher, iv)
        } catch let error as SCEPError {
            throw error
        } catch let error as CMSError {
            throw .notOpened("the content is no usable EnvelopedData: \(error.reason)")
        } catch {
            throw .notOpened("the content is no usable EnvelopedData")
        }
    }

    /// Decrypts the envelope and reads what is inside.
    ///
    /// - Parameters:
    ///   - credentials: the credentials of the profile that can decrypt; the one that a recipient names is used, and when none is
    ///     named and there is one recipient only, each is tried (client-quirks F4).
    ///   - passwords: the passwords that an envelope may be encrypted under that has no recipient by key transport.
    /// - Returns: the request inside.
    /// - Throws: `notOpened`, whatever the reason; `algorithmNotAccepted` when the key transport is unknown.
    public func opened(
        with credentials: [RACredential],
        passwords: [String] = []
    ) throws(SCEPError) -> OpenedRequest {
        if isUnderPassword, let recipient = envelope.passwordRecipients.first, let credential = credentials.first {
            return try opened(recipient, passwords, credential)
        }
        let candidates = try candidates(credentials)
        guard let padding = candidates.first?.recipient.keyEncryptionAlgorithm.keyTransportPadding() else {
            throw .algorithmNotAccepted("the key transport is unknown")
        }
        try checkReply(padding)
        for (recipient, credential) in candidates {
            guard
                let plaintext = try? envelope.decrypt(
                    for: recipient,
                    key: credential.key,
                    cipher: cipher,
                    iv: iv,
                    padding: padding
                ),
                let content = try? OpenedRequest.Content(plaintext, messageType)
            else { continue }
            return OpenedRequest(message: self, content: content, credential: credential, delivery: .transport(padding))
        }
        throw .notOpened("the envelope does not decrypt to what a \(messageType) holds with this server's key")
    }

    /// The message as one whose content does not matter, with its envelope left closed: a CertPoll.
    ///
    /// A server goes by transactionID and signer (RFC 8894 §3.3.3). An answer that depended on whether the envelope opens would tell
    /// who puts another's ciphertext into a poll of their own what is in it (design §6.1).
    ///
    /// - Parameter credentials: the credentials of the profile that can decrypt.
    /// - Returns: a poll without names.
    /// - Throws: `algorithmNotAccepted` when the key transport is unknown; `notOpened` when the envelope is not for this server. Both
    ///   stand in the clear.
    public func unopened(with credentials: [RACredential]) throws(SCEPError) -> OpenedRequest {
        let content = OpenedRequest.Content.poll(IssuerAndSubject())
        if isUnderPassword, let credential = credentials.first {
            try checkReply(.pkcs1)
            return OpenedRequest(message: self, content: content, credential: credential, delivery: .password)
        }
        guard let (recipient, credential) = try candidates(credentials).first,
            let padding = recipient.keyEncryptionAlgorithm.keyTransportPadding()
        else { throw .algorithmNotAccepted("the key transport is unknown") }
        try checkReply(padding)
        return OpenedRequest(message: self, content: content, credential: credential, delivery: .transport(padding))
    }

    /// Whether the envelope opens by a password only, which has to be known before the request can be read (RFC 8894 §3.1).
    public var isUnderPassword: Bool {
        envelope.keyTransportRecipients.isEmpty && !envelope.passwordRecipients.isEmpty
    }

    /// The credential that a recipient of the envelope names; nil when none does.
    public func recipient(among credentials: [RACredential]) -> RACredential? {
        for recipient in envelope.keyTransportRecipients {
            if let found = credentials.first(where: { recipient.recipient.matches($0.certificate) }) { return found }
        }
        return nil
    }

    /// Refuses a signer's key under which the reply's key does not fit.
    ///
    /// The reply is padded as the request is. Better to say so before anything is issued than to issue what can't be delivered;
    /// the longest key of a reply to single DES is that of triple DES.
    private func checkReply(_ padding: KeyTransportPadding) throws(SCEPError) {
        guard case .rsa = signerKey.algorithm else { return }
        guard signerKey.canTransport(keyByteCount: max(cipher.keyByteCount, 24), padding: padding) else {
            throw .algorithmNotAccepted(
                "a signer key of \(signerKey.algorithm), too short for the key transport of the request"
            )
        }
    }

    private func opened(
        _ recipient: PasswordRecipient,
        _ passwords: [String],
        _ credential: RACredential
    ) throws(SCEPError) -> OpenedRequest {
        guard policy.passwordRecipients == .accepted else {
            throw .algorithmNotAccepted("an envelope under a password")
        }
        try checkReply(.pkcs1)
        // A few at most: each costs the peer's PBKDF2 iterations.
        for password in passwords.prefix(Self.maximumPasswordCount) {
            guard
                let plaintext = try? envelope.decrypt(
                    for: recipient,
                    password: password,
                    cipher: cipher,
                    iv: iv,
                    limits: received.limits
                ),
                let content = try? OpenedRequest.Content(plaintext, messageType)
            else { continue }
            return OpenedRequest(message: self, content: content, credential: credential, delivery: .password)
        }
        throw .notOpened("the envelope does not decrypt under a password of the profile")
    }

    private static let maximumPasswordCount = 4

    private func candidates(
        _ credentials: [RACredential]
    ) throws(SCEPError) -> [(recipient: KeyTransportRecipient, credential: RACredential)] {
        for recipient in envelope.keyTransportRecipients {
            if let credential = credentials.first(where: { recipient.recipient.matches($0.certificate) }) {
                return [(recipient, credential)]
            }
        }
        guard let only = envelope.keyTransportRecipients.first, envelope.keyTransportRecipients.count == 1,
            !credentials.isEmpty
        else { throw .notOpened("the envelope is not for this server") }
        return credentials.map { (only, $0) }
    }
}
