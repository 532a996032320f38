// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing

/// A device that asks for a certificate, rightly unless a test spoils its message.
struct Device: Sendable {
    let name: String
    let key: SoftwareKey
    /// The recipient of its envelopes.
    var recipient: EncodedCertificate

    init(
        _ name: String = "device-1",
        key: SoftwareKey? = nil,
        of server: Server,
        path: String = "/scep/default"
    ) async throws {
        self.name = name
        self.key = try key ?? TestKeys.client
        self.recipient = try #require(try await server.authorities(path).recipient)
    }

    init(_ name: String, key: SoftwareKey, recipient: EncodedCertificate) {
        self.name = name
        self.key = key
        self.recipient = recipient
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
        _ transactionID: String,
        request spoilRequest: (inout HandMadeRequest) throws -> Void = { _ in },
        envelope spoilEnvelope: (inout EnvelopeBuilder) throws -> Void = { _ in },
        outer spoilOuter: (inout PKIMessageBuilder) throws -> Void = { _ in }
    ) throws -> [UInt8] {
        var request = HandMadeRequest(name, key: key, challenge: challenge)
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
        return try outer.build()
    }

    /// The certificates in an answer; the issued one is the first.
    func certificates(in reply: HTTPReply) throws -> [EncodedCertificate] {
        try SignedData(contentInfo: try plaintext(of: reply)).certificates
    }

    /// What the envelope in an answer holds.
    func plaintext(of reply: HTTPReply) throws -> [UInt8] {
        let envelope = try EnvelopedData(contentInfo: try #require(try ReplyReader(reply.body).content))
        let (cipher, iv) = try #require(try envelope.contentEncryptionAlgorithm.contentCipher())
        let recipient = try #require(envelope.keyTransportRecipients.first)
        let padding = try #require(recipient.keyEncryptionAlgorithm.keyTransportPadding())
        return try envelope.decrypt(for: recipient, key: key, cipher: cipher, iv: iv, padding: padding)
    }

    /// The certificate that an answer grants.
    func certificate(in reply: HTTPReply) throws -> EncodedCertificate {
        try #require(try certificates(in: reply).first)
    }
}

extension HTTPReply {
    /// pkiStatus, failInfo and failInfoText of a CertRep, separated by spaces.
    var certRep: String {
        get throws {
            guard status == 200, contentType == "application/x-pki-message" else { return "\(status) \(text)" }
            let reader = try ReplyReader(body)
            let parts = [
                try reader.value(OID.pkiStatus)?.text, try reader.value(OID.failInfo)?.text,
                try reader.value(OID.failInfoText)?.text,
            ]
            return parts.compactMap(\.self).joined(separator: " ")
        }
    }

    /// Whether this is a CertRep SUCCESS.
    var isSuccess: Bool { (try? certRep) == "0" }
}

/// The answers that failures get.
enum Failure {
    static let algorithm = "2 0 an algorithm or key of the request is not accepted"
    static let integrity = "2 1 the signature of the request is not valid"
    static let type = "2 2 the message type is not supported"
    static let uniform = "2 2 the request was refused"
    static let unknownPoll = "2 4 there is no such transaction"
}
