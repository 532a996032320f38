// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// RFC 8894 §3.2 to §3.4, what a server sends: requirements 57 to 77 and 112 to 116 of the conformance list.
///
/// The replies are read by the tests' own strict reader and by the `openssl` command.
@Suite struct ReplyRequirementTests {
    private let scene: SCEPScene
    private let replies: [(status: String, reader: ReplyReader, bytes: [UInt8])]

    init() throws {
        let scene = try SCEPScene()
        self.scene = scene
        self.replies = try Dialogue.replies(scene).map { ($0.status, try ReplyReader($0.reply), $0.reply) }
    }

    private var success: ReplyReader {
        get throws { try #require(replies.first { $0.status == "0" }).reader }
    }

    /// The plaintext of the SUCCESS, opened with the client's key by the `openssl` command.
    private func opened() async throws -> [UInt8] {
        let openssl = try OpenSSL()
        try openssl.write("envelope", try #require(try success.content))
        try openssl.write("certificate.der", scene.client.der)
        try openssl.write("key.der", try scene.clientKey.pkcs8())
        try await openssl.run(["x509", "-inform", "DER", "-in", "certificate.der", "-out", "certificate"])
        try await openssl.run(["pkey", "-inform", "DER", "-in", "key.der", "-out", "key"])
        let decrypt = [
            "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "envelope", "-recip", "certificate", "-inkey", "key",
        ]
        return try await openssl.run(decrypt).output
    }

    @Test func requirement057EContentTypeIsIdData() throws {
        #expect(replies.count == 3)
        for reply in replies { #expect(try reply.reader.encapsulated.at(0).encoded == OID.data) }
    }

    @Test func requirement058TheContentIsAnEnvelopedDataOrNothing() throws {
        for reply in replies {
            let content = try reply.reader.content ?? []
            #expect(content.isEmpty == (reply.status != "0"))
            if !content.isEmpty { #expect(try DERElement(content).at(0).encoded == OID.envelopedData) }
        }
    }

    @Test func requirement059TheSignerInfoHasSignedAttributes() throws {
        for reply in replies { #expect(try reply.reader.attributes.count >= 8) }
    }

    @Test func requirement060TransactionIDIsThatOfTheRequest() throws {
        for reply in replies {
            #expect(try reply.reader.value(OID.transactionID)?.encoded == TLV.printable("0123456789ABCDEF"))
        }
    }

    @Test func requirement061MessageTypeIsCertRep() throws {
        for reply in replies { #expect(try reply.reader.value(OID.messageType)?.encoded == TLV.printable("3")) }
    }

    @Test func requirement062SenderNonceIsFreshAndHas16Bytes() throws {
        let nonces = try replies.map { try #require(try $0.reader.value(OID.senderNonce)) }
        #expect(nonces.allSatisfy { $0.tag == 0x04 && $0.content.count == 16 })
        #expect(Set(nonces.map(\.content)).count == nonces.count)
        #expect(nonces.allSatisfy { $0.content != Array(1...16) })
    }

    @Test func requirement063RecipientNonceIsTheSenderNonceOfTheRequest() throws {
        for reply in replies {
            #expect(try reply.reader.value(OID.recipientNonce)?.encoded == TLV.octetString(Array(1...16)))
        }
        // Old iOS sends 8 bytes, and wants 8 bytes back (client-quirks E11).
        for count in [1, 8, 16, 20, 64] {
            let nonce = TLV.octetString([UInt8](repeating: 7, count: count))
            var message = try scene.message()
            message.replace(OID.senderNonce, with: TLV.attribute(OID.senderNonce, nonce))
            guard case .issued(_, let reply) = try Dialogue(scene: scene).send(message) else {
                Issue.record("refused a nonce of \(count) bytes")
                continue
            }
            #expect(try ReplyReader(reply).value(OID.recipientNonce)?.encoded == nonce)
        }
    }

    @Test func requirement064ContentTypeAndMessageDigestAreRight() throws {
        for reply in replies {
            #expect(try reply.reader.value(OID.contentType)?.encoded == OID.data)
            let digest = DigestAlgorithm.sha256.digest(try reply.reader.content ?? [])
            #expect(try reply.reader.value(OID.messageDigest)?.encoded == TLV.octetString(digest))
        }
    }

    @Test func requirement065PKIStatusIsAPrintableString() throws {
        for reply in replies { #expect(try reply.reader.value(OID.pkiStatus)?.encoded == TLV.printable(reply.status)) }
        #expect(Set(PKIStatus.allCases.map(\.rawValue)) == ["0", "2", "3"])
    }

    @Test(arguments: FailInfo.allCases)
    func requirement066AFailureHasAFailInfo(failInfo: FailInfo) throws {
        var generator = SystemRandomNumberGenerator()
        let reply = try CertRep.failure(
            try ReceivedMessage(bytes: try scene.message().build()),
            failInfo: failInfo,
            text: "a reason",
            credential: scene.credential,
            options: CertRep.Options(policy: .standard, emptyContent: .zeroLength, signingTime: .distantFuture),
            using: &generator
        )
        let value = try ReplyReader(reply).value(OID.failInfo)?.encoded
        #expect(value == TLV.printable(failInfo.rawValue))
        #expect(["0", "1", "2", "3", "4"].contains(failInfo.rawValue))
    }

    @Test func requirement067OnlyAFailureHasAFailInfo() throws {
        for reply in replies {
            #expect(try (reply.reader.value(OID.failInfo) != nil) == (reply.status == "2"))
            #expect(try (reply.reader.value(OID.failInfoText) != nil) == (reply.status == "2"))
        }
    }

    @Test func requirement068FailInfoTextIsAUTF8String() throws {
        for reply in replies where reply.status == "2" {
            let text = try #require(try reply.reader.value(OID.failInfoText))
            #expect(text.tag == 0x0C)
            #expect(text.text == "the signature of the request is not valid")
        }
    }

    @Test func requirement069AFailureHasNoEnvelope() throws {
        let contents = try replies.filter { $0.status == "2" }.map { try $0.reader.content }
        #expect(contents == [[], nil])
    }

    @Test func requirement071TheInnerContentTypeIsIdData() throws {
        let envelope = try DERElement(try #require(try success.content))
        #expect(try envelope.at(1, 0, 2, 0).encoded == OID.data)
    }

    @Test func requirement072TheRecipientIsTheSignerOfTheRequest() throws {
        let recipients = try DERElement(try #require(try success.content)).at(1, 0, 1)
        #expect(try recipients.members.count == 1)
        #expect(try recipients.at(0, 1).encoded == EnvelopeBuilder.identifier(of: scene.client))
    }

    @Test func requirement072TheRecipientKeepsTheOctetsOfAnOddSerialNumber() throws {
        var odd = HandMadeCertificate("device-1", key: try TestKeys.client)
        odd.serialNumber = [0x00, 0x00, 0x05]
        odd.issuer = HandMadeCertificate.name(value: TLV.encode(0x14, [0x61, 0xE4]))
        let signer = try odd.read()
        let message = PKIMessageBuilder(content: try scene.envelope().build(), signer: signer, key: try TestKeys.client)
        guard case .issued(_, let reply) = try Dialogue(scene: scene).send(message) else {
            Issue.record("refused")
            return
        }
        let envelope = try DERElement(try #require(try ReplyReader(reply).content))
        #expect(try envelope.at(1, 0, 1, 0, 1).encoded == TLV.sequence(odd.issuer, TLV.integer(0, 0, 5)))
    }

    @Test func requirement073SignedAttributesAreSortedAndOpenSSLVerifies() async throws {
        for reply in replies {
            let attributes = try reply.reader.attributes
            #expect(attributes == attributes.sorted { $0.lexicographicallyPrecedes($1) })
            #expect(try DERElement(reply.bytes).isWellFormed)
            let openssl = try OpenSSL()
            try openssl.write("reply", reply.bytes)
            try openssl.write("nothing", [])
            // Content that is absent has to be given as a file; content of zero bytes too, for this command.
            let detached = reply.status == "0" ? [] : ["-content", "nothing"]
            let options = [
                "cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", "reply", "-out", "content",
            ]
            #expect(try await openssl.run(options + detached).errors.contains("Verification successful"))
        }
    }

    @Test func requirement074TheSignerCertificateComesFirstAndIsThePublishedOne() throws {
        let published = CACertificates(certificates: [scene.credential.certificate, scene.authority])
        for reply in replies {
            #expect(try reply.reader.certificates == [scene.credential.certificate.der, scene.authority.der])
            #expect(
                try reply.reader.signerInfo.at(1).encoded
                    == EnvelopeBuilder.identifier(of: scene.credential.certificate)
            )
            #expect(
                try CACertificates(body: published.answer().body).certificates.map(\.der).contains(
                    try reply.reader.certificates[0]
                )
            )
        }
    }

    @Test func requirement075VersionsAgreeWithTheIdentifiers() throws {
        for reply in replies {
            #expect(try reply.reader.signedData.at(0).encoded == TLV.integer(1))
            #expect(try reply.reader.signerInfo.at(0).encoded == TLV.integer(1))
        }
        let enveloped = try DERElement(try #require(try success.content)).at(1, 0)
        #expect(try enveloped.at(0).encoded == TLV.integer(0))
        #expect(try enveloped.at(1, 0, 0).encoded == TLV.integer(0))
    }

    @Test func requirement076TheSignatureIsOverTheCiphertext() throws {
        let content = try #require(try success.content)
        #expect(try success.value(OID.messageDigest)?.content == DigestAlgorithm.sha256.digest(content))
        #expect(!content.contains(run: try scene.issued().subjectPublicKeyInfo.keyBits))
    }

    @Test func requirement077NothingOfTheContentIsSentInTheClear() throws {
        let issued = try scene.issued()
        for reply in replies {
            #expect(!reply.bytes.contains(run: issued.toBeSigned))
            #expect(!reply.bytes.contains(run: Array("Example-1234".utf8)))
        }
    }

    @Test func requirement112TheIssuedCertificateIsInTheDegenerateSignedData() async throws {
        let signedData = try DERElement(try await opened()).at(1, 0)
        let certificates = try signedData.members.first { $0.tag == 0xA0 }?.members.map(\.encoded)
        #expect(certificates == [try scene.issued().der])
    }

    @Test func requirement113And114TheIssuedCertificateIsFirstBesideOthers() throws {
        var generator = SystemRandomNumberGenerator()
        let request = try ReceivedMessage(bytes: try scene.message().build()).verified(policy: .standard)
            .opened(with: [scene.credential])
        // The CA's certificate is the shorter one, which DER would put first (client-quirks G1).
        let certificates = [try scene.issued().der, scene.authority.der]
        let reply = try CertRep.success(
            request,
            .certificates(certificates),
            options: CertRep.Options(policy: .standard, emptyContent: .zeroLength, signingTime: .distantFuture),
            using: &generator
        )
        let plaintext = try Self.open(try #require(try ReplyReader(reply).content), scene.clientKey)
        let set = try DERElement(plaintext).at(1, 0).members.first { $0.tag == 0xA0 }
        #expect(try set?.members.map(\.encoded) == certificates)
    }

    /// Opens an envelope with the tests' own reader and the keys of the library.
    private static func open(_ content: [UInt8], _ key: SoftwareKey) throws -> [UInt8] {
        let enveloped = try DERElement(content).at(1, 0)
        let contentKey = try key.decryptKey(try enveloped.at(1, 0, 3).content, keyByteCount: 16, padding: .pkcs1)
        let iv = try enveloped.at(2, 1, 1).content
        return try ContentCipher.aes128CBC.decrypt(try enveloped.at(2, 2).content, key: contentKey, iv: iv)
    }

    @Test func requirement115TheDegenerateSignedDataHasNoContent() async throws {
        let members = try DERElement(try await opened()).at(1, 0).members
        #expect(members.map(\.tag) == [0x02, 0x31, 0x30, 0xA0, 0x31])
        #expect(members[2].encoded == TLV.sequence(OID.data))
        #expect(members[1].content.isEmpty && members[4].content.isEmpty)
    }

    @Test func requirement116TheSignerKeyOpensTheCertificateForTheRequestsKey() async throws {
        let plaintext = try await opened()
        let read = try CACertificates(body: plaintext).certificates
        let key = try CertificationRequest(derEncoded: scene.request).subjectPublicKeyInfo
        #expect(read.map(\.subjectPublicKeyInfo) == [key])
    }
}
