// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
public import PKIX

/// A CertRep as a client received it, checked to answer its request and to come from the CA.
public enum ReceivedReply: Sendable {
    /// The certificate that was issued, and what came with it.
    case success(issued: EncodedCertificate, others: [EncodedCertificate])
    /// The CRL that was asked for, DER.
    case certificateList([UInt8])
    /// The request is rejected. A failInfo that is unknown is nil; the text is for people only (RFC 8894 §3.2.1.4).
    case failure(FailInfo?, text: String?)
    /// The request waits for approval.
    case pending

    /// Reads and checks a reply (RFC 8894 §3.2.1, §3.3.2).
    ///
    /// - Parameters:
    ///   - bytes: the body of the HTTP reply.
    ///   - request: what was asked.
    ///   - authorities: the certificates of GetCACert, from one of which the signature has to be.
    /// - Throws: `replyRejected`, with the reason.
    public init(
        bytes: [UInt8],
        to request: ClientRequest,
        authorities: CACertificates
    ) throws(SCEPError) {
        do {
            let signedData = try SignedData(contentInfo: bytes)
            let attributes = try Self.verify(signedData, authorities: authorities)
            guard try attributes.text(.SCEP.messageType) == MessageType.certRep.rawValue else {
                throw SCEPError.replyRejected("its messageType is not CertRep")
            }
            guard try attributes.text(.SCEP.transactionID) == request.transactionID.text else {
                throw SCEPError.replyRejected("its transactionID is another one")
            }
            guard try attributes.nonce(.SCEP.recipientNonce) == request.senderNonce else {
                throw SCEPError.replyRejected("its recipientNonce is not the request's senderNonce")
            }
            guard let status = try attributes.text(.SCEP.pkiStatus).flatMap(PKIStatus.init(rawValue:)) else {
                throw SCEPError.replyRejected("its pkiStatus is missing or unknown")
            }
            switch status {
            case .success: self = try Self.success(signedData.content ?? [], request: request)
            case .failure:
                let failInfo = try attributes.text(.SCEP.failInfo).flatMap(FailInfo.init(rawValue:))
                self = .failure(failInfo, text: try? attributes.text(.SCEP.failInfoText))
            case .pending: self = .pending
            }
        } catch let error as SCEPError {
            throw error
        } catch let error as CMSError {
            throw .replyRejected(error.reason)
        } catch {
            throw .replyRejected("unexpected structure")
        }
    }

    private static func verify(_ signedData: SignedData, authorities: CACertificates) throws -> SignedAttributes {
        guard let info = signedData.signerInfos.first, signedData.signerInfos.count == 1,
            let attributes = info.signedAttributes
        else { throw SCEPError.replyRejected("it has not one signer with signed attributes") }
        guard info.digestAlgorithm.digestAlgorithm != .insecureMD5 else {
            throw SCEPError.replyRejected("its digest is MD5, which RFC 8894 section 2.9 forbids")
        }
        // What counts is that GetCACert named the certificate; the copy in the reply is not looked at (client-quirks E8).
        guard let signer = authorities.certificates.first(where: { info.signer.matches($0) }) else {
            throw SCEPError.replyRejected("its signer is none of the CA's certificates")
        }
        let key = try signer.subjectPublicKeyInfo.publicKey()
        try info.verify(content: signedData.content ?? [], contentType: signedData.contentType, key: key)
        return attributes
    }

    private static func success(_ content: [UInt8], request: ClientRequest) throws -> ReceivedReply {
        let message = try SignedData(contentInfo: try decrypt(try EnvelopedData(contentInfo: content), request))
        let certificates = message.certificates
        let wanted: EncodedCertificate?
        switch request.expectation {
        case .certificateList:
            guard let list = message.encodedCRLs.first else { throw SCEPError.replyRejected("it holds no CRL") }
            return .certificateList(list)
        case .certificate(let key):
            wanted = certificates.first { $0.subjectPublicKeyInfo.keyBits == key.keyBits }
        case .namedCertificate(let name):
            let identifier = CertificateIdentifier.issuerAndSerialNumber(
                issuer: name.issuer,
                serialNumber: name.serialNumber
            )
            wanted = certificates.first { identifier.matches($0) }
        }
        guard let wanted else { throw SCEPError.replyRejected("it does not hold the certificate that was asked for") }
        return .success(issued: wanted, others: certificates.filter { $0 != wanted })
    }

    private static func decrypt(_ envelope: EnvelopedData, _ request: ClientRequest) throws -> [UInt8] {
        guard let (cipher, iv) = try envelope.contentEncryptionAlgorithm.contentCipher(), cipher != .insecureDESCBC
        else {
            throw SCEPError.replyRejected("its cipher is not accepted")
        }
        if let recipient = envelope.keyTransportRecipients.first, let key = request.key as? any KeyDecryptionKey,
            let padding = recipient.keyEncryptionAlgorithm.keyTransportPadding()
        {
            return try envelope.decrypt(for: recipient, key: key, cipher: cipher, iv: iv, padding: padding)
        }
        if let recipient = envelope.passwordRecipients.first, let password = request.password {
            return try envelope.decrypt(for: recipient, password: password, cipher: cipher, iv: iv)
        }
        throw SCEPError.replyRejected("it is not encrypted to this client")
    }
}
