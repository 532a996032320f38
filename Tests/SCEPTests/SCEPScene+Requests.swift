// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEP
import SCEPCrafting
import TestSupport

extension SCEPScene {
    /// What a CertPoll holds: the CA's subject and that of the request.
    var issuerAndSubject: [UInt8] {
        TLV.sequence(HandMadeCertificate.name("Example CA"), HandMadeCertificate.name("device-1"))
    }

    /// What a GetCert or GetCRL holds: the issuer and serial number of the issued certificate.
    var issuerAndSerialNumber: [UInt8] {
        TLV.sequence(HandMadeCertificate.name("Example CA"), TLV.integer(0x77, 0x01))
    }

    /// What belongs into a message of some type.
    func messageData(of type: MessageType) -> [UInt8] {
        switch type {
        case .certPoll: issuerAndSubject
        case .getCert, .getCRL: issuerAndSerialNumber
        default: request
        }
    }

    /// A message of some type that holds some plaintext; what belongs into it unless it is given.
    func message(_ type: MessageType, _ plaintext: [UInt8]? = nil) throws -> PKIMessageBuilder {
        var envelope = try envelope()
        envelope.plaintext = plaintext ?? messageData(of: type)
        return PKIMessageBuilder(
            content: try envelope.build(),
            signer: client,
            key: clientKey,
            messageType: type.rawValue
        )
    }

    /// A PKCSReq under a password, its envelope spoilt or not.
    func message(
        password: String,
        _ type: MessageType = .pkcsReq,
        _ spoil: (inout PasswordEnvelopeBuilder) -> Void = { _ in }
    ) throws -> PKIMessageBuilder {
        var envelope = PasswordEnvelopeBuilder(messageData(of: type), password: password)
        spoil(&envelope)
        return PKIMessageBuilder(
            content: try envelope.build(),
            signer: client,
            key: clientKey,
            messageType: type.rawValue
        )
    }

    /// A CRL of the CA, DER, made by hand.
    func certificateList() throws -> [UInt8] {
        let body = TLV.sequence(
            TLV.integer(1),
            TLV.algorithm(OID.sha256WithRSA),
            HandMadeCertificate.name("Example CA"),
            HandMadeCertificate.utcTime("260101000000Z"),
            HandMadeCertificate.utcTime("260108000000Z")
        )
        let signature = try TestKeys.authority.sign(body, scheme: .rsaPKCS1(.sha256))
        return TLV.sequence(body, TLV.algorithm(OID.sha256WithRSA), TLV.bitString(signature))
    }
}

extension MessageType {
    /// The types that a server serves.
    static let ofRequests: [MessageType] = [.pkcsReq, .renewalReq, .certPoll, .getCert, .getCRL]
}
