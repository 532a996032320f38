// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import TestSupport
import Testing

@Suite struct KeyTransportTests {
    private static let oaep: [(KeyTransportPadding, String, String)] = [
        (.oaep(digest: .sha1, maskDigest: .sha1), "sha1", "sha1"),
        (.oaep(digest: .sha256, maskDigest: .sha256), "sha256", "sha256"),
        (.oaep(digest: .sha384, maskDigest: .sha384), "sha384", "sha384"),
        (.oaep(digest: .sha512, maskDigest: .sha512), "sha512", "sha512"),
        (.oaep(digest: .sha256, maskDigest: .sha1), "sha256", "sha1"),
    ]
    private static let cases =
        [(KeyTransportPadding.pkcs1, ["rsa_padding_mode:pkcs1"])]
        + oaep.map {
            ($0.0, ["rsa_padding_mode:oaep", "rsa_oaep_md:\($0.1)", "rsa_mgf1_md:\($0.2)"])
        }

    @Test(arguments: cases)
    func agreesWithOpenSSLBothWays(padding: KeyTransportPadding, options: [String]) async throws {
        let key = try TestKeys.registration
        let openssl = try OpenSSL()
        try openssl.write("key", try key.pkcs8())
        try openssl.write("public", key.publicKey.subjectPublicKeyInfo)
        let flags = options.flatMap { ["-pkeyopt", $0] }
        for count in [8, 16, 24, 32] {
            var generator = SystemRandomNumberGenerator()
            let contentKey = generator.bytes(count)
            let ours = try key.publicKey.encryptKey(contentKey, padding: padding)
            #expect(ours.count == 256)
            #expect(try key.decryptKey(ours, keyByteCount: count, padding: padding) == contentKey)
            try openssl.write("ours", ours)
            let decrypt = ["pkeyutl", "-decrypt", "-keyform", "DER", "-inkey", "key", "-in", "ours"]
            #expect(try await openssl.run(decrypt + flags).output == contentKey)

            try openssl.write("plain", contentKey)
            let encrypt = ["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", "public", "-in", "plain"]
            let theirs = try await openssl.run(encrypt + flags).output
            #expect(try key.decryptKey(theirs, keyByteCount: count, padding: padding) == contentKey)
        }
    }

    @Test(arguments: cases.map(\.0))
    func aWrongCiphertextGivesAKeyThatOnlyTheCiphertextDecides(padding: KeyTransportPadding) throws {
        let key = try TestKeys.registration
        var wrong = try key.publicKey.encryptKey([UInt8](repeating: 7, count: 16), padding: padding)
        wrong[200] ^= 1
        let first = try key.decryptKey(wrong, keyByteCount: 16, padding: padding)
        #expect(first.count == 16)
        #expect(try key.decryptKey(wrong, keyByteCount: 16, padding: padding) == first)
        #expect(try key.decryptKey(wrong, keyByteCount: 32, padding: padding).count == 32)
        wrong[201] ^= 1
        #expect(try key.decryptKey(wrong, keyByteCount: 16, padding: padding) != first)
    }

    @Test func fallbackKeysAreTheSameAfterARestartAndNotThoseOfAnotherKey() throws {
        let key = try TestKeys.registration
        let wrong = [UInt8](repeating: 1, count: 256)
        let reread = try SoftwareKey(derEncoded: try key.pkcs8())
        let first = try key.decryptKey(wrong, keyByteCount: 16, padding: .pkcs1)
        #expect(try reread.decryptKey(wrong, keyByteCount: 16, padding: .pkcs1) == first)
        #expect(try TestKeys.other.decryptKey(wrong, keyByteCount: 16, padding: .pkcs1) != first)
    }

    @Test(arguments: cases.map(\.0))
    func aKeyOfAnotherLengthThanTheCipherNeedsIsNotGivenOut(padding: KeyTransportPadding) throws {
        let key = try TestKeys.registration
        let contentKey = [UInt8](1...16)
        let encrypted = try key.publicKey.encryptKey(contentKey, padding: padding)
        for count in [8, 15, 17, 24, 32] {
            let opened = try key.decryptKey(encrypted, keyByteCount: count, padding: padding)
            #expect(opened.count == count)
            #expect(!opened.starts(with: contentKey.prefix(8)))
            #expect(!opened.starts(with: contentKey.suffix(8)))
        }
    }

    @Test func aWrongOAEPDigestGivesAFallbackKey() throws {
        let key = try TestKeys.registration
        let contentKey = [UInt8](1...16)
        let encrypted = try key.publicKey.encryptKey(contentKey, padding: .oaep(digest: .sha256, maskDigest: .sha256))
        let opened = try key.decryptKey(encrypted, keyByteCount: 16, padding: .oaep(digest: .sha1, maskDigest: .sha1))
        #expect(opened != contentKey)
        #expect(opened.count == 16)
    }

    @Test(arguments: [0, 1, 128, 255, 257, 512])
    func refusesACiphertextOfAnotherLengthThanTheModulus(count: Int) throws {
        let wrong = [UInt8](repeating: 1, count: count)
        #expect(throws: CryptographyError.malformedCiphertext) {
            try TestKeys.registration.decryptKey(wrong, keyByteCount: 16, padding: .pkcs1)
        }
    }

    @Test(arguments: [Int.min, -1, 0, 33, Int.max])
    func refusesKeyLengthsOfNoCipher(count: Int) throws {
        let wrong = [UInt8](repeating: 1, count: 256)
        #expect(throws: CryptographyError.malformedCiphertext) {
            try TestKeys.registration.decryptKey(wrong, keyByteCount: count, padding: .pkcs1)
        }
    }

    @Test(arguments: [[UInt8](repeating: 0xFF, count: 256), [UInt8](repeating: 0, count: 256)])
    func numbersAtTheEdgesOfTheModulusGiveAFallbackKey(ciphertext: [UInt8]) throws {
        let key = try TestKeys.registration
        for padding in Self.cases.map(\.0) {
            let opened = try key.decryptKey(ciphertext, keyByteCount: 16, padding: padding)
            #expect(opened.count == 16)
            #expect(opened != [UInt8](repeating: 0, count: 16))
        }
    }

    @Test func refusesToTransportMoreThanAModulusHolds() throws {
        let long = [UInt8](repeating: 1, count: 246)
        #expect(throws: CryptographyError.self) {
            try TestKeys.registration.publicKey.encryptKey(long, padding: .pkcs1)
        }
    }
}
