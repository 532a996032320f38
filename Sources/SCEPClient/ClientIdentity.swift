// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX

/// A certificate and its key: what signs a client's messages, and what replies are encrypted to (RFC 8894 §2.3).
public struct ClientIdentity: Sendable {
    /// The certificate.
    public let certificate: EncodedCertificate
    /// Its key.
    public let key: any PrivateKey

    /// Puts both together.
    ///
    /// - Throws: `invalidInput` when the key is not the certificate's.
    public init(certificate: EncodedCertificate, key: any PrivateKey) throws(SCEPClientError) {
        guard let keyInfo = try? SubjectPublicKeyInfo(key.publicKey),
            keyInfo.keyBits == certificate.subjectPublicKeyInfo.keyBits
        else { throw .invalidInput("the key is not that of the certificate '\(certificate.subject)'") }
        self.certificate = certificate
        self.key = key
    }
}
