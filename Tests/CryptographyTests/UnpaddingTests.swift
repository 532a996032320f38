// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CConstantTime
import Cryptography
import TestSupport
import Testing

/// Blocks that an attacker could make of an RSAES-PKCS1-v1_5 ciphertext.
struct PaddedBlock: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    static let key = [UInt8](1...16)
    static let fallback = [UInt8](repeating: 0xEE, count: 16)

    static func right(_ count: Int = 256) -> [UInt8] {
        [0, 2] + [UInt8](repeating: 0xA7, count: count - 19) + [0] + key
    }

    private init(_ description: String, _ change: (inout [UInt8]) -> Void) {
        var bytes = Self.right()
        change(&bytes)
        self.testDescription = description
        self.bytes = bytes
    }

    static let malformed: [PaddedBlock] = [
        PaddedBlock("first byte 1") { $0[0] = 1 },
        PaddedBlock("first byte 0x80") { $0[0] = 0x80 },
        PaddedBlock("type 0") { $0[1] = 0 },
        PaddedBlock("type 1") { $0[1] = 1 },
        PaddedBlock("type 3") { $0[1] = 3 },
        PaddedBlock("type 0x82") { $0[1] = 0x82 },
        PaddedBlock("zero at the start of the padding") { $0[2] = 0 },
        PaddedBlock("zero inside the first eight bytes") { $0[9] = 0 },
        PaddedBlock("zero in the middle of the padding") { $0[128] = 0 },
        PaddedBlock("zero at the end of the padding") { $0[238] = 0 },
        PaddedBlock("no separator") { $0[239] = 0xA7 },
        PaddedBlock("separator a byte early") {
            $0[238] = 0
            $0[239] = 0xA7
        },
        PaddedBlock("separator a byte late") {
            $0[239] = 0xA7
            $0[240] = 0
        },
        PaddedBlock("all zero") { $0 = [UInt8](repeating: 0, count: 256) },
        PaddedBlock("all ones") { $0 = [UInt8](repeating: 0xFF, count: 256) },
    ]
}

@Suite struct UnpaddingTests {
    private static func unpad(_ block: [UInt8], keyByteCount: Int = 16) -> (status: Int32, key: [UInt8]) {
        let fallback = [UInt8](repeating: 0xEE, count: keyByteCount)
        var key = [UInt8](repeating: 0, count: keyByteCount)
        let status = unsafe sceptic_unpad_pkcs1(block, block.count, fallback, &key, keyByteCount)
        return (status, key)
    }

    @Test func takesTheKeyOutOfARightBlock() {
        #expect(Self.unpad(PaddedBlock.right()) == (1, PaddedBlock.key))
        var everyPadding = PaddedBlock.right()
        for value in UInt8(1)...255 {
            everyPadding[2] = value
            everyPadding[238] = value
            #expect(Self.unpad(everyPadding) == (1, PaddedBlock.key), "padding byte \(value)")
        }
    }

    @Test(arguments: PaddedBlock.malformed)
    func everyMalformedBlockGivesTheFallback(block: PaddedBlock) {
        #expect(Self.unpad(block.bytes) == (1, PaddedBlock.fallback))
    }

    @Test func aZeroAnywhereInThePaddingGivesTheFallback() {
        for index in 2..<239 {
            var block = PaddedBlock.right()
            block[index] = 0
            #expect(Self.unpad(block).key == PaddedBlock.fallback, "zero at \(index)")
        }
    }

    @Test func everyBitOfTheFixedBytesCounts() {
        for index in [0, 1, 239] {
            for bit in 0..<8 {
                var block = PaddedBlock.right()
                block[index] ^= 1 << UInt8(bit)
                #expect(Self.unpad(block).key == PaddedBlock.fallback, "bit \(bit) of byte \(index)")
            }
        }
    }

    @Test func zerosInTheKeyAreKey() {
        let block = PaddedBlock.right().dropLast(16) + [UInt8](repeating: 0, count: 16)
        #expect(Self.unpad(Array(block)) == (1, [UInt8](repeating: 0, count: 16)))
    }

    @Test func theShortestPaddingHasEightBytes() {
        let block = [0, 2] + [UInt8](repeating: 9, count: 8) + [0] + PaddedBlock.key
        #expect(Self.unpad(block) == (1, PaddedBlock.key))
        #expect(Self.unpad(Array(block.dropFirst())).status == 0)
        #expect(Self.unpad([], keyByteCount: 16).status == 0)
        #expect(Self.unpad([0, 2], keyByteCount: 1).status == 0)
    }

    @Test func selectAndEqualDoWhatTheirNamesSay() {
        var key = [UInt8](repeating: 0, count: 3)
        unsafe sceptic_select(1, [1, 2, 3], [4, 5, 6], &key, 3)
        #expect(key == [1, 2, 3])
        unsafe sceptic_select(0, [1, 2, 3], [4, 5, 6], &key, 3)
        #expect(key == [4, 5, 6])
        for value in UInt8.min ... .max {
            #expect(MessageAuthentication.areEqual([0, value], [0, 7]) == (value == 7))
        }
        #expect(MessageAuthentication.areEqual([], []))
        #expect(!MessageAuthentication.areEqual([1], [1, 2]))
    }

    @Test(arguments: PaddedBlock.malformed.filter { $0.bytes[0] <= 1 })
    func aRealCiphertextOfAMalformedBlockGivesAFallback(block: PaddedBlock) async throws {
        let key = try TestKeys.registration
        let raw = try RawRSA(key)
        // A modulus of 2048 bits begins with a byte of at least 0x80, so these numbers are below it.
        let ciphertext = try await raw.encrypt(block.bytes)
        let opened = try key.decryptKey(ciphertext, keyByteCount: 16, padding: .pkcs1)
        #expect(opened.count == 16)
        #expect(opened != Array(block.bytes.suffix(16)))
        #expect(try key.decryptKey(ciphertext, keyByteCount: 16, padding: .pkcs1) == opened)
        let right = try await raw.encrypt(PaddedBlock.right())
        #expect(try key.decryptKey(right, keyByteCount: 16, padding: .pkcs1) == PaddedBlock.key)
    }
}
