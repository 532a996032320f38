// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import SCEPCrafting
import TestSupport
import Testing

@Suite struct ContentCipherTests {
    private static let ciphers: [(ContentCipher, String)] = [
        (.aes128CBC, "aes-128-cbc"), (.aes192CBC, "aes-192-cbc"), (.aes256CBC, "aes-256-cbc"),
        (.tripleDESCBC, "des-ede3-cbc"),
    ]

    @Test(arguments: ciphers)
    func agreesWithOpenSSLBothWays(cipher: ContentCipher, name: String) async throws {
        let openssl = try OpenSSL()
        var generator = SeededGenerator()
        for length in [0, 1, 7, 8, 15, 16, 17, 1000] {
            let (key, iv) = (generator.bytes(cipher.keyByteCount), generator.bytes(cipher.blockByteCount))
            let plaintext = generator.bytes(length)
            try openssl.write("plain", plaintext)
            let options = ["enc", "-\(name)", "-K", key.hex, "-iv", iv.hex]
            let theirs = try await openssl.run(options + ["-in", "plain"]).output
            let ours = try cipher.encrypt(plaintext, key: key, iv: iv)
            #expect(ours == theirs)
            #expect(ours.count == (length / cipher.blockByteCount + 1) * cipher.blockByteCount)
            #expect(try cipher.decrypt(theirs, key: key, iv: iv) == plaintext)
        }
    }

    @Test func decryptsSingleDESThatOpenSSLMade() throws {
        let opened = try ContentCipher.insecureDESCBC.decrypt(
            try Vectors.hex("des-cbc-ciphertext"),
            key: [UInt8](hex: "0123456789abcdef"),
            iv: [UInt8](hex: "fedcba9876543210")
        )
        #expect(String(decoding: opened, as: UTF8.self) == "Sceptic reads single DES and never writes it.")
    }

    @Test func neverEncryptsWithSingleDES() {
        let eight = [UInt8](repeating: 1, count: 8)
        #expect(throws: CryptographyError.unsupportedKey("single DES never encrypts")) {
            try ContentCipher.insecureDESCBC.encrypt([1], key: eight, iv: eight)
        }
    }

    @Test(arguments: ContentCipher.allCases)
    func refusesKeysAndVectorsOfTheWrongLength(cipher: ContentCipher) {
        let content = [UInt8](repeating: 1, count: cipher.blockByteCount)
        let (keys, vectors) = (cipher.keyByteCount, cipher.blockByteCount)
        for (key, iv) in [
            (0, vectors), (keys - 1, vectors), (keys + 1, vectors), (keys * 3, vectors),
            (keys, 0), (keys, vectors - 1), (keys, vectors + 1), (keys, vectors * 2),
        ] {
            let (key, iv) = ([UInt8](repeating: 1, count: key), [UInt8](repeating: 1, count: iv))
            #expect(throws: CryptographyError.self) { try cipher.decrypt(content, key: key, iv: iv) }
            #expect(throws: CryptographyError.self) { try cipher.encrypt(content, key: key, iv: iv) }
        }
    }

    @Test(arguments: ContentCipher.allCases)
    func refusesCiphertextsThatAreNotWholeBlocks(cipher: ContentCipher) {
        let key = [UInt8](repeating: 1, count: cipher.keyByteCount)
        let iv = [UInt8](repeating: 1, count: cipher.blockByteCount)
        for length in [0, 1, cipher.blockByteCount - 1, cipher.blockByteCount + 1, 3 * cipher.blockByteCount - 1] {
            #expect(throws: CryptographyError.malformedCiphertext) {
                try cipher.decrypt([UInt8](repeating: 1, count: length), key: key, iv: iv)
            }
        }
    }

    @Test(arguments: ciphers.map(\.0))
    func refusesEveryWrongPadding(cipher: ContentCipher) throws {
        let size = cipher.blockByteCount
        let key = [UInt8](1...UInt8(cipher.keyByteCount))
        let iv = [UInt8](repeating: 3, count: size)
        // The last byte of a block's plaintext is steered through the block before it.
        let ciphertext = try cipher.encrypt([UInt8](repeating: 5, count: size), key: key, iv: iv)
        var accepted: [UInt8] = []
        for value in UInt8.min ... .max {
            var steered = ciphertext
            steered[size - 1] ^= UInt8(size) ^ value
            if (try? cipher.decrypt(steered, key: key, iv: iv)) != nil { accepted.append(value) }
        }
        #expect(accepted == [1, UInt8(size)])
    }
}
