// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// RFC 8894 §3.3.2.3, PENDING, in both forms: requirements 57 to 75 of the conformance list; and replies without a nonce to repeat.
@Suite struct PendingRequirementTests {
    private let scene: SCEPScene

    init() throws {
        self.scene = try SCEPScene()
    }

    private func pending(
        _ message: PKIMessageBuilder,
        _ form: EmptyContent,
        policy: AlgorithmPolicy = .standard,
        missingNonce: Acceptance = .refused
    ) throws -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return try CertRep.pending(
            try ReceivedMessage(bytes: try message.build(), missingNonce: missingNonce),
            credential: scene.credential,
            options: CertRep.Options(
                policy: policy,
                emptyContent: form,
                signingTime: Date(timeIntervalSince1970: 1_800_000_000)
            ),
            using: &generator
        )
    }

    @Test(arguments: EmptyContent.allCases)
    func requirement070APendingHasNoEnvelope(form: EmptyContent) throws {
        for type in [MessageType.pkcsReq, .renewalReq, .certPoll] {
            let reader = try ReplyReader(try pending(try scene.message(type), form))
            #expect(try reader.encapsulated.at(0).encoded == OID.data)
            switch form {
            case .absent: #expect(try reader.encapsulated.members.count == 1)
            case .zeroLength: #expect(try reader.encapsulated.at(1).encoded == TLV.context(0, TLV.octetString([])))
            }
        }
    }

    @Test(arguments: EmptyContent.allCases)
    func requirement060To065And067APendingHasTheFullSetOfAttributesAndNoMore(form: EmptyContent) throws {
        let reader = try ReplyReader(try pending(try scene.message(.pkcsReq), form))
        #expect(try reader.value(OID.transactionID)?.encoded == TLV.printable("0123456789ABCDEF"))
        #expect(try reader.value(OID.messageType)?.encoded == TLV.printable("3"))
        #expect(try reader.value(OID.pkiStatus)?.encoded == TLV.printable("3"))
        #expect(try reader.value(OID.recipientNonce)?.encoded == TLV.octetString(Array(1...16)))
        #expect(try reader.value(OID.senderNonce)?.content.count == 16)
        #expect(try reader.value(OID.contentType)?.encoded == OID.data)
        #expect(
            try reader.value(OID.messageDigest)?.encoded == TLV.octetString(DigestAlgorithm.sha256.digest([UInt8]()))
        )
        #expect(try reader.value(OID.signingTime) != nil)
        #expect(try reader.attributes.count == 8)
        #expect(try reader.value(OID.failInfo) == nil)
        #expect(try reader.value(OID.failInfoText) == nil)
        #expect(try reader.certificates == [scene.credential.certificate.der, scene.authority.der])
    }

    @Test(arguments: EmptyContent.allCases)
    func requirement073OpenSSLVerifiesAPending(form: EmptyContent) async throws {
        let openssl = try OpenSSL()
        try openssl.write("reply", try pending(try scene.message(.certPoll), form))
        try openssl.write("nothing", [])
        let options = [
            "cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", "reply", "-content", "nothing",
        ]
        #expect(try await openssl.run(options).errors.contains("Verification successful"))
    }

    @Test func requirement062EachPendingHasANonceOfItsOwn() throws {
        let nonces = try (0..<8).map { _ in
            try ReplyReader(try pending(try scene.message(.certPoll), .zeroLength)).value(OID.senderNonce)?.content
        }
        #expect(Set(nonces).count == 8)
    }

    @Test func aPendingHasTheDigestOfItsRequest() throws {
        for (digest, oid, written) in [
            (DigestAlgorithm.sha1, OID.sha1, OID.sha1), (.sha512, OID.sha512, OID.sha512),
            (.insecureMD5, OID.md5, OID.sha256),
        ] {
            var message = try scene.message(.pkcsReq)
            message.use(digest, oid)
            var policy = AlgorithmPolicy.standard
            policy.digests.insert(.insecureMD5)
            let reply = try pending(message, .zeroLength, policy: policy)
            #expect(try ReplyReader(reply).signerInfo.at(2).encoded == TLV.algorithm(written))
        }
    }

    // MARK: - Messages without a nonce (client-quirks E11)

    @Test func aMessageWithoutANonceIsReadWhereThatIsAcceptedAndGetsNoneBack() throws {
        var message = try scene.message(.pkcsReq)
        message.replace(OID.senderNonce)
        var dialogue = Dialogue(scene: scene)
        guard case .unreadable("the senderNonce is missing") = try dialogue.send(message) else {
            Issue.record("read")
            return
        }
        dialogue.missingNonce = .accepted
        guard case .issued(let request, let success) = try dialogue.send(message) else {
            Issue.record("refused")
            return
        }
        #expect(request.message.received.senderNonce == nil)
        var wrong = message
        wrong.spoilSignature = { $0.map { $0 ^ 1 } }
        guard case .refused(_, let failure) = try dialogue.send(wrong) else {
            Issue.record("accepted")
            return
        }
        let waiting = try pending(message, .absent, missingNonce: .accepted)
        for reply in [success, failure, waiting] {
            let reader = try ReplyReader(reply)
            #expect(try reader.value(OID.recipientNonce) == nil)
            #expect(try reader.value(OID.senderNonce)?.content.count == 16)
            #expect(try reader.value(OID.transactionID)?.encoded == TLV.printable("0123456789ABCDEF"))
        }
    }

    @Test(arguments: [
        TLV.octetString([]), TLV.octetString([UInt8](repeating: 1, count: 65)), TLV.printable("nonce"),
        TLV.integer(1), TLV.octetString([1]) + TLV.octetString([2]), [],
    ])
    func aNonceThatCannotBeReadIsNotAMissingOne(value: [UInt8]) throws {
        var message = try scene.message(.pkcsReq)
        message.replace(OID.senderNonce, with: TLV.attribute(OID.senderNonce, value))
        var dialogue = Dialogue(scene: scene)
        dialogue.missingNonce = .accepted
        guard case .unreadable = try dialogue.send(message) else {
            Issue.record("read")
            return
        }
    }

    @Test func twoNoncesAreNotAMissingOne() throws {
        var message = try scene.message(.pkcsReq)
        message.attributes.append(TLV.attribute(OID.senderNonce, TLV.octetString([1])))
        var dialogue = Dialogue(scene: scene)
        dialogue.missingNonce = .accepted
        guard case .unreadable = try dialogue.send(message) else {
            Issue.record("read")
            return
        }
    }
}
