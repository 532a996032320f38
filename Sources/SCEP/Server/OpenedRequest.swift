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

/// A request whose envelope opened to what its messageType says.
///
/// Nothing in it is authorised yet.
public final class OpenedRequest: Sendable {
    /// What a request asks for.
    public enum Content: Sendable {
        /// A certificate, authenticated by a challenge (RFC 8894 §3.3.1).
        case enroll(CertificationRequest)
    }

    /// The message it came in.
    public let message: VerifiedMessage
    /// What it asks for.
    public let content: Content
    /// The credential that opened it, which also answers (design §6.7).
    public let credential: RACredential
    /// How its key was transported; the reply's key is transported alike.
    public let padding: KeyTransportPadding

    init(message: VerifiedMessage, content: Content, credential: RACredential, padding: KeyTransportPadding) {
        self.message = message
        self.content = content
        self.credential = credential
        self.padding = padding
    }
}
