// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// RFC 8894 §3.3.4, the replies to GetCert and GetCRL: requirements 58, 71, 77, 157 and 158 of the conformance list.
@Suite struct QueryReplyRequirementTests {
    private let scene: SCEPScene

    init() throws {
        self.scene = try SCEPScene()
    }

    /// The reply to a query, and its plaintext as the `openssl` command opens it.
    private func answer(
        _ type: MessageType,
        _ contents: CertRep.Contents
    ) async throws -> (reply: [UInt8], plaintext: [UInt8]) {
        var dialogue = Dialogue(scene: scene)
        dialogue.contents = contents
        guard case .issued(_, let reply) = try dialogue.send(try scene.message(type)) else {
            throw SCEPError.messageTypeNotServed("\(type)")
        }
        let openssl = try OpenSSL()
        try openssl.write("envelope", try #require(try ReplyReader(reply).content))
        try openssl.write("certificate.der", scene.client.der)
        try openssl.write("key.der", try scene.clientKey.pkcs8())
        try await openssl.run(["x509", "-inform", "DER", "-in", "certificate.der", "-out", "certificate"])
        try await openssl.run(["pkey", "-inform", "DER", "-in", "key.der", "-out", "key"])
        let decrypt = ["cms", "-decrypt", "-binary", "-inform", "DER", "-in", "envelope", "-recip", "certificate"]
        return (reply, try await openssl.run(decrypt + ["-inkey", "key"]).output)
    }

    @Test func requirement157And158AReplyToGetCRLHoldsTheCRLAndNothingElse() async throws {
        let list = try scene.certificateList()
        let plaintext = try await answer(.getCRL, .certificateList(list)).plaintext
        let members = try DERElement(plaintext).at(1, 0).members
        #expect(members.map(\.tag) == [0x02, 0x31, 0x30, 0xA1, 0x31])
        #expect(members[3].content == list)
        #expect(members[2].encoded == TLV.sequence(OID.data))
        #expect(members[1].content.isEmpty && members[4].content.isEmpty)
        let openssl = try OpenSSL()
        try openssl.write("list", plaintext)
        let text = try await openssl.run(["pkcs7", "-inform", "DER", "-in", "list", "-print_certs"]).text
        #expect(text.components(separatedBy: "BEGIN X509 CRL").count == 2)
        #expect(!text.contains("BEGIN CERTIFICATE"))
    }

    @Test func requirement154AReplyToGetCertHoldsTheCertificateAndNoCRL() async throws {
        let issued = try scene.issued().der
        let plaintext = try await answer(.getCert, .certificates([issued])).plaintext
        let members = try DERElement(plaintext).at(1, 0).members
        #expect(members.map(\.tag) == [0x02, 0x31, 0x30, 0xA0, 0x31])
        #expect(members[3].content == issued)
    }

    @Test func requirement058And071And072And077TheRepliesToQueriesAreEncryptedAndSigned() async throws {
        let list = try scene.certificateList()
        for (type, contents, secret) in [
            (MessageType.getCRL, CertRep.Contents.certificateList(list), list),
            (.getCert, .certificates([try scene.issued().der]), try scene.issued().der),
            (.certPoll, .certificates([try scene.issued().der]), try scene.issued().der),
        ] {
            let reply = try await answer(type, contents).reply
            let reader = try ReplyReader(reply)
            let content = try DERElement(try #require(try reader.content))
            #expect(try content.at(0).encoded == OID.envelopedData)
            #expect(try content.at(1, 0, 2, 0).encoded == OID.data)
            #expect(try content.at(1, 0, 1, 0, 1).encoded == EnvelopeBuilder.identifier(of: scene.client))
            #expect(!reply.contains(run: secret))
            #expect(try reader.value(OID.pkiStatus)?.encoded == TLV.printable("0"))
            #expect(
                try reader.value(OID.messageDigest)?.content == DigestAlgorithm.sha256.digest(content.encoded)
            )
        }
    }
}
