// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import SCEPCrafting
import TestSupport
import Testing

@Suite struct ECPointTests {
    private static func point(_ key: SoftwareKey) throws -> [UInt8] {
        Array(try DERElement(key.publicKey.subjectPublicKeyInfo).at(1).content.dropFirst())
    }

    @Test(arguments: NamedCurve.allCases)
    func acceptsUncompressedAndCompressedPoints(curve: NamedCurve) throws {
        let key = try SoftwareKey.generate(.ec(curve))
        let signature = try key.sign([1], scheme: key.publicKey.algorithm.preferredScheme)
        let point = try Self.point(key)
        let half = (curve.pointByteCount - 1) / 2
        let compressed = [2 + (point.last.map { $0 & 1 } ?? 0)] + point.dropFirst().prefix(half)
        #expect(point.count == curve.pointByteCount)
        for form in [point, compressed] {
            let read = try PublicKey(curve: curve, point: form)
            #expect(read.algorithm == .ec(curve))
            #expect(read.isValidSignature(signature, for: [1], scheme: key.publicKey.algorithm.preferredScheme))
        }
    }

    @Test(arguments: NamedCurve.allCases)
    func refusesThePointAtInfinity(curve: NamedCurve) {
        // With this key the signature equation does not depend on the key: anyone could sign.
        #expect(throws: CryptographyError.malformedKey) { try PublicKey(curve: curve, point: [0]) }
        let padded = [UInt8](repeating: 0, count: curve.pointByteCount)
        #expect(throws: CryptographyError.malformedKey) { try PublicKey(curve: curve, point: padded) }
    }

    @Test(arguments: NamedCurve.allCases)
    func refusesPointsThatAreNotOnTheCurve(curve: NamedCurve) throws {
        let point = try Self.point(try .generate(.ec(curve)))
        var moved = point
        moved[curve.pointByteCount - 1] ^= 1
        let hybrid = [6 + (point.last.map { $0 & 1 } ?? 0)] + point.dropFirst()
        let wrong: [[UInt8]] = [
            [], [4], Array(point.dropLast()), point + [0], moved, hybrid, [5] + point.dropFirst(),
        ]
        for bytes in wrong {
            #expect(throws: CryptographyError.malformedKey) { try PublicKey(curve: curve, point: bytes) }
        }
    }

    @Test func refusesAPointOfAnotherCurve() throws {
        let point = try Self.point(try .generate(.ec(.p256)))
        #expect(throws: CryptographyError.malformedKey) { try PublicKey(curve: .p384, point: point) }
    }

    @Test func transportsNoKeys() throws {
        let key = try TestKeys.ec
        #expect(throws: CryptographyError.wrongKeyType) {
            try key.publicKey.encryptKey([1, 2, 3], padding: .pkcs1)
        }
        #expect(throws: CryptographyError.wrongKeyType) {
            try key.decryptKey([1, 2, 3], keyByteCount: 16, padding: .pkcs1)
        }
    }
}
