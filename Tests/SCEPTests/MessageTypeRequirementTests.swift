// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// RFC 8894 §3.3, every type of request as a server reads it: requirements 84, 126, 128 and 136 of the conformance list.
@Suite struct MessageTypeRequirementTests {
    private let scene: SCEPScene
    private let dialogue: Dialogue

    init() throws {
        let scene = try SCEPScene()
        self.scene = scene
        self.dialogue = Dialogue(scene: scene)
    }

    private func open(_ message: PKIMessageBuilder) throws -> OpenedRequest? {
        guard case .issued(let request, _) = try dialogue.send(message) else { return nil }
        return request
    }

    @Test func everyTypeOpensToWhatItHolds() throws {
        for type in MessageType.ofRequests {
            let request = try #require(try open(try scene.message(type)))
            #expect(request.message.messageType == type)
            #expect(request.message.signer == scene.client)
            #expect(request.delivery == .transport(.pkcs1))
            #expect(request.replyDelivery == .transport(.pkcs1))
            switch (type, request.content) {
            case (.pkcsReq, .enroll(let inner)), (.renewalReq, .renew(let inner)):
                #expect(inner.der == scene.request)
            case (.certPoll, .poll(let names)):
                #expect(names.issuer?.description == "CN=Example CA")
                #expect(names.subject?.description == "CN=device-1")
            case (.getCert, .getCert(let name)), (.getCRL, .getCRL(let name)):
                #expect(name.issuer.description == "CN=Example CA")
                #expect(name.serialNumber == [0x77, 0x01])
            default:
                Issue.record("\(type) opened to \(request.content)")
            }
        }
    }

    @Test(arguments: MessageType.ofRequests)
    func requirement084AContentOfAnotherTypeIsBadRequest(type: MessageType) throws {
        let own = scene.messageData(of: type)
        let others = [
            scene.request, scene.issuerAndSubject, scene.issuerAndSerialNumber, scene.client.der,
            try scene.certificateList(), [], [0x30, 0x00], Array("text".utf8), TLV.null, TLV.set(TLV.null, TLV.null),
            TLV.sequence(TLV.integer(1), TLV.integer(2)), TLV.sequence(TLV.sequence()), own + own,
            Array(own.dropLast()),
        ]
        for plaintext in others where plaintext != own {
            guard case .refused(let error, let reply) = try dialogue.send(try scene.message(type, plaintext)) else {
                Issue.record("\(plaintext.hex) was opened as \(type)")
                continue
            }
            // The same as a key or padding that is wrong (design §6.1).
            let words = "the envelope does not decrypt to what a \(type) holds with this server's key"
            #expect(error == .notOpened(words))
            let reader = try ReplyReader(reply)
            #expect(try reader.value(OID.failInfo)?.encoded == TLV.printable("2"))
            #expect(try reader.value(OID.failInfoText)?.encoded == TLV.utf8("the request was refused"))
        }
    }

    @Test(arguments: MessageType.ofRequests)
    func requirement084ATypeIsThatOfTheSignedAttributeAlone(type: MessageType) throws {
        // The same envelope under the other types.
        for other in MessageType.ofRequests
        where scene.messageData(of: other) != scene.messageData(of: type) {
            #expect(try dialogue.failInfo(try scene.message(other, scene.messageData(of: type))) == .badRequest)
        }
    }

    // MARK: - CertPoll

    @Test func requirement126APollWithWrongNamesIsRead() throws {
        let (authority, subject) = (HandMadeCertificate.name("Example CA"), HandMadeCertificate.name("device-1"))
        let root = HandMadeCertificate.name("Example Root")
        // Client-quirks I5: swapped, the CA's issuer instead of its subject, empty, and strings that are no names.
        let readable = [
            (TLV.sequence(subject, authority), "CN=device-1", "CN=Example CA"),
            (TLV.sequence(root, subject), "CN=Example Root", "CN=device-1"),
            (TLV.sequence(TLV.sequence(), TLV.sequence()), "", ""),
        ]
        for (plaintext, issuer, last) in readable {
            guard case .poll(let names) = try open(try scene.message(.certPoll, plaintext))?.content else {
                Issue.record("not a poll: \(plaintext.hex)")
                continue
            }
            #expect(names.issuer?.description == issuer)
            #expect(names.subject?.description == last)
        }
        let strings = [
            TLV.sequence(TLV.octetString(authority), TLV.octetString(subject)),
            TLV.sequence(TLV.utf8("CN=Example CA"), TLV.printable("CN=device-1")),
            TLV.sequence(TLV.bitString(authority), TLV.set(subject)), TLV.sequence(TLV.context(0, authority), TLV.null),
        ]
        for plaintext in strings {
            guard case .poll(let names) = try open(try scene.message(.certPoll, plaintext))?.content else {
                Issue.record("not a poll: \(plaintext.hex)")
                continue
            }
            #expect(names.issuer == nil)
            #expect(names.subject == nil)
        }
        let half = TLV.sequence(TLV.utf8("CN=Example CA"), subject) + [0, 0]
        guard case .poll(let names) = try open(try scene.message(.certPoll, half))?.content else {
            Issue.record("not a poll")
            return
        }
        #expect(names.issuer == nil)
        #expect(names.subject?.description == "CN=device-1")
    }

    @Test func requirement128APollHasItsOwnNonceAndGetsItBack() throws {
        for nonce: UInt8 in [7, 8, 7] {
            var poll = try scene.message(.certPoll)
            let value = TLV.octetString([UInt8](repeating: nonce, count: 16))
            poll.replace(OID.senderNonce, with: TLV.attribute(OID.senderNonce, value))
            guard case .issued(_, let reply) = try dialogue.send(poll) else {
                Issue.record("refused")
                continue
            }
            #expect(try ReplyReader(reply).value(OID.recipientNonce)?.encoded == value)
        }
    }

    @Test(arguments: MessageType.ofRequests)
    func requirement136EveryRequestMustCarryAllAttributes(type: MessageType) throws {
        for attribute in [OID.transactionID, OID.senderNonce] {
            var message = try scene.message(type)
            message.replace(attribute)
            guard case .unreadable = try dialogue.send(message) else {
                Issue.record("answered")
                continue
            }
        }
        var message = try scene.message(type)
        message.replace(OID.messageType)
        #expect(try dialogue.failInfo(message) == .badRequest)
        for change: @Sendable (inout PKIMessageBuilder) -> Void in [
            { $0.contentTypeAttribute = nil }, { $0.messageDigestAttribute = { _ in nil } },
        ] {
            var message = try scene.message(type)
            change(&message)
            #expect(try dialogue.failInfo(message) == .badMessageCheck)
        }
    }

    // MARK: - GetCert and GetCRL

    @Test func aQueryThatNamesTheRegistrationAuthorityIsRead() throws {
        // Some clients use whatever certificate they have (client-quirks I9).
        let certificate = scene.credential.certificate
        let plaintext = EnvelopeBuilder.identifier(of: certificate)
        for type in [MessageType.getCert, .getCRL] {
            switch try open(try scene.message(type, plaintext))?.content {
            case .getCert(let name), .getCRL(let name): #expect(name == IssuerAndSerialNumber(of: certificate))
            default: Issue.record("not a query")
            }
        }
    }

    @Test func oddSerialNumbersAreReadAsTheyCame() throws {
        for octets: [UInt8] in [[0], [0, 0, 5], [0xFF], [0x80] + [UInt8](repeating: 1, count: 40)] {
            let plaintext = TLV.sequence(HandMadeCertificate.name("Example CA"), TLV.encode(0x02, octets))
            guard case .getCert(let name) = try open(try scene.message(.getCert, plaintext))?.content else {
                Issue.record("not a query: \(octets)")
                continue
            }
            #expect(name.serialNumber == octets)
        }
    }

    // MARK: - RenewalReq

    @Test func requirement072And141TheReplyToARenewalIsForTheOldCertificate() throws {
        let old = try scene.issued()
        let request = try HandMadeRequest("device-1", key: try TestKeys.other).der()
        let envelope = try EnvelopeBuilder(request, to: scene.credential.certificate)
        let message = PKIMessageBuilder(
            content: try envelope.build(),
            signer: old,
            key: scene.clientKey,
            messageType: "17"
        )
        guard case .issued(let opened, let reply) = try dialogue.send(message), case .renew(let inner) = opened.content
        else {
            Issue.record("not a renewal")
            return
        }
        #expect(try inner.subjectPublicKeyInfo.der == TestKeys.other.publicKey.subjectPublicKeyInfo)
        #expect(opened.message.signer == old)
        let recipients = try DERElement(try #require(try ReplyReader(reply).content)).at(1, 0, 1)
        #expect(try recipients.members.count == 1)
        #expect(try recipients.at(0, 1).encoded == EnvelopeBuilder.identifier(of: old))
    }
}
