// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CryptographicMessageSyntax
import Cryptography
import PKIX
import SCEPCrafting
import SwiftASN1
import TestSupport
import Testing

@Suite struct SignedDataRefusalTests {
    private static func builder() throws -> PKIMessageBuilder {
        let signer = try HandMadeCertificate("client", key: try TestKeys.client).read()
        return PKIMessageBuilder(content: [1, 2, 3], signer: signer, key: try TestKeys.client)
    }

    private static func verify(_ builder: PKIMessageBuilder) throws {
        try verify(try builder.build(), (try TestKeys.client).publicKey)
    }

    private static func verify(_ message: [UInt8], _ key: PublicKey) throws {
        let read = try SignedData(contentInfo: message)
        let info = try #require(read.signerInfos.first)
        try info.verify(content: read.content ?? [], contentType: read.contentType, key: key)
    }

    @Test func aSignatureOfAnotherKeyIsRefused() throws {
        #expect(throws: CMSError.signatureInvalid("the signature is not that of the signer's key")) {
            try Self.verify(try Self.builder().build(), (try TestKeys.other).publicKey)
        }
        #expect(throws: CMSError.self) { try Self.verify(try Self.builder().build(), (try TestKeys.ec).publicKey) }
    }

    @Test func changedContentAndChangedAttributesAreRefused() throws {
        var content = try Self.builder()
        content.spoilContent = { _ in [1, 2, 4] }
        #expect(throws: CMSError.signatureInvalid("messageDigest does not fit the content")) {
            try Self.verify(content)
        }
        var appended = try Self.builder()
        appended.spoilContent = { $0 + [0] }
        #expect(throws: CMSError.signatureInvalid("messageDigest does not fit the content")) {
            try Self.verify(appended)
        }
        var signature = try Self.builder()
        signature.spoilSignature = { bytes in bytes.map { $0 ^ 1 } }
        #expect(throws: CMSError.signatureInvalid("the signature is not that of the signer's key")) {
            try Self.verify(signature)
        }
    }

    @Test func noFlippedByteOfTheSignedPartsIsAccepted() throws {
        let message = try Self.builder().build()
        let reader = try ReplyReader(message)
        let signed = try #require(try reader.signerInfo.members.first { $0.tag == 0xA0 }?.encoded)
        let start = try #require(message.indices.first { message[$0...].starts(with: signed) })
        for index in start..<(start + signed.count) {
            for mask: UInt8 in [0x01, 0x20, 0x80] {
                var damaged = message
                damaged[index] ^= mask
                #expect(throws: CMSError.self, "byte \(index - start) of signedAttrs") {
                    try Self.verify(damaged, (try TestKeys.client).publicKey)
                }
            }
        }
    }

    @Test func missingParts() throws {
        var attributes = try Self.builder()
        attributes.signsAttributes = false
        #expect(throws: CMSError.malformed("signedAttrs are missing")) { try Self.verify(attributes) }
        var type = try Self.builder()
        type.contentTypeAttribute = nil
        #expect(throws: CMSError.malformed("the contentType attribute is missing")) { try Self.verify(type) }
        var digest = try Self.builder()
        digest.messageDigestAttribute = { _ in nil }
        #expect(throws: CMSError.malformed("the messageDigest attribute is missing")) { try Self.verify(digest) }
        var both = try Self.builder()
        both.contentTypeAttribute = nil
        both.messageDigestAttribute = { _ in nil }
        both.attributes = []
        #expect(throws: CMSError.self) { try Self.verify(both) }
    }

    @Test func attributesThatDoNotFitTheContent() throws {
        var type = try Self.builder()
        type.contentTypeAttribute = TLV.attribute(OID.contentType, OID.envelopedData)
        #expect(throws: CMSError.malformed("the contentType attribute is not the content's type")) {
            try Self.verify(type)
        }
        type.eContentType = OID.envelopedData
        try Self.verify(type)
        for value in [TLV.null, TLV.printable("1.2"), [0x06, 0x00]] {
            var wrong = try Self.builder()
            wrong.contentTypeAttribute = TLV.attribute(OID.contentType, value)
            #expect(throws: CMSError.self) { try Self.verify(wrong) }
        }
        for spoil: @Sendable ([UInt8]) -> [UInt8] in [{ _ in [] }, { $0 + [0] }, { Array($0.dropLast()) }] {
            var wrong = try Self.builder()
            wrong.messageDigestAttribute = { TLV.attribute(OID.messageDigest, TLV.octetString(spoil($0))) }
            #expect(throws: CMSError.signatureInvalid("messageDigest does not fit the content")) {
                try Self.verify(wrong)
            }
        }
    }

    @Test(arguments: [OID.contentType, OID.messageDigest, OID.senderNonce, OID.randomNonce])
    func anAttributeThatOccursTwiceIsRefused(type: [UInt8]) throws {
        var builder = try Self.builder()
        let extra = TLV.attribute(type, type == OID.contentType ? OID.data : TLV.octetString([9]))
        builder.attributes += type == OID.randomNonce ? [extra, extra] : [extra]
        // The message can be read, so that it can be answered, but it never passes for signed.
        #expect(try SignedData(contentInfo: try builder.build()).signerInfos.count == 1)
        let error = try #require(throws: CMSError.self) { try Self.verify(builder) }
        #expect(String(describing: error).contains("occurs twice"))
    }

    @Test func anAttributeWithTwoValuesOrNoneIsRefused() throws {
        for values in [[], [TLV.octetString([1]), TLV.octetString([2])]] {
            var builder = try Self.builder()
            builder.messageDigestAttribute = { _ in TLV.attribute(OID.messageDigest, values.flatMap(\.self)) }
            #expect(throws: CMSError.malformed("attribute 1.2.840.113549.1.9.4: not exactly one value")) {
                try Self.verify(builder)
            }
        }
    }

    @Test func algorithmsThatDoNotGoTogetherOrAreUnknown() throws {
        for (digest, signature) in [
            (OID.sha3of256, OID.rsaEncryption), (OID.sha256, OID.sha1WithRSA), (OID.sha256, OID.md5WithRSA),
            (OID.sha1, OID.sha256WithRSA), (OID.sha256, OID.rsaOAEP), (OID.rsaEncryption, OID.rsaEncryption),
        ] {
            var builder = try Self.builder()
            builder.digestIdentifier = TLV.algorithm(digest)
            builder.signatureIdentifier = TLV.algorithm(signature)
            let error = try #require(throws: CMSError.self) { try Self.verify(builder) }
            guard case .unsupportedAlgorithm = error else {
                Issue.record("\(error)")
                continue
            }
        }
    }

    @Test func anRSASignatureUnderTheNameOfECDSAIsRefused() throws {
        var builder = try Self.builder()
        builder.signatureIdentifier = TLV.sequence(OID.ecPublicKey)
        #expect(throws: CMSError.signatureInvalid("the signature is not that of the signer's key")) {
            try Self.verify(builder)
        }
    }

    @Test func contentThatLooksLikeAttributesDoesNotPassForThem() throws {
        // A signature without signed attributes over content that is itself the SET of attributes (eprint 2023/1801).
        let honest = try Self.builder()
        let attributes =
            honest.attributes + [TLV.attribute(OID.contentType, OID.data)] + [
                TLV.attribute(OID.messageDigest, TLV.octetString(DigestAlgorithm.sha256.digest([7, 7])))
            ]
        var signed = honest
        signed.signsAttributes = false
        signed.content = TLV.sortedSet(attributes)
        let signature = try #require(try ReplyReader(try signed.build()).signerInfo.members.last?.content)
        var forged = honest
        forged.content = [7, 7]
        forged.spoilSignature = { _ in signature }
        // As RFC 5652 is, this forgery verifies; what stops it is that nothing here signs or accepts messages without attributes.
        try Self.verify(forged)
        #expect(throws: CMSError.malformed("signedAttrs are missing")) { try Self.verify(signed) }
    }

    // MARK: - Limits

    @Test func moreSignersThanTwoAreNotEvenRead() throws {
        var builder = try Self.builder()
        builder.signerCount = 2
        #expect(try SignedData(contentInfo: try builder.build()).signerInfos.count == 2)
        builder.signerCount = 0
        #expect(try SignedData(contentInfo: try builder.build()).signerInfos.isEmpty)
        builder.signerCount = 3
        #expect(throws: CMSError.limitExceeded("signers")) { try SignedData(contentInfo: try builder.build()) }
    }

    @Test func countsAreLimited() throws {
        var certificates = try Self.builder()
        certificates.certificates = Array(repeating: certificates.certificates[0], count: 16)
        #expect(try SignedData(contentInfo: try certificates.build()).encodedCertificates.count == 16)
        certificates.certificates.append(certificates.certificates[0])
        #expect(throws: CMSError.limitExceeded("certificates")) {
            try SignedData(contentInfo: try certificates.build())
        }

        var attributes = try Self.builder()
        let extra = (0..<43).map { TLV.attribute([0x06, 0x03, 0x2A, 0x03, $0], TLV.null) }
        attributes.attributes += extra
        #expect(try SignedData(contentInfo: try attributes.build()).signerInfos[0].signedAttributes?.types.count == 48)
        attributes.attributes.append(TLV.attribute([0x06, 0x03, 0x2A, 0x03, 99], TLV.null))
        #expect(throws: CMSError.limitExceeded("signed attributes")) {
            try SignedData(contentInfo: try attributes.build())
        }
        var limits = CMSLimits()
        limits.attributes = 4
        #expect(throws: CMSError.limitExceeded("signed attributes")) {
            try SignedData(contentInfo: try Self.builder().build(), limits: limits)
        }
    }

    @Test(arguments: [OID.data, OID.envelopedData])
    func anotherContentTypeOutsideIsRefused(type: [UInt8]) throws {
        let inner = try DERElement(try Self.builder().build()).at(1).encoded
        #expect(throws: CMSError.self) { try SignedData(contentInfo: TLV.sequence(type, inner)) }
    }

    @Test func everythingMissingIsRefused() throws {
        let members = try ReplyReader(try Self.builder().build()).signedData.members.map(\.encoded)
        for index in [0, 1, 2, 4] {
            let parts = members.enumerated().filter { $0.offset != index }.flatMap(\.element)
            let message = TLV.sequence(OID.signedData, TLV.context(0, TLV.encode(0x30, parts)))
            #expect(throws: CMSError.self, "without part \(index)") { try SignedData(contentInfo: message) }
        }
        for message in [[], [0x30, 0x00], TLV.sequence(OID.signedData), TLV.sequence(OID.signedData, TLV.context(0))] {
            #expect(throws: CMSError.self) { try SignedData(contentInfo: message) }
        }
    }
}
