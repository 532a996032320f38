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

/// A device that asks for a certificate, rightly unless a test spoils its message.
struct Device: Sendable {
    var name = "device-1"
    var key: SoftwareKey
    /// The recipient of its envelopes.
    var recipient: EncodedCertificate

    init(_ name: String = "device-1", key: SoftwareKey? = nil, in world: World) throws {
        self.name = name
        self.key = try key ?? TestKeys.client
        self.recipient = world.credential.certificate
    }

    /// Its self-signed certificate.
    var certificate: EncodedCertificate {
        get throws { try HandMadeCertificate(name, key: key).read() }
    }

    /// A PKCSReq.
    ///
    /// The same arguments make the same PKCS#10 request, though never the same envelope.
    func message(
        _ challenge: String?,
        transactionID: String = "0123456789ABCDEF",
        extensions: [[UInt8]] = [],
        request spoilRequest: (inout HandMadeRequest) throws -> Void = { _ in },
        envelope spoilEnvelope: (inout EnvelopeBuilder) throws -> Void = { _ in },
        outer spoilOuter: (inout PKIMessageBuilder) throws -> Void = { _ in }
    ) throws -> Message {
        var request = HandMadeRequest(name, key: key, challenge: challenge)
        if !extensions.isEmpty {
            let list = TLV.encode(0x30, extensions.flatMap(\.self))
            request.attributes.append(TLV.attribute(OID.extensionRequest, list))
        }
        try spoilRequest(&request)
        var envelope = try EnvelopeBuilder(try request.der(), to: recipient)
        try spoilEnvelope(&envelope)
        var outer = PKIMessageBuilder(
            content: try envelope.build(),
            signer: try certificate,
            key: key,
            transactionID: transactionID
        )
        try spoilOuter(&outer)
        return Message(bytes: try outer.build(), key: key)
    }
}

/// A message, with the key that opens its answer.
struct Message: Sendable {
    var bytes: [UInt8]
    var key: SoftwareKey
}

/// An answer as a device reads it.
enum Answer: Equatable, CustomStringConvertible {
    case certificate([UInt8])
    case failure(String?, String?)
    case unanswerable
    case unavailable

    /// The one answer to everything that goes wrong before the sender has authenticated.
    static let uniform = Answer.failure("2", FailInfo.uniform.text)

    init(_ reply: EnrollmentReply, key: SoftwareKey) throws {
        switch reply {
        case .unanswerable: self = .unanswerable
        case .unavailable: self = .unavailable
        case .certRep(let bytes):
            let reader = try ReplyReader(bytes)
            if try reader.value(OID.pkiStatus)?.text == "0" {
                let content = try #require(try reader.content)
                self = .certificate(try #require(try Self.certificates(content, key: key).first).der)
            } else {
                self = .failure(try reader.value(OID.failInfo)?.text, try reader.value(OID.failInfoText)?.text)
            }
        }
    }

    static func certificates(_ content: [UInt8], key: SoftwareKey) throws -> [EncodedCertificate] {
        let envelope = try EnvelopedData(contentInfo: content)
        let (cipher, iv) = try #require(try envelope.contentEncryptionAlgorithm.contentCipher())
        let recipient = try #require(envelope.keyTransportRecipients.first)
        let padding = try #require(recipient.keyEncryptionAlgorithm.keyTransportPadding())
        let plaintext = try envelope.decrypt(for: recipient, key: key, cipher: cipher, iv: iv, padding: padding)
        return try SignedData(contentInfo: plaintext).certificates
    }

    /// The certificate, when there is one.
    var certificate: EncodedCertificate? {
        if case .certificate(let der) = self { return try? EncodedCertificate(derEncoded: der) }
        return nil
    }

    var description: String {
        switch self {
        case .certificate(let der): "certificate of \(der.count) bytes"
        case .failure(let failInfo, let text): "failure \(failInfo ?? "-"): \(text ?? "-")"
        case .unanswerable: "unanswerable"
        case .unavailable: "unavailable"
        }
    }
}
