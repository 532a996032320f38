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

    /// The message types that are served; everything else is refused (client-quirks part O, CVE-2026-30836).
    static let servedTypes: Set<MessageType> = [.pkcsReq]

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
        (self.envelope, self.cipher, self.iv) = try Self.envelope(content, policy: policy)
    }

    private static func key(of signer: EncodedCertificate, policy: AlgorithmPolicy) throws(SCEPError) -> PublicKey {
        let key: PublicKey
        do {
            key = try signer.subjectPublicKeyInfo.publicKey(limits: policy.clientKeyLimits)
        } catch {
            switch error {
            case .unsupported(let what): throw .algorithmNotAccepted(what)
            case .malformed(let what), .unencodable(let what): throw .integrityCheckFailed(what)
            }
        }
        // The reply is encrypted to this key; better to say so before anything is issued than to issue what can't be delivered.
        guard case .rsa = key.algorithm else {
            throw .algorithmNotAccepted("a signer key of type \(key.algorithm), to which no reply can be encrypted")
        }
        return key
    }

    /// Reads the envelope and its algorithms.
    ///
    /// These stand in the clear, so refusing them tells nothing about what is inside.
    private static func envelope(
        _ content: [UInt8],
        policy: AlgorithmPolicy
    ) throws(SCEPError) -> (EnvelopedData, ContentCipher, [UInt8]) {
        do {
            let envelope = try EnvelopedData(contentInfo: content)
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
    /// - Parameter credentials: the credentials of the profile that can decrypt; the one that a recipient names is used, and when
    ///   none is named and there is one recipient only, each is tried (client-quirks F4).
    /// - Returns: the request inside.
    /// - Throws: `notOpened`, whatever the reason; `algorithmNotAccepted` when the key transport is unknown.
    public func opened(with credentials: [RACredential]) throws(SCEPError) -> OpenedRequest {
        let candidates = try candidates(credentials)
        guard let padding = candidates.first?.recipient.keyEncryptionAlgorithm.keyTransportPadding() else {
            throw .algorithmNotAccepted("the key transport is unknown")
        }
        // The reply is padded alike. Better to say so before anything is issued than to issue what can't be delivered; the
        // longest key of a reply to single DES is that of triple DES.
        guard signerKey.canTransport(keyByteCount: max(cipher.keyByteCount, 24), padding: padding) else {
            throw .algorithmNotAccepted(
                "a signer key of \(signerKey.algorithm), too short for the key transport of the request"
            )
        }
        for (recipient, credential) in candidates {
            if let request = try? request(for: recipient, with: credential, padding: padding) {
                return OpenedRequest(message: self, content: .enroll(request), credential: credential, padding: padding)
            }
        }
        throw .notOpened("the envelope does not decrypt to a PKCS#10 request with this server's key")
    }

    private func request(
        for recipient: KeyTransportRecipient,
        with credential: RACredential,
        padding: KeyTransportPadding
    ) throws -> CertificationRequest {
        let plaintext = try envelope.decrypt(
            for: recipient,
            key: credential.key,
            cipher: cipher,
            iv: iv,
            padding: padding
        )
        return try CertificationRequest(derEncoded: plaintext)
    }

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
