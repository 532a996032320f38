// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
public import Cryptography
public import PKIX

public import struct Foundation.Date

/// A request as a client makes it, with what is needed to judge the reply.
public struct ClientRequest: Sendable {
    /// How a request is made.
    public struct Options: Sendable {
        /// The digest of the outer signature.
        public var digest: DigestAlgorithm
        /// The cipher of the envelope.
        public var cipher: ContentCipher
        /// The key transport of the envelope.
        public var padding: KeyTransportPadding

        /// Puts options together.
        public init(digest: DigestAlgorithm, cipher: ContentCipher, padding: KeyTransportPadding = .pkcs1) {
            self.digest = digest
            self.cipher = cipher
            self.padding = padding
        }
    }

    /// The encoded pkiMessage.
    public let bytes: [UInt8]
    /// The name of the operation.
    public let transactionID: TransactionID
    /// The nonce that the reply has to repeat.
    public let senderNonce: Nonce
    /// The request inside.
    public let request: CertificationRequest
    let key: any KeyDecryptionKey

    /// Makes a PKCSReq (RFC 8894 §3.3.1).
    ///
    /// - Parameters:
    ///   - request: the PKCS#10 request.
    ///   - key: the key that the request is for, which signs and later decrypts.
    ///   - signer: the certificate of that key (`TemporaryCertificate`).
    ///   - recipient: the CA's or RA's certificate to envelope to.
    ///   - transactionID: the name of the operation; a fresh random one when nil.
    ///   - options: the algorithms.
    ///   - now: the time for signingTime.
    ///   - generator: where nonce, id, content key and vector come from.
    /// - Returns: the request, ready to be sent.
    /// - Throws: `unencodable`.
    public static func pkcsReq(
        _ request: CertificationRequest,
        key: any KeyDecryptionKey,
        signer: EncodedCertificate,
        recipient: EncodedCertificate,
        transactionID: TransactionID? = nil,
        options: Options,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> ClientRequest {
        do {
            let random = generator.bytes(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            guard let id = transactionID ?? TransactionID(random) else { throw SCEPError.unencodable("transactionID") }
            let nonce = Nonce(using: &generator)
            let envelope = try EnvelopedData.encrypt(
                request.der,
                to: recipient,
                key: try recipient.subjectPublicKeyInfo.publicKey(),
                cipher: options.cipher,
                padding: options.padding,
                using: &generator
            )
            let bytes = try SignedData.sign(
                content: envelope,
                signer: signer,
                key: key,
                digest: options.digest,
                attributes: [
                    .printable(.SCEP.transactionID, id.text),
                    .printable(.SCEP.messageType, MessageType.pkcsReq.rawValue),
                    .nonce(.SCEP.senderNonce, nonce),
                    .signingTime(now),
                ]
            )
            return ClientRequest(bytes: bytes, transactionID: id, senderNonce: nonce, request: request, key: key)
        } catch {
            throw .unencodable("PKCSReq")
        }
    }
}
