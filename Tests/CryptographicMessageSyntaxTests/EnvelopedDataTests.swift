// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CryptographicMessageSyntax
import Cryptography
import PKIX
import SCEPCrafting
import TestSupport
import Testing

@Suite struct EnvelopedDataTests {
    private static let content = [UInt8](repeating: 0x5A, count: 3000)
    private static let ciphers: [(ContentCipher, String)] = [
        (.aes128CBC, "-aes128"), (.aes192CBC, "-aes192"), (.aes256CBC, "-aes256"), (.tripleDESCBC, "-des3"),
    ]
    private static let paddings: [(KeyTransportPadding, [String])] = [
        (.pkcs1, []),
        (.oaep(digest: .sha1, maskDigest: .sha1), ["rsa_padding_mode:oaep"]),
        (
            .oaep(digest: .sha256, maskDigest: .sha256),
            ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"]
        ),
        (
            .oaep(digest: .sha512, maskDigest: .sha512),
            ["rsa_padding_mode:oaep", "rsa_oaep_md:sha512", "rsa_mgf1_md:sha512"]
        ),
        (
            .oaep(digest: .sha256, maskDigest: .sha1),
            ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha1"]
        ),
    ]

    /// Opens a message with the one recipient that it has.
    static func open(_ message: [UInt8], _ key: SoftwareKey) throws -> [UInt8] {
        let read = try EnvelopedData(contentInfo: message)
        let (cipher, iv) = try #require(try read.contentEncryptionAlgorithm.contentCipher())
        let recipient = try #require(read.keyTransportRecipients.first)
        let padding = try #require(recipient.keyEncryptionAlgorithm.keyTransportPadding())
        return try read.decrypt(for: recipient, key: key, cipher: cipher, iv: iv, padding: padding)
    }

    @Test(arguments: ciphers, paddings)
    func openSSLOpensWhatIsEncrypted(
        cipher: (ContentCipher, String),
        padding: (KeyTransportPadding, [String])
    ) async throws {
        let party = try await Party.server()
        var generator = SystemRandomNumberGenerator()
        let message = try EnvelopedData.encrypt(
            Self.content,
            to: party.certificate,
            key: party.key.publicKey,
            cipher: cipher.0,
            padding: padding.0,
            using: &generator
        )
        #expect(try DERElement(message).isWellFormed)
        #expect(try Self.open(message, party.key) == Self.content)
        try party.openssl.write("message", message)
        let decrypt = [
            "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "message", "-recip", "certificate", "-inkey", "key",
        ]
        #expect(try await party.openssl.run(decrypt).output == Self.content)
    }

    @Test(arguments: ciphers, paddings)
    func opensWhatOpenSSLEncrypts(
        cipher: (ContentCipher, String),
        padding: (KeyTransportPadding, [String])
    ) async throws {
        let party = try await Party.server()
        try party.openssl.write("content", Self.content)
        for options in [[], ["-keyid"], ["-stream"]] {
            let encrypt = ["cms", "-encrypt", "-binary", "-in", "content", "-outform", "DER", cipher.1] + options
            let recipient = ["-recip", "certificate"] + padding.1.flatMap { ["-keyopt", $0] }
            let message = try await party.openssl.run(encrypt + recipient).output
            #expect(message.starts(with: [0x30, 0x80]) == options.contains("-stream"))
            let read = try EnvelopedData(contentInfo: message)
            #expect(try read.contentEncryptionAlgorithm.contentCipher()?.cipher == cipher.0)
            #expect(read.keyTransportRecipients.count == 1)
            #expect(read.keyTransportRecipients[0].recipient.matches(party.certificate))
            #expect(read.keyTransportRecipients[0].keyEncryptionAlgorithm.keyTransportPadding() == padding.0)
            #expect(try Self.open(message, party.key) == Self.content)
        }
    }

    // MARK: - Odd forms

    private static func builder() throws -> EnvelopeBuilder {
        try EnvelopeBuilder(content, to: try HandMadeCertificate("server", key: try TestKeys.registration).read())
    }

    private static func open(_ builder: EnvelopeBuilder) throws -> [UInt8] {
        try open(try builder.build(), try TestKeys.registration)
    }

    @Test func opensSegmentsAndExplicitTags() throws {
        var builder = try Self.builder()
        let forms: [@Sendable ([UInt8]) -> [UInt8]] = [
            { TLV.encode(0x80, $0) }, { TLV.segments(0x80, $0, of: 1000) }, { TLV.segments(0x80, $0, of: 1) },
            { TLV.encode(0xA0, TLV.octetString($0)) }, { TLV.encode(0xA0, TLV.segments(0x04, $0, of: 500)) },
            { TLV.longForm(0x80, $0) },
        ]
        for form in forms {
            builder.writeContent = form
            #expect(try Self.open(builder) == Self.content)
        }
    }

    @Test func opensSingleDESForTheLegacyException() throws {
        var builder = try Self.builder()
        builder.cipher = .insecureDESCBC
        builder.cipherOID = OID.desCBC
        #expect(try Self.open(builder) == Self.content)
    }

    @Test func neverEncryptsWithSingleDES() throws {
        var generator = SystemRandomNumberGenerator()
        let certificate = try HandMadeCertificate("server", key: try TestKeys.registration).read()
        let key = (try TestKeys.registration).publicKey
        #expect(throws: CMSError.unencodable("encryption")) {
            try EnvelopedData.encrypt(
                [1],
                to: certificate,
                key: key,
                cipher: .insecureDESCBC,
                padding: .pkcs1,
                using: &generator
            )
        }
    }

    @Test func passesOverRecipientsOfOtherKinds() throws {
        var builder = try Self.builder()
        let wrapped = TLV.encode(0xA2, TLV.integer(4))
        let agreement = TLV.encode(0xA1, TLV.integer(3))
        builder.otherRecipients = ([agreement, wrapped], [TLV.encode(0xA4, OID.data)])
        #expect(try EnvelopedData(contentInfo: try builder.build()).keyTransportRecipients.count == 1)
        #expect(try Self.open(builder) == Self.content)
    }

    @Test func recipientsAreCounted() throws {
        var builder = try Self.builder()
        let other = EnvelopeBuilder.recipientInfo(
            builder.recipient,
            keyTransport: TLV.algorithm(OID.rsaEncryption),
            encryptedKey: [1]
        )
        builder.otherRecipients = ([], Array(repeating: other, count: 15))
        #expect(try EnvelopedData(contentInfo: try builder.build()).keyTransportRecipients.count == 16)
        builder.otherRecipients.after.append(TLV.encode(0xA1, TLV.integer(0)))
        #expect(throws: CMSError.limitExceeded("recipients")) { try EnvelopedData(contentInfo: try builder.build()) }
    }

    @Test func aRecipientIsMatchedByMeaning() throws {
        var certificate = HandMadeCertificate("Example Server", key: try TestKeys.registration)
        certificate.serialNumber = [0x00, 0x81]
        certificate.extensions = [HandMadeCertificate.extension(OID.subjectKeyIdentifier, TLV.octetString([1, 2, 3]))]
        let read = try certificate.read()
        func matches(_ identifier: [UInt8]) throws -> Bool {
            var builder = try EnvelopeBuilder([1], to: read)
            builder.recipient = identifier
            return try EnvelopedData(contentInfo: try builder.build()).keyTransportRecipients[0].recipient.matches(read)
        }
        let printable = HandMadeCertificate.name(value: TLV.printable("EXAMPLE  server"))
        #expect(try matches(TLV.sequence(printable, TLV.integer(0x00, 0x81))))
        #expect(try matches(TLV.sequence(printable, TLV.integer(0x81))))
        #expect(try matches(TLV.sequence(printable, TLV.integer(0, 0, 0x81))))
        #expect(try !matches(TLV.sequence(printable, TLV.integer(0x82))))
        #expect(try !matches(TLV.sequence(HandMadeCertificate.name("Other"), TLV.integer(0x00, 0x81))))
        #expect(try matches(TLV.encode(0x80, [1, 2, 3])))
        #expect(try !matches(TLV.encode(0x80, [1, 2])))
        #expect(try !matches(TLV.encode(0x80, [])))
    }

    // MARK: - Refusals

    @Test func everyDamageIsTheSameError() throws {
        let spoilers: [@Sendable (inout EnvelopeBuilder) -> Void] = [
            { $0.spoilKey = { $0.enumerated().map { $0.offset == 100 ? $0.element ^ 1 : $0.element } } },
            { $0.spoilKey = { Array($0.dropLast()) } }, { $0.spoilKey = { _ in [] } },
            { $0.spoilKey = { $0.map { _ in 0xFF } } }, { $0.spoilContent = { Array($0.dropLast()) } },
            { $0.spoilContent = { Array($0.dropLast(16)) } }, { $0.spoilContent = { _ in [] } },
            { $0.spoilContent = { $0.dropLast() + [($0.last ?? 0) ^ 0x55] } },
        ]
        for spoil in spoilers {
            var builder = try Self.builder()
            spoil(&builder)
            #expect(throws: CMSError.undecryptable) { try Self.open(builder) }
        }
        #expect(throws: CMSError.undecryptable) { try Self.open(try Self.builder().build(), try TestKeys.other) }
        #expect(throws: CMSError.undecryptable) { try Self.open(try Self.builder().build(), try TestKeys.ec) }
    }

    @Test(arguments: [OID.aes128GCM, OID.sha256, OID.rsaEncryption])
    func anUnknownCipherIsNone(oid: [UInt8]) throws {
        var builder = try Self.builder()
        builder.cipherOID = oid
        #expect(try EnvelopedData(contentInfo: try builder.build()).contentEncryptionAlgorithm.contentCipher() == nil)
    }

    @Test(arguments: [0, 1, 8, 15, 17, 4096])
    func aVectorOfTheWrongLengthIsRefused(count: Int) throws {
        var builder = try Self.builder()
        builder.writtenIV = [UInt8](repeating: 1, count: count)
        #expect(throws: CMSError.malformed("AES-128-CBC: no initialisation vector of 16 bytes")) {
            try EnvelopedData(contentInfo: try builder.build()).contentEncryptionAlgorithm.contentCipher()
        }
    }

    @Test(arguments: [OID.signedData, OID.envelopedData])
    func anInnerTypeOtherThanDataIsRefused(type: [UInt8]) throws {
        var builder = try Self.builder()
        builder.contentType = type
        #expect(throws: CMSError.self) { try EnvelopedData(contentInfo: try builder.build()) }
    }

    @Test func missingPartsAreRefused() throws {
        let members = try DERElement(try Self.builder().build()).at(1, 0).members.map(\.encoded)
        for index in members.indices {
            let parts = members.enumerated().filter { $0.offset != index }.flatMap(\.element)
            let message = TLV.sequence(OID.envelopedData, TLV.context(0, TLV.encode(0x30, parts)))
            #expect(throws: CMSError.self, "without part \(index)") { try EnvelopedData(contentInfo: message) }
        }
        var builder = try Self.builder()
        builder.writeContent = { _ in [] }
        #expect(throws: CMSError.self) { try EnvelopedData(contentInfo: try builder.build()) }
    }
}
