// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// RFC 8894 §3.2, what a server must check: requirements 77 to 96 of the conformance list.
@Suite struct RequestRequirementTests {
    private let scene: SCEPScene
    private let dialogue: Dialogue

    init() throws {
        let scene = try SCEPScene()
        self.scene = scene
        self.dialogue = Dialogue(scene: scene)
    }

    private func unreadable(_ message: PKIMessageBuilder) throws -> String? {
        guard case .unreadable(let reason) = try dialogue.send(message) else { return nil }
        return reason
    }

    @Test func requirement077AnUnencryptedRequestIsRefused() throws {
        var message = try scene.message()
        message.content = scene.request
        #expect(try dialogue.failInfo(message) == .badRequest)
        for content in [nil, [], [0]] as [[UInt8]?] {
            message.content = content
            #expect(try dialogue.failInfo(message) == .badRequest)
        }
    }

    @Test func requirement078ARequestWithoutTransactionIDIsNotProcessed() throws {
        for value in [
            nil, TLV.printable(""), TLV.octetString([0x31]), TLV.integer(1),
            TLV.printable(String(repeating: "a", count: 256)),
            TLV.printable("a\u{0}"), TLV.printable("a\nb"), TLV.utf8("ä"),
        ] {
            var message = try scene.message()
            message.attributes.removeAll { $0.contains(run: OID.transactionID) }
            if let value { message.attributes.append(TLV.attribute(OID.transactionID, value)) }
            #expect(
                try unreadable(message)?.contains(
                    value?.first == 0x04 || value?.first == 0x02 ? "not a string" : "transactionID"
                ) == true
            )
        }
    }

    @Test func requirement079ARequestWithoutMessageTypeIsRefused() throws {
        var message = try scene.message()
        message.replace(OID.messageType)
        #expect(try dialogue.failInfo(message) == .badRequest)
        // One that can't be read is as good as none; it is answered, since transactionID and senderNonce are there.
        for value in [TLV.integer(19), TLV.octetString([0x31, 0x39]), TLV.printable("19") + TLV.printable("19"), []] {
            message.replace(OID.messageType, with: TLV.attribute(OID.messageType, value))
            #expect(try dialogue.failInfo(message) == .badRequest)
        }
    }

    @Test(arguments: [
        "18", "1", "99", "abc", "", " 19", "19 ", "019", "+19", "19.0", "1９", "19\u{0}", "4294967315",
        String(repeating: "9", count: 200),
    ])
    func requirement080AnUndefinedMessageTypeIsAnError(type: String) throws {
        var message = try scene.message()
        message.replace(OID.messageType, with: TLV.attribute(OID.messageType, TLV.utf8(type)))
        #expect(try dialogue.failInfo(message) == .badRequest)
    }

    @Test(arguments: ["0", "3"])
    func requirement081TypesThatAreReservedOrOfAReplyAreErrors(type: String) throws {
        var message = try scene.message()
        message.replace(OID.messageType, with: TLV.attribute(OID.messageType, TLV.printable(type)))
        guard case .refused(.messageTypeNotServed(let detail), let reply) = try dialogue.send(message) else {
            Issue.record("served")
            return
        }
        #expect(!detail.isEmpty)
        #expect(try ReplyReader(reply).value(OID.failInfo)?.text == "2")
    }

    @Test func requirement082ASignerInfoWithoutSignedAttributesIsAnError() throws {
        var message = try scene.message()
        message.signsAttributes = false
        #expect(try unreadable(message) == "the message has no signed attributes")
    }

    @Test(arguments: [OID.signedData, OID.envelopedData])
    func requirement083AnotherEContentTypeIsAnError(type: [UInt8]) throws {
        var message = try scene.message()
        message.eContentType = type
        #expect(try dialogue.failInfo(message) == .badMessageCheck)
        message.contentTypeAttribute = TLV.attribute(OID.contentType, type)
        #expect(try dialogue.failInfo(message) == .badMessageCheck)
    }

    @Test func requirement084TheContentMustMatchTheType() throws {
        let issuerAndSubject = TLV.sequence(
            HandMadeCertificate.name("Example CA"),
            HandMadeCertificate.name("device-1")
        )
        for plaintext in [issuerAndSubject, scene.client.der, [], [0x30, 0x00], Array("text".utf8)] {
            let message = try scene.message { $0.plaintext = plaintext }
            #expect(try dialogue.failInfo(message) == .badRequest)
        }
    }

    @Test func requirement085OneFlippedBitInTheSignatureIsBadMessageCheck() throws {
        for index in stride(from: 0, to: 256, by: 15) {
            var message = try scene.message()
            message.spoilSignature = { $0.enumerated().map { $0.offset == index ? $0.element ^ 4 : $0.element } }
            #expect(try dialogue.failInfo(message) == .badMessageCheck)
        }
    }

    @Test func requirement086OneFlippedBitInTheContentIsBadMessageCheck() throws {
        for index in [0, 10, 100, 400, 800] {
            var message = try scene.message()
            message.spoilContent = { $0.enumerated().map { $0.offset == index ? $0.element ^ 1 : $0.element } }
            #expect(try dialogue.failInfo(message) == .badMessageCheck)
        }
    }

    @Test func requirement087AnUnknownDigestOrCipherIsBadAlg() throws {
        for oid in [OID.sha3of256, OID.rsaEncryption, OID.aes128CBC] {
            var message = try scene.message()
            message.digestIdentifier = TLV.algorithm(oid)
            #expect(try dialogue.failInfo(message) == .badAlg)
        }
        for oid in [OID.aes128GCM, OID.sha256] {
            #expect(try dialogue.failInfo(try scene.message { $0.cipherOID = oid }) == .badAlg)
        }
        #expect(try dialogue.failInfo(try scene.message { $0.keyTransport = TLV.algorithm(OID.sha256) }) == .badAlg)
        var signature = try scene.message()
        signature.signatureIdentifier = TLV.algorithm(OID.rsaOAEP)
        #expect(try dialogue.failInfo(signature) == .badAlg)
    }

    @Test func requirement088SigningTimeIsReadAndNeverNeeded() throws {
        func received(_ values: [[UInt8]]) throws -> ReceivedMessage {
            var message = try scene.message()
            message.attributes += values.map { TLV.attribute(OID.signingTime, $0) }
            #expect(try dialogue.isIssued(message))
            return try ReceivedMessage(bytes: try message.build())
        }
        #expect(try received([]).signingTime == nil)
        let moment = Date(timeIntervalSince1970: 1_767_225_600)
        #expect(try received([HandMadeCertificate.utcTime("260101000000Z")]).signingTime == moment)
        #expect(try received([HandMadeCertificate.generalizedTime("20260101000000Z")]).signingTime == moment)
        // A wrong form is passed over (client-quirks M2).
        #expect(try received([TLV.printable("yesterday")]).signingTime == nil)
    }

    @Test func requirement089ASignerCertificateThatIsMissingIsAnError() throws {
        var message = try scene.message()
        for certificates in [[], [scene.authority.der], [TLV.sequence()], [scene.credential.certificate.der]] {
            message.certificates = certificates
            #expect(try dialogue.failInfo(message) == .badMessageCheck)
        }
        message.certificates = [scene.authority.der, scene.client.der]
        #expect(try dialogue.isIssued(message))
    }

    @Test func requirement090AnotherKeyThanTheCertificatesIsBadMessageCheck() throws {
        var message = try scene.message()
        message.key = try TestKeys.other
        #expect(try dialogue.failInfo(message) == .badMessageCheck)
        // The right key, but the certificate that is named holds another.
        let impostor = try HandMadeCertificate("device-1", key: try TestKeys.other).der()
        message.key = try TestKeys.client
        message.certificates = [impostor]
        #expect(try dialogue.failInfo(message) == .badMessageCheck)
        message.certificates = [impostor, scene.client.der]
        #expect(try dialogue.failInfo(message) == .badMessageCheck)
    }

    @Test func requirement091ARequestWithoutSenderNonceIsAnError() throws {
        for value in [
            nil, TLV.octetString([]), TLV.octetString([UInt8](repeating: 1, count: 65)),
            TLV.printable("0123456789abcdef"), TLV.integer(1),
        ] {
            var message = try scene.message()
            message.attributes.removeAll { $0.contains(run: OID.senderNonce) }
            if let value { message.attributes.append(TLV.attribute(OID.senderNonce, value)) }
            #expect(try unreadable(message) != nil)
        }
    }

    @Test func requirement092AForeignRecipientSoundsLikeEveryOtherDecryptionError() throws {
        let foreign = EnvelopeBuilder.identifier(
            of: try HandMadeCertificate("Foreign CA", key: try TestKeys.other).read()
        )
        let key = (try TestKeys.other).publicKey
        let other = EnvelopeBuilder.recipientInfo(
            foreign,
            keyTransport: TLV.algorithm(OID.rsaEncryption),
            encryptedKey: [1]
        )
        let messages = try [
            scene.message {
                $0.recipient = foreign
                $0.key = key
            },
            scene.message {
                $0.recipient = foreign
                $0.otherRecipients = ([other], [])
            },
            scene.message { $0.spoilKey = { $0.map { $0 ^ 1 } } },
            scene.message { $0.spoilContent = { Array($0.dropLast(16)) } },
        ]
        var texts: Set<String> = []
        for message in messages {
            guard case .refused(.notOpened, let reply) = try dialogue.send(message) else {
                Issue.record("not refused as it should be")
                continue
            }
            let reader = try ReplyReader(reply)
            texts.insert(
                try #require(try reader.value(OID.failInfo)).text
                    + (try #require(try reader.value(OID.failInfoText)).text)
            )
        }
        #expect(texts == ["2the request was refused"])
    }

    @Test(arguments: [0, 2, 3])
    func requirement093AnotherNumberOfSignersIsAnError(count: Int) throws {
        var message = try scene.message()
        message.signerCount = count
        #expect(try unreadable(message) != nil)
    }

    @Test func requirement094IndefiniteLengthsAndSegmentsAreAccepted() throws {
        for size in [1, 7, 100, 5000] {
            var message = try scene.message { $0.writeContent = { TLV.segments(0x80, $0, of: size) } }
            message.form = .indefinite
            #expect(try dialogue.isIssued(message))
        }
    }

    @Test func requirement095UnknownSignedAttributesAreTolerated() throws {
        var message = try scene.message()
        message.attributes += [
            TLV.attribute(OID.randomNonce, TLV.octetString([UInt8](repeating: 1, count: 8))),
            TLV.attribute([UInt8](hex: "060a2b060104018237151521"), TLV.printable("-2146885628")),
            // macOS copies the challenge here (client-quirks E12): it neither helps nor hurts.
            TLV.attribute(OID.challengePassword, TLV.printable("Outer-9999")),
            TLV.attribute([UInt8](hex: "06032a0304"), TLV.null, TLV.printable("several"), TLV.sequence()),
        ]
        guard case .issued(let request, let reply) = try dialogue.send(message),
            case .enroll(let inner) = request.content
        else {
            Issue.record("refused")
            return
        }
        #expect(inner.challengePassword == "Example-1234")
        #expect(!reply.contains(run: Array("Outer-9999".utf8)))
    }

    @Test(arguments: 0..<6)
    func requirement096DamagedCiphertextIsTheUniformFailure(damage: Int) throws {
        let spoilers: [@Sendable ([UInt8]) -> [UInt8]] = [
            { Array($0.dropLast()) }, { Array($0.dropLast(16)) }, { _ in [] }, { $0 + [0] },
            { $0.dropLast() + [($0.last ?? 0) ^ 1] }, { [($0.first ?? 0) ^ 1] + $0.dropFirst() },
        ]
        let message = try scene.message { $0.spoilContent = spoilers[damage] }
        guard case .refused(let error, let reply) = try dialogue.send(message) else {
            // A change of the first block leaves the padding alone: it opens to a request whose first bytes are wrong.
            Issue.record("accepted")
            return
        }
        #expect(error == .notOpened("the envelope does not decrypt to what a PKCSReq holds with this server's key"))
        #expect(try ReplyReader(reply).value(OID.failInfoText)?.text == FailInfo.uniform.text)
    }
}
