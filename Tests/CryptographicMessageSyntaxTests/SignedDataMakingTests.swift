// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CryptographicMessageSyntax
import Cryptography
import PKIX
import SCEPCrafting
import SwiftASN1
import TestSupport
import Testing

@Suite struct SignedDataMakingTests {
    private static let content: [UInt8] = Array("content with\r\nline ends and \u{0}".utf8)

    @Test(arguments: [DigestAlgorithm.sha1, .sha256, .sha384, .sha512])
    func openSSLVerifiesWhatIsSigned(digest: DigestAlgorithm) async throws {
        let party = try await Party.server()
        let message = try SignedData.sign(
            content: Self.content,
            signer: party.certificate,
            key: party.key,
            digest: digest,
            attributes: []
        )
        #expect(try DERElement(message).isWellFormed)
        try party.openssl.write("message", message)
        let options = ["cms", "-verify", "-noverify", "-inform", "DER", "-in", "message", "-binary"]
        let outcome = try await party.openssl.run(options)
        #expect(outcome.output == Self.content)
        #expect(outcome.errors.contains("Verification successful"))
        let read = try SignedData(contentInfo: message)
        #expect(try read.signerInfos[0].scheme() == .rsaPKCS1(digest))
        try read.signerInfos[0].verify(content: Self.content, contentType: .CMS.data, key: party.key.publicKey)
    }

    @Test(arguments: NamedCurve.allCases, [DigestAlgorithm.sha1, .sha256, .sha384, .sha512])
    func openSSLVerifiesWhatAnECKeySigned(curve: NamedCurve, digest: DigestAlgorithm) async throws {
        // A reply has the digest of its request, which needn't be that of the curve.
        let key = try SoftwareKey.generate(.ec(curve))
        var certificate = HandMadeCertificate("ec", key: try TestKeys.authority)
        certificate.subjectPublicKeyInfo = key.publicKey.subjectPublicKeyInfo
        let message = try SignedData.sign(
            content: Self.content,
            signer: try certificate.read(),
            key: key,
            digest: digest,
            attributes: []
        )
        let openssl = try OpenSSL()
        try openssl.write("message", message)
        try await openssl.run([
            "cms", "-verify", "-noverify", "-inform", "DER", "-in", "message", "-binary", "-out", "content",
        ])
        #expect(try openssl.folder.read("content") == Self.content)
        let read = try SignedData(contentInfo: message)
        #expect(try read.signerInfos[0].scheme() == .ecdsa(digest))
        try read.signerInfos[0].verify(content: Self.content, contentType: .CMS.data, key: key.publicKey)
    }

    @Test func carriesTheSignerFirstAndThenTheOthers() async throws {
        let party = try await Party.server()
        let other = try HandMadeCertificate("other", key: try TestKeys.other).der()
        let message = try SignedData.sign(
            content: nil,
            signer: party.certificate,
            key: party.key,
            digest: .sha256,
            attributes: [],
            alongside: [other]
        )
        #expect(try ReplyReader(message).certificates == [party.certificate.der, other])
        let read = try SignedData(contentInfo: message)
        #expect(read.encodedCertificates == [party.certificate.der, other])
        #expect(read.certificate(read.signerInfos[0].signer) == party.certificate)
    }

    @Test(arguments: [nil, []] as [[UInt8]?])
    func absentAndEmptyContentAreDifferentAndBothVerify(content: [UInt8]?) async throws {
        let party = try await Party.server()
        let message = try SignedData.sign(
            content: content,
            signer: party.certificate,
            key: party.key,
            digest: .sha256,
            attributes: []
        )
        let read = try SignedData(contentInfo: message)
        #expect(read.content == content)
        let reply = try ReplyReader(message)
        #expect(try reply.value(OID.messageDigest)?.content == DigestAlgorithm.sha256.digest([]))
        try read.signerInfos[0].verify(content: [], contentType: .CMS.data, key: party.key.publicKey)
        try party.openssl.write("message", message)
        try party.openssl.write("nothing", [])
        let options = [
            "cms", "-verify", "-noverify", "-inform", "DER", "-in", "message", "-binary", "-content", "nothing",
        ]
        try await party.openssl.run(options)
    }

    @Test func attributesAreSortedDER() throws {
        let signer = try HandMadeCertificate("a", key: try TestKeys.client).read()
        let attributes = try (0..<6).map { index in
            try AttributeToSign([1, 2, 3, UInt(9 - index)]) { $0.octetString([1]) }
        }
        let message = try SignedData.sign(
            content: [1],
            signer: signer,
            key: try TestKeys.client,
            digest: .sha256,
            attributes: attributes
        )
        let written = try ReplyReader(message).attributes
        #expect(written.count == 8)
        #expect(written == written.sorted { $0.lexicographicallyPrecedes($1) })
    }

    // MARK: - Certificates only

    @Test func certificatesKeepTheirOrderWhereDERWouldSortThem() async throws {
        let long = try HandMadeCertificate("a certificate with a long name that sorts last", key: try TestKeys.client)
            .der()
        let short = try HandMadeCertificate("b", key: try TestKeys.other).der()
        #expect(short.count < long.count)
        for order in [[long, short], [short, long]] {
            let message = try SignedData.degenerate(certificates: order)
            let read = try SignedData(contentInfo: message)
            #expect(read.encodedCertificates == order)
            #expect(read.certificates.map(\.der) == order)
            #expect(read.content == nil)
            #expect(read.contentType == .CMS.data)
            #expect(read.signerInfos.isEmpty)
            let openssl = try OpenSSL()
            try openssl.write("message", message)
            let text = try await openssl.run(["pkcs7", "-inform", "DER", "-in", "message", "-print_certs", "-noout"])
                .text
            let subjects = text.split(separator: "\n").filter { $0.hasPrefix("subject") }
            #expect(subjects.map { $0.contains("long") } == order.map { $0 == long })
        }
    }

    @Test func hasTheShapeOfTheSamples() throws {
        let certificate = try HandMadeCertificate("a", key: try TestKeys.client).der()
        let message = try DERElement(try SignedData.degenerate(certificates: [certificate]))
        #expect(try message.at(0).encoded == OID.signedData)
        let members = try message.at(1, 0).members
        #expect(members.map(\.tag) == [0x02, 0x31, 0x30, 0xA0, 0x31])
        #expect(members[0].content == [1])
        #expect(members[1].content.isEmpty)
        #expect(members[2].encoded == TLV.sequence(OID.data))
        #expect(members[4].content.isEmpty)
    }

    @Test func aListOfCRLsHasNoCertificates() throws {
        let crl = TLV.sequence(TLV.integer(1))
        let message = try SignedData.degenerate(certificates: [], crls: [crl])
        #expect(try DERElement(message).at(1, 0).members.map(\.tag) == [0x02, 0x31, 0x30, 0xA1, 0x31])
        #expect(try SignedData(contentInfo: message).encodedCRLs == [crl])
    }
}
