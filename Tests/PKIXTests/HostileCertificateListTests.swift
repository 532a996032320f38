// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEPCrafting
import TestSupport
import Testing

@Suite struct HostileCertificateListTests {
    private typealias Made = HandMadeCertificateList

    /// Looks at everything that can be computed from a CRL.
    private static func read(_ bytes: [UInt8]) -> Int? {
        guard let list = try? EncodedCertificateList(derEncoded: bytes) else { return nil }
        let entry = try? list.revocation(of: [0x41, 0x42])
        let key = try? TestKeys.authority.publicKey
        return list.count + list.toBeSigned.count + list.issuer.description.count + (list.number?.count ?? 0)
            + (entry == nil ? 0 : 1) + (key.map { list.isSigned(by: $0) } ?? false ? 1 : 0)
    }

    private static func example() throws -> [UInt8] {
        var made = Made()
        made.entries = [
            Made.entry([0x43], Made.reason(1)), Made.entry([0x41, 0x42], Made.reason(6)), Made.entry([0x44]),
        ]
        made.extensions = [
            HandMadeCertificate.extension(Made.crlNumber, TLV.integer(7)),
            Made.scope(TLV.context(0, TLV.context(0, TLV.encode(0x86, Array("http://x/0.crl".utf8))))),
        ]
        return try made.der()
    }

    @Test func everySingleFlippedByteEnds() throws {
        let bytes = try Self.example()
        var readable = 0
        for index in bytes.indices {
            for mask: UInt8 in [0x01, 0x80, 0xFF] {
                var damaged = bytes
                damaged[index] ^= mask
                if Self.read(damaged) != nil { readable += 1 }
            }
        }
        #expect(readable > 0)
        #expect(readable < bytes.count * 3)
    }

    @Test func noTruncationIsReadable() throws {
        let bytes = try Self.example()
        for length in bytes.indices { #expect(Self.read(Array(bytes.prefix(length))) == nil) }
        #expect(Self.read(bytes + [0x0A]) != nil)
        #expect(Self.read(bytes + [0x30, 0x00]) == nil)
    }

    @Test func randomDamageEnds() throws {
        var generator = SeededGenerator()
        let bytes = try Self.example()
        var readable = 0
        for _ in 0..<3000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                damaged =
                    Bool.random(using: &generator)
                    ? Mutation.splice(damaged, using: &generator).bytes
                    : Mutation.flip(damaged, using: &generator).bytes
            }
            readable += Self.read(damaged) == nil ? 0 : 1
        }
        #expect(readable < 3000)
    }

    @Test(arguments: [
        "", "30", "3080", "30800000", "3084ffffffff", "308500000000ff", "3088ffffffffffffffff", "30ff", "3f8000",
        "0500",
        "308230", "30023000", "3004300030003000",
    ])
    func absurdLengthsAndTagsAreRefused(hex: String) {
        #expect(throws: PKIXError.self) { try EncodedCertificateList(derEncoded: [UInt8](hex: hex)) }
    }

    @Test func indefiniteLengthsAreRefused() throws {
        let members = try DERElement(try Self.example()).members.map(\.encoded)
        #expect(Self.read(TLV.indefinite(0x30, members.flatMap(\.self))) == nil)
        // Lengths in more bytes than they need are harmless.
        #expect(Self.read(TLV.longForm(0x30, members.flatMap(\.self))) != nil)
    }

    @Test func twoSignatureAlgorithmsAreRefused() throws {
        var made = Made()
        made.outerAlgorithm = TLV.algorithm(OID.sha512WithRSA)
        #expect(throws: PKIXError.malformed("CertificateList: two signature algorithms")) { try made.read() }
        made.outerAlgorithm = TLV.sequence(OID.sha256WithRSA)
        #expect(try made.read().isSigned(by: try TestKeys.authority.publicKey))
    }

    @Test func entriesOfAnotherFormAreRefused() throws {
        for entry in [
            TLV.integer(1), TLV.sequence(), TLV.sequence(TLV.integer(1)),
            TLV.sequence(TLV.null, HandMadeCertificate.utcTime("251231235959Z")),
            TLV.sequence(TLV.integer(1), HandMadeCertificate.utcTime("251231235959Z"), TLV.null),
            Made.entry([0x41], Made.reason(1), Made.reason(1)),
        ] {
            var made = Made()
            made.entries.append(entry)
            #expect(throws: PKIXError.self) { try made.read() }
        }
    }

    @Test func anExtensionTwiceIsRefused() throws {
        var made = Made()
        let number = HandMadeCertificate.extension(Made.crlNumber, TLV.integer(7))
        made.extensions = [number, number]
        #expect(throws: PKIXError.self) { try made.read() }
    }

    @Test func tooManyBytesAreRefusedUnread() {
        let bytes = [UInt8](repeating: 0x30, count: EncodedCertificateList.maximumByteCount + 1)
        #expect(throws: PKIXError.unsupported("a CRL of more than 67108864 bytes")) {
            try EncodedCertificateList(derEncoded: bytes)
        }
    }

    @Test func moreEntriesThanAMessageMayHoldValuesAreRead() throws {
        var made = Made()
        made.entries = (0..<100_000).map { index in
            let serial = [0x40, UInt8(index >> 16), UInt8(index >> 8 & 0xFF), UInt8(index & 0xFF)]
            return Made.entry(serial, Made.reason(4))
        }
        let list = try made.read()
        #expect(list.count == 100_000)
        #expect(try list.revocation(of: [0x40, 0x01, 0x86, 0x9F])?.reason == .superseded)
        #expect(try list.revocation(of: [0x40, 0x01, 0x86, 0xA0]) == nil)
    }
}
