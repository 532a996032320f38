// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CryptographicMessageSyntax
import Cryptography
import PKIX
import SCEPCrafting
import TestSupport
import Testing

/// Envelopes under a password (RFC 5652 §6.2.4, RFC 3211), with the `openssl` command on the other side.
@Suite struct PasswordRecipientTests {
    static let content = [UInt8](repeating: 0x5A, count: 3000)
    static let password = "Correct-Horse-1234"
    private static let ciphers: [(ContentCipher, String)] = [
        (.aes128CBC, "-aes128"), (.aes192CBC, "-aes192"), (.aes256CBC, "-aes256"), (.tripleDESCBC, "-des3"),
    ]

    /// Opens a message for the first recipient who knows a password.
    static func open(
        _ message: [UInt8],
        _ password: String = password,
        limits: CMSLimits = .standard
    ) throws -> [UInt8] {
        let read = try EnvelopedData(contentInfo: message)
        let (cipher, iv) = try #require(try read.contentEncryptionAlgorithm.contentCipher())
        let recipient = try #require(read.passwordRecipients.first)
        return try read.decrypt(for: recipient, password: password, cipher: cipher, iv: iv, limits: limits)
    }

    private static func encrypt(_ cipher: ContentCipher, password: String = password) throws -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return try EnvelopedData.encrypt(content, password: password, cipher: cipher, using: &generator)
    }

    // MARK: - With openssl

    @Test(arguments: ciphers, ["-binary", "-stream"])
    func requirement164OpensWhatOpenSSLEncrypts(cipher: (ContentCipher, String), form: String) async throws {
        let openssl = try OpenSSL()
        try openssl.write("content", Self.content)
        for password in [Self.password, "x", "Grüße, Welt", String(repeating: "long", count: 50)] {
            let encrypt = ["cms", "-encrypt", "-binary", "-in", "content", "-outform", "DER", cipher.1, form]
            let message = try await openssl.run(encrypt + ["-pwri_password", password]).output
            #expect(message.starts(with: [0x30, 0x80]) == (form == "-stream"))
            let read = try EnvelopedData(contentInfo: message)
            #expect(read.keyTransportRecipients.isEmpty)
            #expect(read.passwordRecipients.count == 1)
            #expect(try read.contentEncryptionAlgorithm.contentCipher()?.cipher == cipher.0)
            #expect(try Self.open(message, password) == Self.content)
            #expect(throws: CMSError.undecryptable) { try Self.open(message, password + "x") }
        }
    }

    @Test(arguments: ciphers)
    func requirement165OpenSSLOpensWhatIsEncrypted(cipher: (ContentCipher, String)) async throws {
        let openssl = try OpenSSL()
        let decrypt = ["cms", "-decrypt", "-binary", "-inform", "DER", "-in", "message", "-pwri_password"]
        for password in [Self.password, "x", "Grüße, Welt"] {
            let message = try Self.encrypt(cipher.0, password: password)
            #expect(try DERElement(message).isWellFormed)
            #expect(try Self.open(message, password) == Self.content)
            try openssl.write("message", message)
            #expect(try await openssl.run(decrypt + [password]).output == Self.content)
            #expect(try await openssl.attempt(decrypt + [password + "x"]).succeeded == false)
        }
    }

    @Test func requirement075TheVersionsAreThoseOfAPasswordRecipient() throws {
        let enveloped = try DERElement(try Self.encrypt(.aes128CBC)).at(1, 0)
        #expect(try enveloped.at(0).encoded == TLV.integer(3))
        let recipient = try enveloped.at(1, 0)
        #expect(recipient.tag == 0xA3)
        #expect(try recipient.at(0).encoded == TLV.integer(0))
        #expect(try recipient.at(1).tag == 0xA0)
        #expect(try recipient.at(1, 0).encoded == OID.pbkdf2)
        // Salt and iterations alone: the pseudo-random function is the default, which everybody has.
        #expect(try recipient.at(1, 1).members.count == 2)
        #expect(try recipient.at(2, 0).encoded == OID.pwriKEK)
        #expect(try recipient.at(2, 1, 0).encoded == OID.aes128CBC)
    }

    @Test func everyMessageHasItsOwnSaltVectorsAndKey() throws {
        let messages = try (0..<4).map { _ in try DERElement(try Self.encrypt(.aes128CBC)).at(1, 0) }
        for path in [[1, 0, 1, 1, 0], [1, 0, 2, 1, 1], [1, 0, 3], [2, 1, 1], [2, 2]] {
            let values = try messages.map { message in try path.reduce(message) { try $0.at($1) }.content }
            #expect(Set(values).count == 4, "\(path)")
            #expect(values.allSatisfy { $0.count >= 16 })
        }
    }

    @Test func neverEncryptsWithSingleDES() {
        #expect(throws: CMSError.self) { try Self.encrypt(.insecureDESCBC) }
    }

    // MARK: - Key derivation

    @Test(arguments: [
        (DigestAlgorithm.sha1, OID.hmacWithSHA1), (.sha256, OID.hmacWithSHA256), (.sha384, OID.hmacWithSHA384),
        (.sha512, OID.hmacWithSHA512),
    ])
    func opensWithEveryPseudoRandomFunction(digest: DigestAlgorithm, oid: [UInt8]) throws {
        var builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        builder.digest = digest
        for prf in [TLV.algorithm(oid), TLV.sequence(oid)] {
            for length in [[], TLV.integer(16)] {
                builder.furtherParameters = [length, prf]
                #expect(try Self.open(try builder.build()) == Self.content)
            }
        }
        builder.furtherParameters = []
        if digest == .sha1 {
            #expect(try Self.open(try builder.build()) == Self.content)
        } else {
            #expect(throws: CMSError.undecryptable) { try Self.open(try builder.build()) }
        }
    }

    @Test(arguments: [OID.hmacWithSHA224, OID.sha256, OID.pbkdf2])
    func anotherPseudoRandomFunctionIsNotSupported(oid: [UInt8]) throws {
        var builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        builder.furtherParameters = [TLV.algorithm(oid)]
        Self.expectUnsupported(try builder.build())
    }

    private static func expectUnsupported(_ message: [UInt8]) {
        do {
            _ = try open(message)
            Issue.record("opened")
        } catch CMSError.unsupportedAlgorithm {
            // As it should be.
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func aMissingOrOtherKeyDerivationIsNotSupported() throws {
        var builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        builder.writeDerivation = { _ in [] }
        #expect(
            try EnvelopedData(contentInfo: try builder.build()).passwordRecipients.first?.keyDerivationAlgorithm == nil
        )
        Self.expectUnsupported(try builder.build())
        builder.writeDerivation = { _ in TLV.context(0, OID.pbkdf2) }
        Self.expectUnsupported(try builder.build())
        builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        builder.derivationOID = OID.scrypt
        Self.expectUnsupported(try builder.build())
    }

    @Test func anotherKeyWrapIsNotSupported() throws {
        var builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        for oid in [OID.aes128CBC, OID.rsaEncryption] {
            builder.wrapOID = oid
            Self.expectUnsupported(try builder.build())
        }
        builder.wrapOID = OID.pwriKEK
        for oid in [OID.aes128GCM, OID.sha256] {
            builder.wrapCipherOID = oid
            Self.expectUnsupported(try builder.build())
        }
        // Single DES wraps nothing, whatever a profile makes an exception for.
        builder.use(.tripleDESCBC, OID.tripleDESCBC)
        builder.wrapCipherOID = OID.desCBC
        Self.expectUnsupported(try builder.build())
    }

    // MARK: - Work that a peer may cause

    @Test(
        arguments: [
            [0x7F, 0xFF, 0xFF, 0xFF], [0x09, 0x27, 0xC1], [0x00, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x7F] + [UInt8](repeating: 0xFF, count: 7),
            [0x7F] + [UInt8](repeating: 0xFF, count: 200), [0xFF], [0x80, 0x00, 0x00, 0x00], [0xFF, 0xFF, 0xF8, 0x00],
        ] as [[UInt8]]
    )
    func requirement167IterationsBeyondTheLimitFailAtOnce(octets: [UInt8]) throws {
        var builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        builder.writtenIterations = octets
        let message = try builder.build()
        let took = ContinuousClock().measure {
            #expect(throws: CMSError.limitExceeded("PBKDF2 iterations")) { try Self.open(message) }
        }
        #expect(took < .seconds(1))
    }

    @Test(arguments: [[0x00], [0x00, 0x00], [0x00, 0x00, 0x00, 0x00]] as [[UInt8]])
    func requirement167NoIterationsAreMalformed(octets: [UInt8]) throws {
        var builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        builder.writtenIterations = octets
        #expect(throws: CMSError.malformed("PBKDF2-params: 0 iterations")) { try Self.open(try builder.build()) }
    }

    @Test func anIntegerWithoutOctetsIsNone() throws {
        var builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        builder.writtenIterations = []
        #expect(throws: CMSError.self) { try Self.open(try builder.build()) }
    }

    @Test func iterationsUpToTheLimitAreDone() throws {
        var builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        var limits = CMSLimits.standard
        limits.passwordIterations = 3000
        for (iterations, isWithin) in [(1, true), (3000, true), (3001, false)] {
            builder.iterations = iterations
            let message = try builder.build()
            if isWithin {
                #expect(try Self.open(message, limits: limits) == Self.content)
            } else {
                #expect(throws: CMSError.limitExceeded("PBKDF2 iterations")) { try Self.open(message, limits: limits) }
            }
            #expect(try Self.open(message) == Self.content)
        }
    }

    @Test func saltsUpToTheLimitAreRead() throws {
        var builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        for count in [0, 1, 16, 128] {
            builder.salt = [UInt8](repeating: 7, count: count)
            #expect(try Self.open(try builder.build()) == Self.content)
        }
        for count in [129, 100_000] {
            builder.salt = [UInt8](repeating: 7, count: count)
            #expect(throws: CMSError.limitExceeded("bytes of salt")) { try Self.open(try builder.build()) }
        }
        builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        for salt in [TLV.algorithm(OID.sha256), TLV.null, []] {
            builder.writtenSalt = salt
            #expect(throws: CMSError.self) { try Self.open(try builder.build()) }
        }
    }

    @Test func requirement167WrappedKeysOfAbsurdLengthsFailAtOnce() throws {
        var builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        let spoilers: [@Sendable ([UInt8]) -> [UInt8]] = [
            { _ in [] }, { Array($0.prefix(1)) }, { Array($0.prefix(16)) }, { Array($0.dropLast()) }, { $0 + [0] },
            { Array($0.suffix(31)) }, { $0 + [UInt8](repeating: 1, count: 16) },
            { _ in [UInt8](repeating: 1, count: 272 + 16) }, { _ in [UInt8](repeating: 1, count: 1 << 20) },
        ]
        for spoil in spoilers {
            builder.spoilKey = spoil
            let message = try builder.build()
            let took = ContinuousClock().measure {
                #expect(throws: CMSError.undecryptable) { try Self.open(message) }
            }
            #expect(took < .seconds(1))
        }
    }

    // MARK: - Forms

    @Test func opensSegmentsAndIndefiniteLengths() throws {
        var builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
        for size in [1, 5, 1000] {
            builder.writeOctets = { TLV.segments(0x04, $0, of: size) }
            builder.writeContent = { TLV.segments(0x80, $0, of: size * 3) }
            #expect(try Self.open(try builder.build()) == Self.content)
        }
        builder.writeSequence = { TLV.indefinite(0x30, $0) }
        builder.writeDerivation = { TLV.indefinite(0xA0, $0) }
        builder.furtherParameters = [TLV.longForm(0x30, OID.hmacWithSHA256)]
        builder.digest = .sha256
        #expect(try Self.open(try builder.build()) == Self.content)
    }

    @Test func aKeyTransportAndAPasswordRecipientOpenTheSameContent() async throws {
        let party = try await Party.server()
        try party.openssl.write("content", Self.content)
        let encrypt = ["cms", "-encrypt", "-binary", "-in", "content", "-outform", "DER", "-aes256"]
        let recipients = ["-pwri_password", Self.password, "-recip", "certificate"]
        let message = try await party.openssl.run(encrypt + recipients).output
        let read = try EnvelopedData(contentInfo: message)
        #expect(read.keyTransportRecipients.count == 1)
        #expect(read.passwordRecipients.count == 1)
        #expect(try Self.open(message) == Self.content)
        #expect(try EnvelopedDataTests.open(message, party.key) == Self.content)
    }

    @Test func everyPasswordRecipientIsRead() throws {
        var builder = PasswordEnvelopeBuilder(Self.content, password: "first")
        let contentKey = [UInt8](repeating: 0x77, count: 16)
        builder.contentKey = contentKey
        let second = try PasswordEnvelopeBuilder([], password: "second").recipientInfo(contentKey)
        // KeyAgree, KEK and other recipients, whatever is inside, and kinds that don't exist.
        let others = [0xA1, 0xA2, 0xA4, 0xA5, 0x86, 0x04].map { TLV.encode($0, $0 & 0x20 != 0 ? TLV.integer(0) : [1]) }
        builder.otherRecipients = (others, others + [second])
        let read = try EnvelopedData(contentInfo: try builder.build())
        #expect(read.passwordRecipients.count == 2)
        let (cipher, iv) = try #require(try read.contentEncryptionAlgorithm.contentCipher())
        for (recipient, password) in zip(read.passwordRecipients, ["first", "second"]) {
            #expect(try read.decrypt(for: recipient, password: password, cipher: cipher, iv: iv) == Self.content)
            #expect(throws: CMSError.undecryptable) {
                try read.decrypt(for: recipient, password: "third", cipher: cipher, iv: iv)
            }
        }
    }

    @Test func passwordRecipientsAreCounted() throws {
        var builder = PasswordEnvelopeBuilder([1], password: Self.password)
        let other = try builder.recipientInfo([UInt8](repeating: 0, count: 16))
        builder.otherRecipients = ([], Array(repeating: other, count: 15))
        #expect(try EnvelopedData(contentInfo: try builder.build()).passwordRecipients.count == 16)
        builder.otherRecipients.after.append(other)
        #expect(throws: CMSError.limitExceeded("recipients")) { try EnvelopedData(contentInfo: try builder.build()) }
    }

    // MARK: - Damage

    @Test func damageEndsInAnErrorOrOtherContentAndNothingTraps() throws {
        var generator = SeededGenerator()
        var builder = PasswordEnvelopeBuilder(Array("content".utf8), password: Self.password)
        builder.iterations = 1
        let message = try builder.build()
        var opened = 0
        for _ in 0..<4000 {
            let damaged = Mutation.splice(Mutation.flip(message, using: &generator).bytes, using: &generator).bytes
            guard let read = try? EnvelopedData(contentInfo: damaged),
                let found = try? read.contentEncryptionAlgorithm.contentCipher(),
                let recipient = read.passwordRecipients.first
            else { continue }
            var limits = CMSLimits.standard
            limits.passwordIterations = 1000
            let plaintext = try? read.decrypt(
                for: recipient,
                password: Self.password,
                cipher: found.cipher,
                iv: found.iv,
                limits: limits
            )
            opened += plaintext == nil ? 0 : 1
        }
        #expect(opened < 400)
    }

    @Test func everyDamageInsideIsTheSameError() throws {
        let spoilers: [@Sendable (inout PasswordEnvelopeBuilder) -> Void] = [
            { $0.spoilKey = { $0.dropLast() + [($0.last ?? 0) ^ 1] } },
            { $0.spoilKey = { [($0.first ?? 0) ^ 1] + $0.dropFirst() } },
            { $0.spoilContent = { Array($0.dropLast()) } }, { $0.spoilContent = { Array($0.dropLast(16)) } },
            { $0.spoilContent = { _ in [] } }, { $0.spoilContent = { $0.dropLast() + [($0.last ?? 0) ^ 0x55] } },
            { $0.password += "?" }, { $0.salt = [] }, { $0.iterations += 1 },
        ]
        for (index, spoil) in spoilers.enumerated() {
            var builder = PasswordEnvelopeBuilder(Self.content, password: Self.password)
            spoil(&builder)
            // What is written stays as it was.
            builder.writtenSalt = TLV.octetString(Array(1...8))
            builder.writtenIterations = [0x08, 0x00]
            let message = try builder.build()
            #expect(throws: CMSError.undecryptable, "\(index)") { try Self.open(message) }
        }
    }
}
