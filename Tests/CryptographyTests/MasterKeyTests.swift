// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import SCEPCrafting
import TestSupport
import Testing

@Suite struct MasterKeyTests {
    private static func master(_ byte: UInt8) throws -> MasterKey {
        try MasterKey(bytes: [UInt8](repeating: byte, count: 32))
    }

    @Test(arguments: MasterKeyPurpose.allCases)
    func opensWhatItWrapped(purpose: MasterKeyPurpose) throws {
        let key = try Self.master(1)
        for secret in [[], [7], [UInt8](repeating: 9, count: 5000)] {
            let wrapped = try key.wrap(secret, purpose: purpose, context: "row 1")
            #expect(wrapped.count == 1 + 8 + 12 + secret.count + 16)
            #expect(try key.unwrap(wrapped, purpose: purpose, context: "row 1") == secret)
            #expect(try Self.master(1).unwrap(wrapped, purpose: purpose, context: "row 1") == secret)
        }
    }

    @Test func refusesAnotherKeyPurposeOrContext() throws {
        let wrapped = try Self.master(1).wrap([1, 2, 3], context: "row 1")
        #expect(throws: CryptographyError.unwrapFailed) { try Self.master(2).unwrap(wrapped, context: "row 1") }
        for purpose in MasterKeyPurpose.allCases where purpose != .keyWrap {
            #expect(throws: CryptographyError.unwrapFailed) {
                try Self.master(1).unwrap(wrapped, purpose: purpose, context: "row 1")
            }
        }
        for context in ["", "row 2", "row 1 ", "Row 1"] {
            #expect(throws: CryptographyError.unwrapFailed) { try Self.master(1).unwrap(wrapped, context: context) }
        }
    }

    @Test func refusesEveryFlippedBitAndEveryTruncation() throws {
        let key = try Self.master(1)
        let wrapped = try key.wrap([1, 2, 3], context: "row 1")
        for index in wrapped.indices {
            for bit in 0..<8 {
                var spoilt = wrapped
                spoilt[index] ^= 1 << UInt8(bit)
                #expect(throws: CryptographyError.unwrapFailed) { try key.unwrap(spoilt, context: "row 1") }
            }
            let cut = Array(wrapped.prefix(index))
            #expect(throws: CryptographyError.unwrapFailed) { try key.unwrap(cut, context: "row 1") }
        }
        #expect(throws: CryptographyError.unwrapFailed) { try key.unwrap(wrapped + [0], context: "row 1") }
    }

    @Test func aKeyOfAnotherMasterCannotPassForOneOfThis() throws {
        // The key id is authenticated: writing this key's id before another key's ciphertext does not help.
        let (one, two) = (try Self.master(1), try Self.master(2))
        let wrapped = try two.wrap([1, 2, 3], context: "row 1")
        let relabelled = [1] + one.keyID + wrapped.dropFirst(9)
        #expect(throws: CryptographyError.unwrapFailed) { try one.unwrap(relabelled, context: "row 1") }
    }

    @Test func wrapsTheSameSecretDifferentlyEachTime() throws {
        let key = try Self.master(1)
        #expect(try key.wrap([1], context: "a") != key.wrap([1], context: "a"))
    }

    @Test func keyIDTellsKeysApartAndNothingElse() throws {
        let (one, two) = (try Self.master(1), try Self.master(2))
        #expect(one.keyID.count == 8)
        #expect(one.keyID == (try Self.master(1)).keyID)
        #expect(one.keyID != two.keyID)
        #expect(!one.keyID.contains(1))
        #expect(Array(try one.wrap([1], context: "").prefix(9)) == [1] + one.keyID)
    }

    @Test func derivesItsKeysByHKDFAsOpenSSLDoes() async throws {
        let openssl = try OpenSSL()
        let derived = try await openssl.run([
            "kdf", "-keylen", "32", "-kdfopt", "digest:SHA256", "-kdfopt",
            "hexkey:" + [UInt8](repeating: 1, count: 32).hex,
            "-kdfopt", "info:sceptic challenge lookup v1", "-binary", "HKDF",
        ]).output
        let expected = MessageAuthentication.sha256(key: derived, message: Array("Example-1234".utf8))
        #expect(try Self.master(1).challengeLookup("Example-1234") == expected)
    }

    @Test(arguments: [0, 16, 31, 33, 64])
    func refusesAMasterKeyThatHasNot32Bytes(count: Int) {
        #expect(throws: CryptographyError.malformedKey) { try MasterKey(bytes: [UInt8](repeating: 1, count: count)) }
    }

    @Test func generatesKeysThatDiffer() {
        var generator = SystemRandomNumberGenerator()
        let keys = (0..<50).map { _ in MasterKey.generateBytes(using: &generator) }
        #expect(Set(keys).count == 50)
        #expect(keys.allSatisfy { $0.count == MasterKey.byteCount })
    }

    @Test func randomBytesHaveTheLengthThatWasAsked() {
        var generator = SeededGenerator(seed: 1)
        for count in [0, 1, 7, 8, 9, 100] { #expect(generator.bytes(count).count == count) }
        #expect(Set((0..<256).map { _ in generator.bytes(1) }).count > 100)
    }

    @Test func secureRandomNumbersDoNotRepeat() {
        var generator = SecureRandom()
        #expect(Set((0..<1000).map { _ in generator.next() }).count == 1000)
        #expect(generator.bytes(33).count == 33)
    }

    @Test func authenticationCodesAreThoseOfOpenSSL() async throws {
        let openssl = try OpenSSL()
        try openssl.write("message", [1, 2, 3])
        let options = ["dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:0102030405", "-binary", "message"]
        #expect(
            MessageAuthentication.sha256(key: [1, 2, 3, 4, 5], message: [1, 2, 3])
                == (try await openssl.run(options).output)
        )
    }
}
