// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// RFC 8894 §3.1, keys that cannot decrypt: requirements 75 and 162 to 168 of the conformance list, as far as one message shows them.
@Suite struct PasswordDeliveryRequirementTests {
    private static let password = "Correct-Horse-1234"

    private static func dialogue(
        _ scene: SCEPScene,
        _ acceptance: Acceptance = .accepted,
        passwords: [String] = [password]
    ) -> Dialogue {
        var dialogue = Dialogue(scene: scene)
        dialogue.policy.passwordRecipients = acceptance
        dialogue.passwords = passwords
        return dialogue
    }

    /// The recipients of the envelope of a reply.
    private static func recipients(_ reply: [UInt8]) throws -> [DERElement] {
        try DERElement(try #require(try ReplyReader(reply).content)).at(1, 0, 1).members
    }

    // MARK: - Who gets what

    @Test func requirement162AnRSASignerGetsAKeyTransport() throws {
        let scene = try SCEPScene()
        let messages = [try scene.message(.pkcsReq), try scene.message(password: Self.password)]
        for (message, delivery) in zip(messages, [KeyDelivery.transport(.pkcs1), .password]) {
            guard case .issued(let request, let reply) = try Self.dialogue(scene).send(message) else {
                Issue.record("refused")
                continue
            }
            #expect(request.delivery == delivery)
            #expect(request.replyDelivery == .transport(.pkcs1))
            let recipients = try Self.recipients(reply)
            #expect(recipients.map(\.tag) == [0x30])
            #expect(try recipients.first?.at(2).encoded == TLV.algorithm(OID.rsaEncryption))
        }
    }

    @Test(arguments: NamedCurve.allCases)
    func requirement163AnECSignerGetsAPasswordRecipient(curve: NamedCurve) throws {
        let scene = try SCEPScene(clientKey: try .generate(.ec(curve)))
        let messages = [try scene.message(.pkcsReq), try scene.message(password: Self.password)]
        for (message, delivery) in zip(messages, [KeyDelivery.transport(.pkcs1), .password]) {
            guard case .issued(let request, let reply) = try Self.dialogue(scene).send(message) else {
                Issue.record("refused")
                continue
            }
            #expect(request.delivery == delivery)
            #expect(request.replyDelivery == .password)
            #expect(try Self.recipients(reply).map(\.tag) == [0xA3])
        }
    }

    @Test func requirement163And165OpenSSLOpensTheReplyToAnECSigner() async throws {
        let scene = try SCEPScene(clientKey: try TestKeys.ec)
        for (cipher, oid) in [
            (ContentCipher.aes128CBC, OID.aes128CBC), (.aes256CBC, OID.aes256CBC), (.tripleDESCBC, OID.tripleDESCBC),
        ] {
            let message = try scene.message {
                $0.cipher = cipher
                $0.cipherOID = oid
            }
            guard case .issued(_, let reply) = try Self.dialogue(scene).send(message) else {
                Issue.record("refused")
                continue
            }
            // The cipher of the request is that of content and wrapping.
            let envelope = try DERElement(try #require(try ReplyReader(reply).content))
            #expect(try envelope.at(1, 0, 2, 1, 0).encoded == oid)
            #expect(try envelope.at(1, 0, 1, 0, 2, 1, 0).encoded == oid)
            let openssl = try OpenSSL()
            try openssl.write("envelope", envelope.encoded)
            let decrypt = ["cms", "-decrypt", "-binary", "-inform", "DER", "-in", "envelope", "-pwri_password"]
            let plaintext = try await openssl.run(decrypt + [Self.password]).output
            #expect(try CACertificates(body: plaintext).certificates == [try scene.issued()])
            #expect(try await openssl.attempt(decrypt + ["Example-1234"]).succeeded == false)
        }
    }

    @Test func requirement075TheVersionOfAPasswordReplyIsThree() throws {
        let scene = try SCEPScene(clientKey: try TestKeys.ec)
        guard case .issued(_, let reply) = try Self.dialogue(scene).send(try scene.message(.pkcsReq)) else {
            Issue.record("refused")
            return
        }
        let envelope = try DERElement(try #require(try ReplyReader(reply).content)).at(1, 0)
        #expect(try envelope.at(0).encoded == TLV.integer(3))
        #expect(try envelope.at(1, 0, 0).encoded == TLV.integer(0))
        #expect(try envelope.at(2, 0).encoded == OID.data)
    }

    @Test(arguments: [0, 2, 3])
    func requirement075EveryVersionOfARequestIsAccepted(version: UInt8) throws {
        let scene = try SCEPScene()
        let envelope = try DERElement(try scene.envelope().build())
        let members = try envelope.at(1, 0).members.dropFirst().flatMap(\.encoded)
        var message = try scene.message(.pkcsReq)
        message.content = TLV.sequence(
            OID.envelopedData,
            TLV.context(0, TLV.encode(0x30, TLV.integer(version) + members))
        )
        #expect(try Dialogue(scene: scene).isIssued(message))
    }

    // MARK: - Requests under a password

    @Test(arguments: ["-aes128", "-aes192", "-aes256", "-des3"])
    func requirement164ARequestThatOpenSSLEncryptedIsOpened(cipher: String) async throws {
        let scene = try SCEPScene(clientKey: try TestKeys.ec, registrationKey: try .generate(.ec(.p384)))
        let openssl = try OpenSSL()
        for type in MessageType.ofRequests {
            try openssl.write("content", scene.messageData(of: type))
            for form in ["-binary", "-stream"] {
                let encrypt = ["cms", "-encrypt", "-binary", "-in", "content", "-outform", "DER", cipher, form]
                var message = try scene.message(password: Self.password, type)
                message.content = try await openssl.run(encrypt + ["-pwri_password", Self.password]).output
                guard case .issued(let request, let reply) = try Self.dialogue(scene).send(message) else {
                    Issue.record("refused")
                    continue
                }
                #expect(request.delivery == .password)
                #expect(request.message.messageType == type)
                // Signed with the EC key of the registration authority, which OpenSSL verifies.
                try openssl.write("reply", reply)
                let verify = ["cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", "reply"]
                #expect(try await openssl.run(verify).errors.contains("Verification successful"))
            }
        }
    }

    @Test func oneOfThePasswordsOpensAndNoOtherDoes() throws {
        let scene = try SCEPScene()
        let message = try scene.message(password: "third")
        for passwords in [["third"], ["first", "second", "third"], ["first", "second", "other", "third"]] {
            #expect(try Self.dialogue(scene, passwords: passwords).isIssued(message))
        }
        // No more than four are tried, since each costs the iterations that the peer has chosen.
        for passwords in [[], ["first"], ["Third"], ["third "], ["1", "2", "3", "4", "third"]] {
            guard case .refused(let error, let reply) = try Self.dialogue(scene, passwords: passwords).send(message)
            else {
                Issue.record("opened with \(passwords)")
                continue
            }
            #expect(error == .notOpened("the envelope does not decrypt under a password of the profile"))
            #expect(try ReplyReader(reply).value(OID.failInfoText)?.encoded == TLV.utf8("the request was refused"))
        }
    }

    @Test func requirement168WithoutPasswordRecipientsTheAnswerIsBadAlg() throws {
        #expect(AlgorithmPolicy.standard.passwordRecipients == .refused)
        let scene = try SCEPScene()
        for type in MessageType.ofRequests {
            let message = try scene.message(password: Self.password, type)
            guard case .refused(let error, let reply) = try Self.dialogue(scene, .refused).send(message) else {
                Issue.record("opened")
                continue
            }
            #expect(error == .algorithmNotAccepted("an envelope under a password"))
            #expect(try ReplyReader(reply).value(OID.failInfo)?.encoded == TLV.printable("0"))
        }
    }

    @Test func requirement166WhatCannotBeDeliveredIsKnownBeforeAndNotMade() throws {
        let scene = try SCEPScene(clientKey: try TestKeys.ec, challenge: nil)
        let request = try ReceivedMessage(bytes: try scene.message(.renewalReq).build()).verified(policy: .standard)
            .opened(with: [scene.credential])
        #expect(request.replyDelivery == .password)
        var generator = SystemRandomNumberGenerator()
        let options = CertRep.Options(policy: .standard, emptyContent: .zeroLength, signingTime: .distantPast)
        #expect(throws: SCEPError.unencodable("CertRep SUCCESS")) {
            try CertRep.success(request, .certificates([scene.issued().der]), options: options, using: &generator)
        }
        // A FAILURE and a PENDING need no key of the client's.
        let failure = try CertRep.failure(
            request.message.received,
            failInfo: .badRequest,
            text: "no way to encrypt the reply",
            credential: scene.credential,
            options: options,
            using: &generator
        )
        #expect(try ReplyReader(failure).value(OID.pkiStatus)?.encoded == TLV.printable("2"))
    }

    @Test func requirement167HostilePasswordRecipientsAreTheUniformFailureAtOnce() throws {
        let scene = try SCEPScene()
        let spoilers: [@Sendable (inout PasswordEnvelopeBuilder) -> Void] = [
            { $0.writtenIterations = [0x7F, 0xFF, 0xFF, 0xFF] }, { $0.writtenIterations = [0] },
            { $0.writtenIterations = [0xFF] }, { $0.salt = [UInt8](repeating: 1, count: 1000) },
            { $0.spoilKey = { Array($0.prefix(16)) } }, { $0.spoilKey = { Array($0.dropLast()) } },
            { $0.spoilKey = { _ in [] } }, { $0.spoilContent = { Array($0.dropLast()) } },
            { $0.writeDerivation = { _ in [] } }, { $0.derivationOID = OID.scrypt }, { $0.wrapOID = OID.aes128CBC },
            { $0.plaintext = [] }, { $0.plaintext = [0x30, 0x00] }, { $0.password = "wrong" },
        ]
        var answers: Set<[UInt8]> = []
        let clock = ContinuousClock()
        for spoil in spoilers {
            let message = try scene.message(password: Self.password, .pkcsReq, spoil)
            let start = clock.now
            guard case .refused(.notOpened, let reply) = try Self.dialogue(scene).send(message) else {
                Issue.record("not refused as it should be")
                continue
            }
            #expect(clock.now - start < .seconds(1))
            let reader = try ReplyReader(reply)
            answers.insert(
                try #require(try reader.value(OID.failInfo)).encoded
                    + (try #require(try reader.value(OID.failInfoText)).encoded)
            )
        }
        #expect(answers == [TLV.printable("2") + TLV.utf8("the request was refused")])
    }

    @Test func theKeyTransportOfOursGoesBeforeAPassword() throws {
        let scene = try SCEPScene()
        let contentKey = [UInt8](repeating: 7, count: 16)
        let encryptedKey = try scene.credential.key.publicKey.encryptKey(contentKey, padding: .pkcs1)
        let own = EnvelopeBuilder.recipientInfo(
            EnvelopeBuilder.identifier(of: scene.credential.certificate),
            keyTransport: TLV.algorithm(OID.rsaEncryption),
            encryptedKey: encryptedKey
        )
        for (password, acceptance) in [(Self.password, Acceptance.accepted), ("unknown", .accepted), ("x", .refused)] {
            let message = try scene.message(password: password) {
                $0.contentKey = contentKey
                $0.otherRecipients = ([], [own])
            }
            guard case .issued(let request, _) = try Self.dialogue(scene, acceptance).send(message) else {
                Issue.record("refused")
                continue
            }
            #expect(request.delivery == .transport(.pkcs1))
        }
    }

    @Test func withoutACredentialNothingIsOpened() throws {
        let scene = try SCEPScene()
        var policy = AlgorithmPolicy.standard
        policy.passwordRecipients = .accepted
        let message = try ReceivedMessage(bytes: try scene.message(password: Self.password).build())
            .verified(policy: policy)
        #expect(throws: SCEPError.notOpened("the envelope is not for this server")) {
            try message.opened(with: [], passwords: [Self.password])
        }
    }
}
