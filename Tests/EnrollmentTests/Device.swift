// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

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
    /// The certificate that it signs with, once it was issued one.
    var issued: EncodedCertificate?

    init(_ name: String = "device-1", key: SoftwareKey? = nil, in world: World) throws {
        self.name = name
        self.key = try key ?? TestKeys.client
        self.recipient = world.credential.certificate
    }

    /// The same device with a certificate.
    func holding(_ certificate: EncodedCertificate) -> Device {
        var device = self
        device.issued = certificate
        return device
    }

    /// Its self-signed certificate, or the issued one.
    var certificate: EncodedCertificate {
        get throws {
            if let issued { return issued }
            // Nobody looks at the signature of such a certificate, so that an RSA key may sign one for an EC key.
            var own = HandMadeCertificate(name, key: isEC ? try TestKeys.client : key)
            own.subjectPublicKeyInfo = key.publicKey.subjectPublicKeyInfo
            return try own.read()
        }
    }

    private var isEC: Bool {
        if case .ec = key.publicKey.algorithm { return true }
        return false
    }

    /// A PKCSReq, or a RenewalReq with the type 17.
    ///
    /// The same arguments make the same PKCS#10 request for an RSA key, though never the same envelope.
    func message(
        _ challenge: String?,
        transactionID: String = "0123456789ABCDEF",
        type: String = "19",
        for newKey: SoftwareKey? = nil,
        extensions: [[UInt8]] = [],
        request spoilRequest: (inout HandMadeRequest) throws -> Void = { _ in },
        envelope spoilEnvelope: (inout EnvelopeBuilder) throws -> Void = { _ in },
        outer spoilOuter: (inout PKIMessageBuilder) throws -> Void = { _ in }
    ) throws -> Message {
        var request = HandMadeRequest(name, key: newKey ?? key, challenge: challenge)
        if !extensions.isEmpty {
            let list = TLV.encode(0x30, extensions.flatMap(\.self))
            request.attributes.append(TLV.attribute(OID.extensionRequest, list))
        }
        try spoilRequest(&request)
        return try message(
            holding: try request.encoded(),
            transactionID: transactionID,
            type: type,
            password: challenge,
            envelope: spoilEnvelope,
            outer: spoilOuter
        )
    }

    /// A RenewalReq for a new key, signed with the certificate that the device holds.
    func renewal(
        _ newKey: SoftwareKey,
        transactionID: String = "renewal",
        type: String = "17",
        challenge: String? = nil,
        extensions: [[UInt8]] = [],
        request: (inout HandMadeRequest) throws -> Void = { _ in }
    ) throws -> Message {
        try message(
            challenge,
            transactionID: transactionID,
            type: type,
            for: newKey,
            extensions: extensions,
            request: request
        )
    }

    /// A CertPoll.
    func poll(
        transactionID: String = "0123456789ABCDEF",
        issuer: [UInt8] = HandMadeCertificate.name("Example CA"),
        subject: [UInt8]? = nil,
        password: String? = nil,
        envelope: (inout EnvelopeBuilder) throws -> Void = { _ in },
        outer: (inout PKIMessageBuilder) throws -> Void = { _ in }
    ) throws -> Message {
        try message(
            holding: TLV.sequence(issuer, subject ?? HandMadeCertificate.name(name)),
            transactionID: transactionID,
            type: "20",
            password: password,
            envelope: envelope,
            outer: outer
        )
    }

    /// A GetCert, or a GetCRL with the type 22.
    func query(
        _ issuer: [UInt8],
        _ serialNumber: [UInt8],
        type: String = "21",
        envelope: (inout EnvelopeBuilder) throws -> Void = { _ in }
    ) throws -> Message {
        try message(
            holding: TLV.sequence(issuer, TLV.encode(0x02, serialNumber)),
            transactionID: "query",
            type: type,
            envelope: envelope
        )
    }

    /// A message with some messageData.
    func message(
        holding messageData: [UInt8],
        transactionID: String,
        type: String,
        password: String? = nil,
        envelope spoilEnvelope: (inout EnvelopeBuilder) throws -> Void = { _ in },
        outer spoilOuter: (inout PKIMessageBuilder) throws -> Void = { _ in }
    ) throws -> Message {
        var envelope = try EnvelopeBuilder(messageData, to: recipient)
        try spoilEnvelope(&envelope)
        var outer = PKIMessageBuilder(
            content: try envelope.build(),
            signer: try certificate,
            key: key,
            transactionID: transactionID,
            messageType: type
        )
        if isEC {
            outer.scheme = .ecdsa(.sha256)
            outer.signatureIdentifier = ecdsaWithSHA256
        }
        try spoilOuter(&outer)
        return Message(bytes: try outer.build(), key: key, password: password)
    }
}

/// A message, with what opens its answer.
struct Message: Sendable {
    var bytes: [UInt8]
    var key: SoftwareKey
    /// The challenge, under which the answer to an EC key is encrypted.
    var password: String?
}

/// The identifier of ECDSA with SHA-256 (RFC 5758 §3.2), which has no parameters.
private let ecdsaWithSHA256 = TLV.sequence([UInt8](hex: "06082a8648ce3d040302"))

extension HandMadeRequest {
    /// The encoding, signed with an RSA or EC key.
    func encoded() throws -> [UInt8] {
        guard case .ec = signer.publicKey.algorithm else { return try der() }
        var other = self
        other.signer = try TestKeys.client
        let info = try DERElement(try other.der()).at(0).encoded
        let signature = try signer.sign(info, scheme: .ecdsa(.sha256))
        return TLV.sequence(info, ecdsaWithSHA256, TLV.bitString(signature))
    }
}
