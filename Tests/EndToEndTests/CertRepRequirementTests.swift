// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing

internal import struct Foundation.UUID

/// RFC 8894 §3.2: what the server sends, read by a reader of its own and by OpenSSL.
@Suite(.serving) struct CertRepRequirementTests {
    /// A SUCCESS and a FAILURE, each with the message it answers.
    private struct Exchange {
        var device: Device
        var id: String
        var nonce: [UInt8]
        var reply: HTTPReply
        var reader: ReplyReader
    }

    private func exchange(_ challenge: String? = nil) async throws -> Exchange {
        let server = try Server.current
        let device = try await Device(of: server)
        let id = UUID().uuidString
        var generator = SystemRandomNumberGenerator()
        let nonce = generator.bytes(16)
        let code = if let challenge { challenge } else { try await server.code() }
        let message = try device.message(
            code,
            id,
            outer: { outer in
                outer.replace(OID.senderNonce, with: TLV.attribute(OID.senderNonce, TLV.octetString(nonce)))
            }
        )
        let reply = try await server.post(message)
        return Exchange(device: device, id: id, nonce: nonce, reply: reply, reader: try ReplyReader(reply.body))
    }

    private func both() async throws -> [Exchange] { [try await exchange(), try await exchange("wrong")] }

    @Test func requirement057ContentTypeIsData() async throws {
        for one in try await both() { #expect(try one.reader.encapsulated.at(0).encoded == OID.data) }
    }

    @Test func requirement058And076ContentIsAnEnvelopeAroundADegenerateSignedData() async throws {
        let one = try await exchange()
        let content = try DERElement(try #require(try one.reader.content))
        #expect(try content.at(0).encoded == OID.envelopedData)
        let inner = try DERElement(try one.device.plaintext(of: one.reply))
        #expect(try inner.at(0).encoded == OID.signedData)
    }

    @Test func requirement059SignerInfoHasSignedAttributes() async throws {
        for one in try await both() { #expect(try one.reader.attributes.count >= 8) }
    }

    @Test func requirement060TransactionIDIsTheRequestsAsPrintableString() async throws {
        for one in try await both() {
            #expect(try one.reader.value(OID.transactionID)?.encoded == TLV.printable(one.id))
        }
    }

    @Test func requirement061MessageTypeIs3() async throws {
        for one in try await both() { #expect(try one.reader.value(OID.messageType)?.encoded == TLV.printable("3")) }
    }

    @Test func requirement062SenderNonceIsFreshAndHas16Bytes() async throws {
        let nonces = try await both().map { try #require(try $0.reader.value(OID.senderNonce)) }
        #expect(nonces.allSatisfy { $0.tag == 0x04 && $0.content.count == 16 })
        #expect(Set(nonces.map(\.content)).count == nonces.count)
    }

    @Test func requirement063RecipientNonceIsTheRequestsSenderNonce() async throws {
        for one in try await both() {
            #expect(try one.reader.value(OID.recipientNonce)?.encoded == TLV.octetString(one.nonce))
        }
    }

    @Test func requirement064ContentTypeAndMessageDigestAreThereAndRight() async throws {
        for one in try await both() {
            #expect(try one.reader.value(OID.contentType)?.encoded == OID.data)
            let digest = DigestAlgorithm.sha256.digest(try one.reader.content ?? [])
            #expect(try one.reader.value(OID.messageDigest)?.encoded == TLV.octetString(digest))
        }
    }

    @Test func requirement065PKIStatusIsAKnownPrintableString() async throws {
        let statuses = try await both().map { try $0.reader.value(OID.pkiStatus)?.encoded }
        #expect(statuses == [TLV.printable("0"), TLV.printable("2")])
    }

    @Test func requirement066FailureHasFailInfo() async throws {
        #expect(try await exchange("wrong").reader.value(OID.failInfo)?.encoded == TLV.printable("2"))
    }

    @Test func requirement067SuccessHasNoFailInfo() async throws {
        let reader = try await exchange().reader
        #expect(try reader.value(OID.failInfo) == nil)
        #expect(try reader.value(OID.failInfoText) == nil)
    }

    @Test func requirement068FailInfoTextIsUTF8String() async throws {
        let text = try #require(try await exchange("wrong").reader.value(OID.failInfoText))
        #expect(text.tag == 0x0C)
        #expect(!text.content.isEmpty)
    }

    @Test func requirement069FailureHasNoEnvelope() async throws {
        #expect(try await exchange("wrong").reader.content == [])
    }

    @Test func requirement071EncryptedContentIsData() async throws {
        let content = try DERElement(try #require(try await exchange().reader.content))
        #expect(try content.at(1, 0, 2, 0).encoded == OID.data)
    }

    @Test func requirement072RecipientIsTheRequestsSigner() async throws {
        let one = try await exchange()
        let content = try DERElement(try #require(try one.reader.content))
        let recipients = try content.at(1, 0, 1)
        #expect(try recipients.members.count == 1)
        #expect(try recipients.at(0, 1).encoded == EnvelopeBuilder.identifier(of: try one.device.certificate))
    }

    @Test func requirement073SignedAttributesAreSortedDERAndOpenSSLVerifiesThem() async throws {
        let roots = try await Server.current.authorities().certificates
        for one in try await both() {
            #expect(try DERElement(one.reply.body).isWellFormed)
            let attributes = try one.reader.attributes
            #expect(attributes == attributes.sorted { $0.lexicographicallyPrecedes($1) })
            let openssl = try OpenSSL()
            try openssl.write("reply.der", one.reply.body)
            let pem = roots.map { "-----BEGIN CERTIFICATE-----\n\(Base64.lines($0.der))-----END CERTIFICATE-----\n" }
            try openssl.write("chain.pem", Array(pem.joined().utf8))
            try await openssl.run([
                "cms", "-verify", "-inform", "DER", "-in", "reply.der", "-binary", "-CAfile", "chain.pem", "-purpose",
                "any", "-out", "content",
            ])
            #expect(try openssl.folder.read("content") == (try one.reader.content ?? []))
        }
    }

    @Test func requirement074SignersCertificateIsIncludedAndPublished() async throws {
        let published = try await Server.current.authorities().certificates
        for one in try await both() {
            let signer = try one.reader.signerInfo.at(1).encoded
            let included = try one.reader.certificates.map { try EncodedCertificate(derEncoded: $0) }
            let own = try #require(included.first { EnvelopeBuilder.identifier(of: $0) == signer })
            #expect(published.contains(own))
        }
    }

    @Test func requirement075EnvelopeVersionAgreesWithItsRecipient() async throws {
        let content = try DERElement(try #require(try await exchange().reader.content))
        #expect(try content.at(1, 0, 0).encoded == TLV.integer(0))
        #expect(try content.at(1, 0, 1, 0, 0).encoded == TLV.integer(0))
        #expect(try content.at(1, 0, 1, 0, 1).tag == 0x30)
    }

    @Test func requirement077NothingGoesUnencryptedAndNothingUnencryptedIsTaken() async throws {
        let one = try await exchange()
        let issued = try one.device.certificate(in: one.reply)
        #expect(!one.reply.body.contains(run: Array(issued.serialNumber)))
        let server = try Server.current
        let code = try await server.code()
        let bare = try HandMadeRequest("device-1", key: one.device.key, challenge: code).der()
        let refused = try await server.post(try one.device.message(code, "bare", outer: { $0.content = bare }))
        #expect(try refused.certRep == Failure.uniform)
        #expect(try await server.challengeStates()["open", default: 0] >= 1)
    }

    @Test func requirement112To116SuccessHoldsTheIssuedCertificateAndNothingBesides() async throws {
        let one = try await exchange()
        let plaintext = try DERElement(try one.device.plaintext(of: one.reply))
        let signedData = try plaintext.at(1, 0)
        // 115: no content; no signers either.
        #expect(try signedData.at(2).encoded == TLV.sequence(OID.data))
        #expect(try signedData.members.last?.encoded == TLV.set())
        // 112, 113, 114: the issued certificate is inside, the leaf and the first.
        let certificates = try one.device.certificates(in: one.reply)
        let issued = try #require(certificates.first)
        #expect(!issued.isCertificateAuthority)
        // 116: it is for the request's key.
        #expect(issued.subjectPublicKeyInfo.der == one.device.key.publicKey.subjectPublicKeyInfo)
        let issuing = try #require(
            try await Server.current.authorities().certificates.first { $0.subject == issued.issuer }
        )
        #expect(issued.isSigned(by: try issuing.subjectPublicKeyInfo.publicKey()))
    }

    @Test func requirement112OpenSSLOpensTheReplyAndVerifiesTheCertificate() async throws {
        let one = try await exchange()
        let openssl = try OpenSSL()
        try openssl.write("envelope.der", try #require(try one.reader.content))
        try openssl.write("key.der", try one.device.key.pkcs8())
        let certificate = try one.device.certificate.der
        try openssl.write(
            "client.pem",
            Array("-----BEGIN CERTIFICATE-----\n\(Base64.lines(certificate))-----END CERTIFICATE-----\n".utf8)
        )
        try await openssl.run([
            "cms", "-decrypt", "-inform", "DER", "-in", "envelope.der", "-recip", "client.pem", "-inkey", "key.der",
            "-binary",
            "-out", "inner.der",
        ])
        let printed = try await openssl.run(["pkcs7", "-inform", "DER", "-in", "inner.der", "-print_certs"]).text
        #expect(printed.contains("subject=CN = device-1"))
        try openssl.write("issued.pem", Array(printed.utf8))
        let authorities = try await Server.current.authorities().certificates.filter(\.isCertificateAuthority)
        let chain = authorities.map {
            "-----BEGIN CERTIFICATE-----\n\(Base64.lines($0.der))-----END CERTIFICATE-----\n"
        }
        try openssl.write("chain.pem", Array(chain.joined().utf8))
        try await openssl.run(["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "chain.pem", "issued.pem"])
    }
}
