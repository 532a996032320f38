// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX

/// A key and certificate that speak SCEP for a profile (design §2).
public final class RACredential: Sendable {
    /// The certificate that clients envelope to.
    public let certificate: EncodedCertificate
    /// The certificate that signs CertRep: the same one, or another of the same key.
    public let signer: EncodedCertificate
    /// Its key.
    public let key: any KeyDecryptionKey
    /// The certificates that CertRep carries after the signer's, DER: the issuing CA's (client-quirks E9).
    public let alongside: [[UInt8]]

    /// Puts a credential together.
    public init(
        certificate: EncodedCertificate,
        signer: EncodedCertificate? = nil,
        key: any KeyDecryptionKey,
        alongside: [[UInt8]]
    ) {
        self.certificate = certificate
        self.signer = signer ?? certificate
        self.key = key
        self.alongside = alongside
    }
}

/// How the content-encryption key of a message reaches its recipient.
public enum KeyDelivery: Sendable, Hashable {
    /// Under the recipient's RSA key.
    case transport(KeyTransportPadding)
    /// Under a password that both sides know: for recipients whose key can't decrypt (RFC 8894 §3.1).
    case password
}

/// A request whose envelope opened to what its messageType says.
///
/// Nothing in it is authorised yet.
public final class OpenedRequest: Sendable {
    /// What a request asks for.
    public enum Content: Sendable {
        /// A certificate, with a PKCSReq: authenticated by a challenge, or by the signer's certificate as in drafts of old
        /// (RFC 8894 §3.3.1).
        case enroll(CertificationRequest)
        /// A certificate, with a RenewalReq: authenticated by the signer's certificate (RFC 8894 §3.3.1).
        case renew(CertificationRequest)
        /// What became of an earlier request (RFC 8894 §3.3.3).
        case poll(IssuerAndSubject)
        /// A certificate that was issued before (RFC 8894 §3.3.4).
        case getCert(IssuerAndSerialNumber)
        /// The CRL that covers a certificate (RFC 8894 §3.3.4).
        case getCRL(IssuerAndSerialNumber)

        init(_ plaintext: [UInt8], _ type: MessageType) throws {
            switch type {
            case .pkcsReq: self = .enroll(try CertificationRequest(derEncoded: plaintext))
            case .renewalReq: self = .renew(try CertificationRequest(derEncoded: plaintext))
            case .certPoll: self = .poll(try IssuerAndSubject(derEncoded: plaintext))
            case .getCert: self = .getCert(try IssuerAndSerialNumber(derEncoded: plaintext))
            case .getCRL: self = .getCRL(try IssuerAndSerialNumber(derEncoded: plaintext))
            default: throw SCEPError.messageTypeNotServed(type.description)
            }
        }
    }

    /// The message it came in.
    public let message: VerifiedMessage
    /// What it asks for.
    public let content: Content
    /// The credential that opened it, which also answers (design §6.7).
    public let credential: RACredential
    /// How its key was delivered.
    public let delivery: KeyDelivery

    init(message: VerifiedMessage, content: Content, credential: RACredential, delivery: KeyDelivery) {
        self.message = message
        self.content = content
        self.credential = credential
        self.delivery = delivery
    }

    /// How the reply's key has to be delivered: as the request's under the signer's RSA key, else under a password.
    public var replyDelivery: KeyDelivery {
        guard case .rsa = message.signerKey.algorithm else { return .password }
        if case .transport = delivery { return delivery }
        return .transport(.pkcs1)
    }
}
