// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CryptographicMessageSyntax
import Cryptography
import PKIX
import SCEPCrafting
import SwiftASN1
import TestSupport
import Testing

@Suite struct SignedDataReadingTests {
    private static let content = [UInt8](repeating: 0x5A, count: 5000)

    private static func verify(_ message: [UInt8], _ party: Party) throws -> SignedData {
        let read = try SignedData(contentInfo: message)
        let info = try #require(read.signerInfos.first)
        #expect(read.certificate(info.signer) == party.certificate)
        try info.verify(content: read.content ?? [], contentType: read.contentType, key: party.key.publicKey)
        return read
    }

    @Test(arguments: ["sha1", "sha256", "sha384", "sha512"], [[], ["-keyid"], ["-stream"], ["-keyid", "-stream"]])
    func verifiesWhatOpenSSLSigns(digest: String, options: [String]) async throws {
        let party = try await Party.client()
        try party.openssl.write("content", Self.content)
        let sign = [
            "cms", "-sign", "-binary", "-nodetach", "-in", "content", "-signer", "certificate", "-inkey", "key",
        ]
        let message = try await party.openssl.run(sign + ["-md", digest, "-outform", "DER"] + options).output
        #expect(message.starts(with: [0x30, 0x80]) == options.contains("-stream"))
        let read = try Self.verify(message, party)
        #expect(read.content == Self.content)
        #expect(
            read.signerInfos[0].digestAlgorithm.digestAlgorithm?.rawValue.filter(\.isNumber)
                == String(digest.dropFirst(3))
        )
        guard case .subjectKeyIdentifier = read.signerInfos[0].signer else {
            #expect(!options.contains("-keyid"))
            return
        }
        #expect(options.contains("-keyid"))
    }

    private static func builder() throws -> (PKIMessageBuilder, PublicKey) {
        let signer = try HandMadeCertificate("client", key: try TestKeys.client).read()
        return (
            PKIMessageBuilder(content: content, signer: signer, key: try TestKeys.client),
            (try TestKeys.client).publicKey
        )
    }

    private static func verify(_ builder: PKIMessageBuilder, _ key: PublicKey) throws {
        let read = try SignedData(contentInfo: try builder.build())
        let info = try #require(read.signerInfos.first)
        try info.verify(content: read.content ?? [], contentType: .CMS.data, key: key)
    }

    @Test func verifiesWhatIsBuiltByHand() throws {
        let (builder, key) = try Self.builder()
        try Self.verify(builder, key)
        #expect(try SignedData(contentInfo: try builder.build()).content == Self.content)
    }

    @Test(arguments: [PKIMessageBuilder.AttributeOrder.asGiven, .asGivenSignedSorted])
    func verifiesUnsortedAttributesAsTheyCameAndAsTheyShouldBe(order: PKIMessageBuilder.AttributeOrder) throws {
        var (builder, key) = try Self.builder()
        builder.attributes = builder.attributes.sorted { $1.lexicographicallyPrecedes($0) }
        builder.order = order
        try Self.verify(builder, key)
    }

    @Test func verifiesIndefiniteLengthsAndSegments() throws {
        var (builder, key) = try Self.builder()
        builder.form = .indefinite
        let message = try builder.build()
        #expect(message.starts(with: [0x30, 0x80]))
        try Self.verify(builder, key)
        #expect(try SignedData(contentInfo: message).content == Self.content)
    }

    @Test func verifiesAttributesInBERThatWereSignedInDER() throws {
        // The digest covers the DER encoding, whatever the sender wrote (RFC 5652 §5.4).
        var (builder, key) = try Self.builder()
        let right = try builder.build()
        let nonce = TLV.attribute(OID.senderNonce, TLV.octetString(Array(1...16)))
        let loose = TLV.longForm(0x30, OID.senderNonce + TLV.set(TLV.octetString(Array(1...16))))
        let reader = try ReplyReader(right)
        let attributes = try reader.attributes.map { $0 == nonce ? loose : $0 }
        let infos = try reader.signerInfo.members.map {
            $0.tag == 0xA0 ? TLV.encode(0xA0, attributes.flatMap(\.self)) : $0.encoded
        }
        var parts = try reader.signedData.members.map(\.encoded)
        parts[parts.count - 1] = TLV.set(TLV.encode(0x30, infos.flatMap(\.self)))
        let message = TLV.sequence(OID.signedData, TLV.context(0, TLV.encode(0x30, parts.flatMap(\.self))))
        #expect(message != right)
        let read = try SignedData(contentInfo: message)
        try read.signerInfos[0].verify(content: Self.content, contentType: .CMS.data, key: key)
        builder.attributes = []
        try Self.verify(builder, key)
    }

    @Test(arguments: [OID.sha256WithRSA, OID.rsaEncryption])
    func verifiesBothNamesOfAnRSASignatureWithAndWithoutNull(oid: [UInt8]) throws {
        var (builder, key) = try Self.builder()
        for (digest, signature) in [
            (TLV.algorithm(OID.sha256), TLV.algorithm(oid)), (TLV.sequence(OID.sha256), TLV.sequence(oid)),
            (TLV.algorithm(OID.sha256), TLV.sequence(oid)),
        ] {
            builder.digestIdentifier = digest
            builder.signatureIdentifier = signature
            try Self.verify(builder, key)
        }
    }

    @Test(arguments: [[0x0A], [0x0D, 0x0A], [0, 0], [UInt8](repeating: 0, count: 100)] as [[UInt8]])
    func paddingAfterTheEndIsPassedOver(padding: [UInt8]) throws {
        let message = try Self.builder().0.build()
        #expect(try SignedData(contentInfo: message + padding) == SignedData(contentInfo: message))
        #expect(throws: CMSError.self) { try SignedData(contentInfo: message + padding + [0x30]) }
    }

    @Test func contentTypesAndEmptyContentAreReadAsTheyStand() throws {
        var (builder, _) = try Self.builder()
        builder.content = []
        #expect(try SignedData(contentInfo: try builder.build()).content == [])
        builder.content = nil
        #expect(try SignedData(contentInfo: try builder.build()).content == nil)
        builder.eContentType = OID.envelopedData
        #expect(try SignedData(contentInfo: try builder.build()).contentType == .CMS.envelopedData)
        // NDES puts one byte where nothing should be (client-quirks D3).
        builder.content = [0]
        #expect(try SignedData(contentInfo: try builder.build()).content == [0])
    }

    @Test func certificatesThatCannotBeReadAreKeptAndPassedOver() throws {
        var (builder, key) = try Self.builder()
        builder.certificates.insert(TLV.sequence(TLV.integer(7)), at: 0)
        let read = try SignedData(contentInfo: try builder.build())
        #expect(read.encodedCertificates.count == 2)
        #expect(read.certificates.count == 1)
        #expect(read.certificate(read.signerInfos[0].signer) != nil)
        try Self.verify(builder, key)
    }

    @Test func aRealDegenerateMessageWithEmptyContentIsRead() throws {
        let certificate = try HandMadeCertificate("a", key: try TestKeys.client).der()
        for content in [TLV.context(0, TLV.octetString([])), []] {
            let body = TLV.sequence(
                TLV.integer(1),
                TLV.set(),
                TLV.sequence(OID.data, content),
                TLV.context(0, certificate),
                TLV.set()
            )
            let read = try SignedData(contentInfo: TLV.sequence(OID.signedData, TLV.context(0, body)))
            #expect(read.encodedCertificates == [certificate])
            #expect(read.signerInfos.isEmpty)
        }
    }
}
