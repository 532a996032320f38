// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// RFC 8894 §2.3, §3.2.1.1 and §3.3.1: requirements 97 to 109, 169 and 170 of the conformance list, as far as one message shows them.
@Suite struct EnrolmentRequirementTests {
    private static func open(
        _ scene: SCEPScene,
        _ message: PKIMessageBuilder
    ) throws -> (OpenedRequest, CertificationRequest) {
        let opened = try ReceivedMessage(bytes: try message.build()).verified(policy: .standard).opened(with: [
            scene.credential
        ])
        guard case .enroll(let request) = opened.content else {
            throw SCEPError.messageTypeNotServed("not an enrolment")
        }
        return (opened, request)
    }

    @Test func requirement097ARequestWithSubjectKeyAndChallengeIsAccepted() throws {
        let scene = try SCEPScene()
        let (opened, request) = try Self.open(scene, try scene.message())
        #expect(request.subject.description == "CN=device-1")
        #expect(request.challengePassword == "Example-1234")
        #expect(request.subjectPublicKeyInfo.der == scene.clientKey.publicKey.subjectPublicKeyInfo)
        #expect(request.isSigned(by: scene.clientKey.publicKey))
        #expect(opened.message.messageType == .pkcsReq)
        #expect(opened.message.signer == scene.client)
        #expect(opened.delivery == .transport(.pkcs1))
    }

    @Test func requirement097ARequestWithoutChallengeIsAccepted() throws {
        let scene = try SCEPScene(challenge: nil)
        #expect(try Self.open(scene, try scene.message()).1.challengePassword == nil)
    }

    @Test func requirement097AKeyOf1024BitsIsAcceptedUnlessThePolicyWantsMore() async throws {
        let scene = try SCEPScene(clientKey: try await TestKeys.short())
        var dialogue = Dialogue(scene: scene)
        #expect(try dialogue.isIssued(try scene.message()))
        dialogue.policy.clientKeyLimits = RSAKeyLimits(minimumBits: 2048, maximumBits: 8192)
        #expect(try dialogue.failInfo(try scene.message()) == .badAlg)
    }

    @Test func requirement102AnotherSubjectInTheSignerCertificateIsTolerated() throws {
        let scene = try SCEPScene()
        for name in ["CN=other", "CN=device-1,unstructuredName=router", ""] {
            var certificate = HandMadeCertificate("device-1", key: scene.clientKey)
            certificate.subject = try Name(name).der
            certificate.issuer = certificate.subject
            let content = try scene.envelope().build()
            let message = PKIMessageBuilder(content: content, signer: try certificate.read(), key: scene.clientKey)
            #expect(try Self.open(scene, message).1.subject.description == "CN=device-1")
        }
    }

    @Test func requirement107ABrokenSelfSignatureShows() throws {
        let scene = try SCEPScene()
        let members = try DERElement(scene.request).members.map(\.encoded)
        let broken = TLV.sequence(members[0], members[1], TLV.bitString([UInt8](repeating: 1, count: 256)))
        let (opened, request) = try Self.open(scene, try scene.message { $0.plaintext = broken })
        #expect(!request.isSigned(by: opened.message.signerKey))
        #expect(!request.isSigned(by: try request.subjectPublicKeyInfo.publicKey()))
    }

    @Test func requirement108AnotherKeyThanTheSignersShows() throws {
        let scene = try SCEPScene()
        let other = try HandMadeRequest("device-1", key: try TestKeys.other, challenge: "Example-1234").der()
        let (opened, request) = try Self.open(scene, try scene.message { $0.plaintext = other })
        #expect(request.isSigned(by: try request.subjectPublicKeyInfo.publicKey()))
        #expect(!request.isSigned(by: opened.message.signerKey))
        #expect(request.subjectPublicKeyInfo != opened.message.signer.subjectPublicKeyInfo)
    }

    @Test(arguments: [
        TLV.printable("Example-1234"), TLV.utf8("Example-1234"), TLV.encode(0x14, Array("Example-1234".utf8)),
        TLV.encode(0x16, Array("Example-1234".utf8)), TLV.encode(0x1E, "Example-1234".utf8.flatMap { [0, $0] }),
    ])
    func requirement109TheChallengeIsReadFromEveryStringType(value: [UInt8]) throws {
        let scene = try SCEPScene()
        var request = HandMadeRequest("device-1", key: scene.clientKey)
        request.attributes = [TLV.attribute(OID.challengePassword, value)]
        let der = try request.der()
        #expect(try Self.open(scene, try scene.message { $0.plaintext = der }).1.challengePassword == "Example-1234")
    }

    @Test(arguments: [
        "A/b+c=?':,.-() 9", "a", String(repeating: "z", count: 255), "../../etc/passwd", "' OR 1=1 --", "<b>", "%00",
        "a_b@c*", " ",
    ])
    func requirement170EveryTransactionIDOfPrintableLettersIsAccepted(text: String) throws {
        let scene = try SCEPScene()
        for value in [TLV.printable(text), TLV.utf8(text), TLV.encode(0x16, Array(text.utf8))] {
            var message = try scene.message()
            message.replace(OID.transactionID, with: TLV.attribute(OID.transactionID, value))
            guard case .issued(let request, let reply) = try Dialogue(scene: scene).send(message) else {
                Issue.record("refused")
                continue
            }
            #expect(request.message.received.transactionID.text == text)
            #expect(try ReplyReader(reply).value(OID.transactionID)?.encoded == TLV.printable(text))
        }
    }

    @Test func requirement169ATransactionIDIsComparedByItsBytes() {
        #expect(TransactionID("abc") != TransactionID("ABC"))
        #expect(TransactionID("abc") == TransactionID("abc"))
        for text in ["", "ä", "a\u{0}", "a\n", "a\u{7F}", String(repeating: "a", count: 256)] {
            #expect(TransactionID(text) == nil)
        }
    }
}
