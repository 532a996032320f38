// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import SCEPCrafting
import TestSupport
import Testing

@Suite struct PasswordKeyWrapTests {
    /// Draws bytes that somebody chose, and zeros after them.
    struct ChosenBytes: RandomNumberGenerator {
        var bytes: ArraySlice<UInt8>

        mutating func next() -> UInt64 {
            (0..<8).reduce(0) { number, index in number | UInt64(bytes.popFirst() ?? 0) << (8 * index) }
        }
    }

    private static let ciphers: [ContentCipher] = [.aes128CBC, .aes192CBC, .aes256CBC, .tripleDESCBC]

    // MARK: - The vectors of RFC 3211 §3

    @Test func wrapsTheFirstVectorByTripleDESWithOneKeyThreeTimes() throws {
        let derivation = try PasswordDerivation(salt: [UInt8](hex: "1234567878563412"), iterations: 5, digest: .sha1)
        let short = try derivation.key(password: "password", byteCount: 8)
        #expect(short == [UInt8](hex: "d1daa78615f287e6"))
        try Self.expect(
            key: short + short + short,
            iv: "efe598ef21b33d6d",
            contentKey: "8c627c897323a2f8",
            padding: "c436f541",
            wrapped: "b81b2565ee373ca6dedca26a178b0c10"
        )
    }

    @Test func wrapsTheSecondVector() throws {
        let derivation = try PasswordDerivation(salt: [UInt8](hex: "1234567878563412"), iterations: 500, digest: .sha1)
        let phrase = "All n-entities must communicate with other n-entities via n-1 entiteeheehees"
        let key = try derivation.key(password: phrase, byteCount: 24)
        #expect(key == [UInt8](hex: "6a8970bf68c92caea84a8df28510858607126380cc47ab2d"))
        try Self.expect(
            key: key,
            iv: "baf1ca7931213c4e",
            contentKey: "8c637d887223a2f965b566eb014b0fa5d52300a3f7ea40fffc577203c71baf3b",
            padding: "fa060a45",
            wrapped: "c03c514abdb9e2c5aac038572b5e24553876b377aafb82eca5a9d73f8ab143d9ec74e6cad7db260c"
        )
    }

    private static func expect(
        key: [UInt8],
        iv: String,
        contentKey: String,
        padding: String,
        wrapped: String
    ) throws {
        let (iv, contentKey, wrapped) = ([UInt8](hex: iv), [UInt8](hex: contentKey), [UInt8](hex: wrapped))
        var generator = ChosenBytes(bytes: [UInt8](hex: padding)[...])
        let ours = try PasswordKeyWrap.wrap(
            contentKey,
            under: key,
            cipher: .tripleDESCBC,
            iv: iv,
            using: &generator
        )
        #expect(ours == wrapped)
        let back = try PasswordKeyWrap.unwrap(
            wrapped,
            byteCount: contentKey.count,
            under: key,
            cipher: .tripleDESCBC,
            iv: iv
        )
        #expect(back == contentKey)
    }

    // MARK: - Round trips

    @Test(arguments: ciphers)
    func unwrapsWhatItWraps(cipher: ContentCipher) throws {
        var generator = SeededGenerator()
        for byteCount in Array(3...40) + [64, 251, 254, 255] {
            let (key, iv) = (generator.bytes(cipher.keyByteCount), generator.bytes(cipher.blockByteCount))
            let contentKey = generator.bytes(byteCount)
            let wrapped = try PasswordKeyWrap.wrap(contentKey, under: key, cipher: cipher, iv: iv, using: &generator)
            #expect(wrapped.count >= 2 * cipher.blockByteCount)
            #expect(wrapped.count.isMultiple(of: cipher.blockByteCount))
            #expect(wrapped.count < byteCount + 4 + 2 * cipher.blockByteCount)
            let back = try PasswordKeyWrap.unwrap(wrapped, byteCount: byteCount, under: key, cipher: cipher, iv: iv)
            #expect(back == contentKey)
        }
    }

    @Test(arguments: ciphers)
    func anyDamageIsNoticedOrLeavesAnotherKey(cipher: ContentCipher) throws {
        // Three check bytes and a length are all there is: no damage may give the key itself, and hardly any gives a key.
        var generator = SeededGenerator()
        let (key, iv) = (generator.bytes(cipher.keyByteCount), generator.bytes(cipher.blockByteCount))
        let contentKey = generator.bytes(16)
        let wrapped = try PasswordKeyWrap.wrap(contentKey, under: key, cipher: cipher, iv: iv, using: &generator)
        var accepted = 0
        for _ in 0..<1000 {
            let damaged = Mutation.flip(wrapped, using: &generator).bytes
            let found = try? PasswordKeyWrap.unwrap(damaged, byteCount: 16, under: key, cipher: cipher, iv: iv)
            accepted += found == nil ? 0 : 1
            #expect(found != contentKey)
        }
        #expect(accepted < 5)
        let wrong = key.dropLast() + [(key.last ?? 0) ^ 0x10]
        #expect(throws: CryptographyError.malformedCiphertext) {
            try PasswordKeyWrap.unwrap(wrapped, byteCount: 16, under: Array(wrong), cipher: cipher, iv: iv)
        }
    }

    // MARK: - Refusals

    /// Wraps a block that somebody made up: twice through CBC, as RFC 3211 §2.3.1 has it.
    ///
    /// The library's cipher adds padding, which is cut off again.
    private static func wrap(_ block: [UInt8], _ cipher: ContentCipher, key: [UInt8], iv: [UInt8]) throws -> [UInt8] {
        let once = try cipher.encrypt(block, key: key, iv: iv).prefix(block.count)
        return Array(
            try cipher.encrypt(Array(once), key: key, iv: Array(once.suffix(cipher.blockByteCount))).prefix(block.count)
        )
    }

    @Test(arguments: ciphers)
    func refusesLyingLengthsAndWrongCheckBytes(cipher: ContentCipher) throws {
        let key = [UInt8](1...UInt8(cipher.keyByteCount))
        let iv = [UInt8](repeating: 9, count: cipher.blockByteCount)
        let contentKey = [UInt8](0x40..<0x50)
        let check = contentKey.prefix(3).map { ~$0 }
        let padding = [UInt8](repeating: 0xEE, count: 12)
        func unwrap(_ block: [UInt8]) throws -> [UInt8] {
            let wrapped = try Self.wrap(block, cipher, key: key, iv: iv)
            return try PasswordKeyWrap.unwrap(wrapped, byteCount: 16, under: key, cipher: cipher, iv: iv)
        }
        #expect(try unwrap([16] + check + contentKey + padding) == contentKey)
        for length: UInt8 in [0, 1, 3, 15, 17, 24, 28, 29, 32, 0x7F, 0x80, 0xFF] {
            #expect(throws: CryptographyError.malformedCiphertext) {
                try unwrap([length] + check + contentKey + padding)
            }
        }
        for index in 0..<3 {
            var wrong = check
            wrong[index] ^= 1
            #expect(throws: CryptographyError.malformedCiphertext) {
                try unwrap([16] + wrong + contentKey + padding)
            }
        }
        #expect(throws: CryptographyError.malformedCiphertext) {
            try unwrap([16] + contentKey.prefix(3) + contentKey + padding)
        }
    }

    @Test(arguments: ciphers)
    func refusesAKeyLongerThanItsBlocks(cipher: ContentCipher) throws {
        // The length is that of the key that is wanted, but the bytes are not there (CVE-2025-9230).
        let key = [UInt8](1...UInt8(cipher.keyByteCount))
        let size = cipher.blockByteCount
        let iv = [UInt8](repeating: 9, count: size)
        for byteCount in [2 * size - 3, 2 * size, 32, 200, 255] where byteCount > 2 * size - 4 {
            let block = [UInt8(byteCount), 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 2 * size - 4)
            let wrapped = try Self.wrap(block, cipher, key: key, iv: iv)
            #expect(throws: CryptographyError.malformedCiphertext) {
                try PasswordKeyWrap.unwrap(wrapped, byteCount: byteCount, under: key, cipher: cipher, iv: iv)
            }
        }
    }

    @Test(arguments: ciphers)
    func refusesWhatIsNotTwoToSeventeenBlocks(cipher: ContentCipher) {
        let key = [UInt8](1...UInt8(cipher.keyByteCount))
        let size = cipher.blockByteCount
        let iv = [UInt8](repeating: 9, count: size)
        for length in [0, 1, size - 1, size, size + 1, 2 * size - 1, 2 * size + 1, 3 * size - 1, 288, 1 << 20] {
            #expect(throws: CryptographyError.malformedCiphertext, "\(length) bytes") {
                try PasswordKeyWrap.unwrap(
                    [UInt8](repeating: 0xA5, count: length),
                    byteCount: 16,
                    under: key,
                    cipher: cipher,
                    iv: iv
                )
            }
        }
    }

    @Test(arguments: [0, 1, 2, 256, 1000])
    func refusesToWrapAKeyWhoseLengthDoesNotFit(byteCount: Int) {
        var generator = SystemRandomNumberGenerator()
        let sixteen = [UInt8](repeating: 1, count: 16)
        #expect(throws: CryptographyError.unsupportedKey("a key of \(byteCount) bytes to wrap")) {
            try PasswordKeyWrap.wrap(
                [UInt8](repeating: 1, count: byteCount),
                under: sixteen,
                cipher: .aes128CBC,
                iv: sixteen,
                using: &generator
            )
        }
    }

    @Test(arguments: ContentCipher.allCases)
    func refusesKeysAndVectorsOfTheWrongLength(cipher: ContentCipher) {
        var generator = SystemRandomNumberGenerator()
        let (keys, vectors) = (cipher.keyByteCount, cipher.blockByteCount)
        for (key, iv) in [(0, vectors), (keys - 1, vectors), (keys + 1, vectors), (keys, 0), (keys, vectors + 1)] {
            let (key, iv) = ([UInt8](repeating: 1, count: key), [UInt8](repeating: 1, count: iv))
            let wrapped = [UInt8](repeating: 1, count: 2 * vectors)
            #expect(throws: CryptographyError.self) {
                try PasswordKeyWrap.unwrap(wrapped, byteCount: 16, under: key, cipher: cipher, iv: iv)
            }
            #expect(throws: CryptographyError.self) {
                try PasswordKeyWrap.wrap(wrapped, under: key, cipher: cipher, iv: iv, using: &generator)
            }
        }
    }

    @Test func neverWrapsOrUnwrapsWithSingleDES() {
        // libcrypto's triple DES would read a key of eight bytes beyond its end.
        var generator = SystemRandomNumberGenerator()
        let eight = [UInt8](repeating: 1, count: 8)
        #expect(throws: CryptographyError.unsupportedKey("single DES never wraps")) {
            try PasswordKeyWrap.wrap(eight, under: eight, cipher: .insecureDESCBC, iv: eight, using: &generator)
        }
        #expect(throws: CryptographyError.unsupportedKey("single DES never wraps")) {
            try PasswordKeyWrap.unwrap(
                eight + eight,
                byteCount: 8,
                under: eight,
                cipher: .insecureDESCBC,
                iv: eight
            )
        }
    }
}
