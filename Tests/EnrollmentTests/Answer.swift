// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing

/// An answer as a device reads it.
enum Answer: Equatable, CustomStringConvertible {
    case certificate([UInt8])
    case certificateList([UInt8])
    case pending
    case failure(String?, String?)
    case unanswerable
    case unavailable
    case throttled

    /// The one answer to everything that goes wrong before the sender has authenticated.
    static let uniform = Answer.failure("2", FailInfo.uniform.text)
    static let unknownTransaction = Answer.failure("4", "there is no such transaction")
    static let unknownCertificate = Answer.failure("4", "there is no such certificate")
    static let undeliverable = Answer.failure("2", "a reply to this key needs a strong challenge in the request")

    init(_ reply: EnrollmentReply, _ message: Message) throws {
        switch reply {
        case .unanswerable: self = .unanswerable
        case .unavailable: self = .unavailable
        case .throttled: self = .throttled
        case .certRep(let bytes):
            let reader = try ReplyReader(bytes)
            switch try reader.value(OID.pkiStatus)?.text {
            case "0":
                let contents = try Self.contents(try #require(try reader.content), message)
                if let list = contents.encodedCRLs.first {
                    #expect(contents.encodedCRLs.count == 1 && contents.encodedCertificates.isEmpty)
                    self = .certificateList(list)
                } else {
                    self = .certificate(try #require(contents.encodedCertificates.first))
                }
            case "3":
                #expect(try reader.content == [])
                self = .pending
            default:
                self = .failure(try reader.value(OID.failInfo)?.text, try reader.value(OID.failInfoText)?.text)
            }
        }
    }

    init(_ reply: EnrollmentReply, key: SoftwareKey) throws {
        try self.init(reply, Message(bytes: [], key: key))
    }

    /// What a SUCCESS holds.
    static func contents(_ reply: ReplyReader, _ message: Message) throws -> SignedData {
        let content = try #require(try reply.content)
        return try contents(content, message)
    }

    /// What the envelope of a SUCCESS holds.
    static func contents(_ content: [UInt8], _ message: Message) throws -> SignedData {
        let envelope = try EnvelopedData(contentInfo: content)
        let (cipher, iv) = try #require(try envelope.contentEncryptionAlgorithm.contentCipher())
        let plaintext: [UInt8]
        if case .ec = message.key.publicKey.algorithm {
            let recipient = try #require(envelope.passwordRecipients.first)
            #expect(envelope.keyTransportRecipients.isEmpty)
            let password = try #require(message.password)
            plaintext = try envelope.decrypt(for: recipient, password: password, cipher: cipher, iv: iv)
        } else {
            let recipient = try #require(envelope.keyTransportRecipients.first)
            #expect(envelope.passwordRecipients.isEmpty)
            let padding = try #require(recipient.keyEncryptionAlgorithm.keyTransportPadding())
            plaintext = try envelope.decrypt(
                for: recipient,
                key: message.key,
                cipher: cipher,
                iv: iv,
                padding: padding
            )
        }
        return try SignedData(contentInfo: plaintext)
    }

    /// The certificate, when there is one.
    var certificate: EncodedCertificate? {
        if case .certificate(let der) = self { return try? EncodedCertificate(derEncoded: der) }
        return nil
    }

    /// The CRL, when there is one.
    var certificateList: EncodedCertificateList? {
        if case .certificateList(let der) = self { return try? EncodedCertificateList(derEncoded: der) }
        return nil
    }

    var description: String {
        switch self {
        case .certificate(let der): "certificate of \(der.count) bytes"
        case .certificateList(let der): "CRL of \(der.count) bytes"
        case .pending: "pending"
        case .failure(let failInfo, let text): "failure \(failInfo ?? "-"): \(text ?? "-")"
        case .unanswerable: "unanswerable"
        case .unavailable: "unavailable"
        case .throttled: "throttled"
        }
    }
}
