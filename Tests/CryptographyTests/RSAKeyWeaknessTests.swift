// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import SCEPCrafting
import TestSupport
import Testing

@testable import Cryptography

@Suite struct RSAKeyWeaknessTests {
    private static let exponent: [UInt8] = [1, 0, 1]

    private static func weakness(_ modulus: [UInt8], _ exponent: [UInt8] = exponent) -> RSAKeyWeakness? {
        RSAKeyWeakness(modulus: modulus[...], exponent: exponent[...], smallestExponent: 5)
    }

    /// The modulus of a key of ours.
    private static func modulus(_ key: SoftwareKey) throws -> [UInt8] {
        let info = try DERElement(key.publicKey.subjectPublicKeyInfo)
        return try DERElement(Array(try info.at(1).content.dropFirst())).at(0).content
    }

    @Test func keysOfASoundGeneratorAreNotWeak() throws {
        for key in [try TestKeys.client, try TestKeys.other, try TestKeys.authority, try TestKeys.registration] {
            #expect(try Self.weakness(Self.modulus(key)) == nil)
        }
        #expect(Self.weakness(try Vectors.hex("rsa-2048-apart")) == nil)
    }

    @Test(arguments: ["rsa-1024-roca", "rsa-2048-roca"])
    func keysOfTheBrokenLibraryAreFound(vector: String) throws {
        #expect(Self.weakness(try Vectors.hex(vector)) == .roca)
    }

    @Test(arguments: ["rsa-2048-close-primes", "rsa-2048-close-primes-66"])
    func closePrimesAreFound(vector: String) throws {
        #expect(Self.weakness(try Vectors.hex(vector)) == .closePrimes)
    }

    @Test func theSquareOfAPrimeIsFound() throws {
        // 2^607 - 1 is a prime.
        let prime = Magnitude(words: [UInt64](repeating: .max, count: 9) + [(1 << 31) - 1])
        let square = prime.squared().words.reversed().flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
        }
        #expect(Self.weakness(square) == .closePrimes)
    }

    @Test func smallFactorsAreFound() throws {
        #expect(Self.weakness(try Vectors.hex("rsa-2048-factor-751")) == .smallFactor(751))
        var even = try Self.modulus(try TestKeys.client)
        even[even.count - 1] &= 0xFE
        #expect(Self.weakness(even) == .smallFactor(2))
        #expect(Self.weakness([UInt8](repeating: 0xFF, count: 256)) == .smallFactor(3))
    }

    @Test func exponentsBelowTheSmallestAreWeak() throws {
        let modulus = try Self.modulus(try TestKeys.client)
        for exponent: [UInt8] in [[], [0], [1], [3], [0, 3], [4], [1, 0, 0]] {
            #expect(Self.weakness(modulus, exponent) == .exponent, "\(exponent)")
        }
        for exponent: [UInt8] in [[5], [17], [0, 1, 0, 1], [1, 0, 0, 0, 0, 0, 0, 0, 1]] {
            #expect(Self.weakness(modulus, exponent) == nil, "\(exponent)")
        }
    }

    @Test func numbersThatAreNoKeyEndSomehow() {
        for modulus: [UInt8] in [
            [], [0], [1], [2], [0, 0, 7], [0xFF], [UInt8](repeating: 0, count: 300),
            [1] + Array(repeating: 0, count: 64),
        ] {
            _ = Self.weakness(modulus)
        }
    }

    @Test func rootsAndQuotientsAreRight() {
        var generator = SeededGenerator()
        for round in 0..<2_000 {
            // Words that are all ones or all zeros reach the corners of long division.
            let words = (0..<(round % 21)).map { _ -> UInt64 in
                switch generator.next() % 4 {
                case 0: .max
                case 1: 0
                default: generator.next()
                }
            }
            let number = Magnitude(words: words)
            let (root, square) = number.squareRoot()
            #expect(square == root.squared())
            #expect(number.subtracting(root.squared()) != nil)
            #expect(number.subtracting((root + Magnitude(words: [1])).squared()) == nil)
            let divisor = Magnitude(words: Array(words.prefix(words.count / 2)) + [generator.next() | 1])
            let quotient = number.quotient(divisor)
            let rest = Self.rest(number, divisor, quotient)
            #expect(rest.map { $0.subtracting(divisor) == nil } == true, "\(words) by \(divisor.words)")
            let small = generator.next() | 1
            let word = Magnitude(words: [small])
            #expect(Magnitude(words: [number.remainder(small)]) == Self.rest(number, word, number.quotient(word)))
        }
    }

    /// What a division leaves: the product is half of (q + d)² - q² - d².
    private static func rest(_ number: Magnitude, _ divisor: Magnitude, _ quotient: Magnitude) -> Magnitude? {
        let double = (quotient + divisor).squared().subtracting(quotient.squared())?.subtracting(divisor.squared())
        return double.flatMap { number.subtracting($0.halved()) }
    }
}
