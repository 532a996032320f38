// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CryptographicMessageSyntax
import Cryptography
import PKIX
import SCEPCrafting
import TestSupport
import Testing

/// Damaged messages: each reading ends, in a value or in an error.
@Suite struct HostileBytesTests {
    private static func signed(_ form: PKIMessageBuilder.Form) throws -> [UInt8] {
        let signer = try HandMadeCertificate("client", key: try TestKeys.client).read()
        var builder = PKIMessageBuilder(content: Array(1...150), signer: signer, key: try TestKeys.client)
        builder.form = form
        return try builder.build()
    }

    private static func enveloped() throws -> [UInt8] {
        try EnvelopeBuilder([1, 2, 3], to: try HandMadeCertificate("server", key: try TestKeys.registration).read())
            .build()
    }

    private static func read(signed bytes: [UInt8]) -> Bool {
        guard let read = try? SignedData(contentInfo: bytes) else { return false }
        for info in read.signerInfos {
            let certificate = read.certificate(info.signer)
            let key = try? certificate?.subjectPublicKeyInfo.publicKey()
            if let key { try? info.verify(content: read.content ?? [], contentType: read.contentType, key: key) }
            _ = info.signedAttributes?.types
        }
        return true
    }

    private static func read(enveloped bytes: [UInt8]) -> Bool {
        guard let read = try? EnvelopedData(contentInfo: bytes) else { return false }
        let cipher = try? read.contentEncryptionAlgorithm.contentCipher()
        for recipient in read.keyTransportRecipients {
            guard let cipher, let padding = recipient.keyEncryptionAlgorithm.keyTransportPadding(),
                let key = try? TestKeys.registration
            else { continue }
            _ = try? read.decrypt(for: recipient, key: key, cipher: cipher.cipher, iv: cipher.iv, padding: padding)
        }
        return true
    }

    @Test(arguments: [PKIMessageBuilder.Form.definite, .indefinite])
    func everySingleFlippedByteOfASignedMessageEnds(form: PKIMessageBuilder.Form) throws {
        let bytes = try Self.signed(form)
        #expect(Self.read(signed: bytes))
        var readable = 0
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x81
            readable += Self.read(signed: damaged) ? 1 : 0
        }
        #expect(readable > 0)
        #expect(readable < bytes.count)
        for length in bytes.indices { #expect(!Self.read(signed: Array(bytes.prefix(length)))) }
    }

    @Test func everySingleFlippedByteOfAnEnvelopeEnds() throws {
        let bytes = try Self.enveloped()
        #expect(Self.read(enveloped: bytes))
        var readable = 0
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x81
            readable += Self.read(enveloped: damaged) ? 1 : 0
        }
        #expect(readable > 0)
        #expect(readable < bytes.count)
        for length in bytes.indices { #expect(!Self.read(enveloped: Array(bytes.prefix(length)))) }
    }

    @Test func randomDamageEnds() throws {
        var generator = SeededGenerator()
        let messages = [try Self.signed(.definite), try Self.signed(.indefinite), try Self.enveloped()]
        var readable = 0
        for _ in 0..<1000 {
            for message in messages {
                let damaged = Mutation.splice(Mutation.flip(message, using: &generator).bytes, using: &generator)
                readable += Self.read(signed: damaged.bytes) || Self.read(enveloped: damaged.bytes) ? 1 : 0
            }
        }
        #expect(readable < 3000)
    }

    @Test func deepNestingIsRefusedWhereverItStands() throws {
        var deep: [UInt8] = []
        for _ in 0..<1_000 { deep = TLV.encode(0x30, deep) }
        let open = (0..<1_000).flatMap { _ in [0x24, 0x80] as [UInt8] }
        let close = [UInt8](repeating: 0, count: 2_000)
        for inner in [deep, open + close, open] {
            let signed = TLV.sequence(OID.signedData, TLV.context(0, inner))
            #expect(throws: CMSError.malformed("SignedData: not well-formed BER")) {
                try SignedData(contentInfo: signed)
            }
            let enveloped = TLV.sequence(OID.envelopedData, TLV.context(0, inner))
            #expect(throws: CMSError.malformed("EnvelopedData: not well-formed BER")) {
                try EnvelopedData(contentInfo: enveloped)
            }
        }
    }

    /// A message with so many empty values where nothing looks at them, and so many segments of one byte.
    private static func message(nothings: Int, segments: Int) -> [UInt8] {
        let content = TLV.context(0, TLV.segments(0x04, [UInt8](repeating: 1, count: segments), of: 1))
        let nothing = TLV.encode(0x31, [UInt8](repeating: 0, count: nothings).flatMap { _ in TLV.null })
        let body = TLV.sequence(TLV.integer(1), nothing, TLV.sequence(OID.data, content), TLV.set())
        return TLV.sequence(OID.signedData, TLV.context(0, body))
    }

    @Test func aMessageOfManySmallPartsIsReadInReasonableTime() throws {
        let message = Self.message(nothings: 30_000, segments: 30_000)
        var read: SignedData?
        let time = try ContinuousClock().measure { read = try SignedData(contentInfo: message) }
        #expect(read?.content?.count == 30_000)
        #expect(time < .seconds(20))
    }

    @Test func aMessageOfMorePartsThanTheLimitIsRefusedAtOnce() throws {
        // Two bytes on the wire would be a hundred in memory.
        for (nothings, segments) in [(70_000, 1), (1, 70_000), (1_000_000, 1), (40_000, 40_000)] {
            let message = Self.message(nothings: nothings, segments: segments)
            let time = ContinuousClock().measure {
                #expect(throws: CMSError.malformed("SignedData: more than 65536 values")) {
                    try SignedData(contentInfo: message)
                }
            }
            #expect(time < .seconds(20))
        }
    }

    @Test(arguments: 3...8)
    func theLimitHoldsHoweverLengthsAreWritten(lengthByteCount: Int) throws {
        let inner = Array(try DERElement(Self.message(nothings: 70_000, segments: 0)).content)
        let message = TLV.longForm(0x30, inner, lengthByteCount: lengthByteCount)
        #expect(throws: CMSError.malformed("SignedData: more than 65536 values")) {
            try SignedData(contentInfo: message)
        }
        #expect(throws: CMSError.malformed("EnvelopedData: more than 65536 values")) {
            try EnvelopedData(contentInfo: message)
        }
    }

    @Test(arguments: ["3088ffffffffffffffff", "0488ffffffffffffffff", "3089010000000000000000", "30fe", "04ff"])
    func absurdLengthsBeforeManyBytesAreRefused(hex: String) {
        let bytes = [UInt8](hex: hex) + [UInt8](repeating: 0, count: 200_000)
        #expect(throws: CMSError.self) { try SignedData(contentInfo: bytes) }
        #expect(throws: CMSError.self) { try EnvelopedData(contentInfo: TLV.sequence(OID.envelopedData, bytes)) }
    }

    @Test func aLargeContentIsNoManyParts() throws {
        let signer = try HandMadeCertificate("client", key: try TestKeys.client).read()
        let content = [UInt8](repeating: 0, count: 2_000_000)
        let builder = PKIMessageBuilder(content: content, signer: signer, key: try TestKeys.client)
        #expect(try SignedData(contentInfo: try builder.build()).content?.count == 2_000_000)
    }
}
