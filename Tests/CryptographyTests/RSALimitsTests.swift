// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import SCEPCrafting
import TestSupport
import Testing

@Suite struct RSALimitsTests {
    private static let exponent: [UInt8] = [1, 0, 1]

    /// The modulus of a real key of 2048 bits.
    private static func modulus() throws -> [UInt8] {
        let info = try DERElement(try TestKeys.client.publicKey.subjectPublicKeyInfo)
        return try DERElement(Array(try info.at(1).content.dropFirst())).at(0).content
    }

    private static func oddNumber(bits: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xA5, count: (bits + 7) / 8)
        bytes[0] = UInt8(0xFF) >> UInt8((8 - bits % 8) % 8)
        bytes[bytes.count - 1] |= 1
        return bytes
    }

    @Test(arguments: [1023, 1024, 1536, 2047, 2048, 3072, 4096, 8191, 8192])
    func acceptsAModulusInsideTheLimits(bits: Int) throws {
        let key = try PublicKey(rsaModulus: Self.oddNumber(bits: bits), exponent: Self.exponent)
        #expect(key.algorithm == .rsa(bits: bits))
    }

    @Test(arguments: [1, 8, 512, 768, 1022, 8193, 16384])
    func refusesAModulusOutsideTheLimits(bits: Int) {
        #expect(throws: CryptographyError.unsupportedKey("RSA key of \(bits) bits; 1024 to 8192 are accepted")) {
            try PublicKey(rsaModulus: Self.oddNumber(bits: bits), exponent: Self.exponent)
        }
    }

    @Test func limitsAreTheCallers() throws {
        let limits = RSAKeyLimits(minimumBits: 2048, maximumBits: 3072)
        #expect(limits.accepts(bits: 2047))
        #expect(!limits.accepts(bits: 2046))
        #expect(limits.accepts(bits: 3072))
        #expect(!limits.accepts(bits: 3073))
        #expect(throws: CryptographyError.self) {
            try PublicKey(rsaModulus: Self.oddNumber(bits: 1024), exponent: Self.exponent, limits: limits)
        }
    }

    @Test(
        arguments: [
            [], [0], [1], [0, 1], [2], [4], [0x01, 0x00, 0x00], [1] + [UInt8](repeating: 0, count: 7) + [1],
        ] as [[UInt8]]
    )
    func refusesAnUnusableExponent(exponent: [UInt8]) throws {
        #expect(throws: CryptographyError.unsupportedKey("RSA key with an unusable public exponent")) {
            try PublicKey(rsaModulus: try Self.modulus(), exponent: exponent)
        }
    }

    @Test func refusesAnEmptyModulus() {
        #expect(throws: CryptographyError.malformedKey) { try PublicKey(rsaModulus: [], exponent: Self.exponent) }
        #expect(throws: CryptographyError.malformedKey) { try PublicKey(rsaModulus: [0, 0], exponent: Self.exponent) }
    }

    @Test(arguments: [[3], [17], [0, 0, 1, 0, 1], [UInt8](repeating: 0xFF, count: 8)] as [[UInt8]])
    func acceptsAnOddExponentOfAtMost64Bits(exponent: [UInt8]) throws {
        #expect(try PublicKey(rsaModulus: try Self.modulus(), exponent: exponent).algorithm == .rsa(bits: 2048))
    }

    @Test func verifiesWithAModulusThatHasLeadingZeros() throws {
        let key = try TestKeys.client
        let signature = try key.sign([1, 2, 3], scheme: .rsaPKCS1(.sha256))
        let copy = try PublicKey(rsaModulus: [0, 0, 0] + (try Self.modulus()), exponent: [0] + Self.exponent)
        #expect(copy.isValidSignature(signature, for: [1, 2, 3], scheme: .rsaPKCS1(.sha256)))
        #expect(copy.subjectPublicKeyInfo == key.publicKey.subjectPublicKeyInfo)
    }

    @Test func anEvenModulusVerifiesNothing() throws {
        var even = Self.oddNumber(bits: 2048)
        even[255] &= 0xFE
        let key = try PublicKey(rsaModulus: even, exponent: Self.exponent)
        let signature = [UInt8](repeating: 1, count: 256)
        #expect(!key.isValidSignature(signature, for: [1], scheme: .rsaPKCS1(.sha256)))
    }

    @Test(arguments: [1024, 2048, 3072, 4096])
    func verifiesSignaturesOfEverySizeThatOpenSSLMakes(bits: Int) async throws {
        let openssl = try OpenSSL()
        let der = try await openssl.makeKey("key", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)"])
        let key = try SoftwareKey(derEncoded: der)
        try openssl.write("message", [1, 2, 3])
        let signature = try await openssl.run(["dgst", "-sha256", "-sign", "key", "message"]).output
        #expect(key.publicKey.algorithm == .rsa(bits: bits))
        #expect(key.publicKey.isValidSignature(signature, for: [1, 2, 3], scheme: .rsaPKCS1(.sha256)))
    }

    @Test func verifiesASignatureOf8192Bits() throws {
        let numbers = try DERElement(try Vectors.hex("rsa-8192-public"))
        let key = try PublicKey(rsaModulus: try numbers.at(0).content, exponent: try numbers.at(1).content)
        let signature = try Vectors.hex("rsa-8192-signature")
        let text = Array("Sceptic verifies RSA keys of up to 8192 bits.".utf8)
        #expect(key.algorithm == .rsa(bits: 8192))
        #expect(key.isValidSignature(signature, for: text, scheme: .rsaPKCS1(.sha256)))
        #expect(!key.isValidSignature(signature, for: text.dropLast(), scheme: .rsaPKCS1(.sha256)))
    }

    @Test(arguments: [Int.min, 0, 512, 1024, 2047, 8193, 16384, Int.max])
    func makesNoKeyOutsideTheSizesForNewKeys(bits: Int) {
        #expect(throws: CryptographyError.unsupportedKey("new RSA keys have 2048 to 8192 bits, not \(bits)")) {
            try SoftwareKey.generate(.rsa(bits: bits))
        }
    }

    @Test func makesAKeyOfTheSizeThatWasAsked() throws {
        let key = try SoftwareKey.generate(.rsa(bits: 2056))
        #expect(key.publicKey.algorithm == .rsa(bits: 2056))
        #expect(try key.sign([1], scheme: .rsaPKCS1(.sha256)).count == 257)
    }
}
