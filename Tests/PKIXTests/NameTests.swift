// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import PKIX
import SCEPCrafting
import TestSupport
import Testing

@Suite struct NameTests {
    private static func name(_ value: [UInt8]) throws -> Name {
        try Name(derEncoded: HandMadeCertificate.name(value: value))
    }

    @Test func caseStringTypeAndWhiteSpaceDoNotMatter() throws {
        let plain = try Self.name(TLV.utf8("Example CA"))
        for value in [
            TLV.printable("Example CA"), TLV.utf8("EXAMPLE ca"), TLV.utf8("  Example   CA "),
            TLV.encode(0x14, Array("Example CA".utf8)),
            TLV.encode(0x1E, "Example CA".utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }),
            TLV.encode(0x1C, "Example CA".unicodeScalars.flatMap { [0, 0, 0, UInt8($0.value)] }),
        ] {
            let other = try Self.name(value)
            #expect(plain.isEquivalent(to: other))
            #expect(other.isEquivalent(to: plain))
            #expect(plain != other)
        }
    }

    @Test func contentOrderAndStructureDoMatter() throws {
        let name = try Name("CN=a,O=b")
        for other in ["O=b,CN=a", "CN=a+O=b", "CN=a", "CN=a,O=b,C=DE", "OU=a,O=b", "CN=ab,O=b", "CN=a b,O=b"] {
            #expect(!name.isEquivalent(to: try Name(other)))
        }
        #expect(try Name("CN=a+O=b").isEquivalent(to: Name("O=B+CN=A")))
        #expect(!(try Self.name(TLV.utf8("a"))).isEquivalent(to: try Self.name(TLV.octetString([0x61]))))
    }

    @Test func valuesThatAreNoTextAreComparedByTheirBytes() throws {
        #expect(try Self.name(TLV.octetString([1])).isEquivalent(to: Self.name(TLV.octetString([1]))))
        #expect(!(try Self.name(TLV.octetString([1]))).isEquivalent(to: try Self.name(TLV.octetString([2]))))
        #expect(try Self.name(TLV.octetString([1])).description == "CN=#040101")
        // Text that looks like the inner form of such a value is still text.
        #expect(!(try Self.name(TLV.utf8("#[4, 1, 1]"))).isEquivalent(to: try Self.name(TLV.octetString([1]))))
    }

    @Test func aNameWithoutAttributesIsEmpty() throws {
        #expect(try Name(derEncoded: TLV.sequence()).isEmpty)
        #expect(try Name(derEncoded: TLV.sequence(TLV.set())).isEmpty)
        #expect(try Name(derEncoded: TLV.sequence(TLV.set(), TLV.set())).isEmpty)
        #expect(!(try Name("CN=a")).isEmpty)
    }

    @Test(
        arguments: [
            [], [0x30], TLV.set(), TLV.sequence(TLV.sequence()), TLV.sequence(TLV.set(TLV.sequence())),
            TLV.sequence(TLV.set(TLV.sequence(OID.commonName))),
            TLV.sequence(TLV.set(TLV.sequence(TLV.utf8("a"), TLV.utf8("b")))),
            TLV.sequence(TLV.set(TLV.sequence(OID.commonName, TLV.utf8("a"), TLV.utf8("b")))), TLV.sequence() + [0],
            TLV.sequence(TLV.set(TLV.sequence([0x06, 0x00], TLV.utf8("a")))),
            TLV.sequence(TLV.set(TLV.sequence([0x06, 0x01, 0x80], TLV.utf8("a")))),
            TLV.sequence(
                TLV.set(TLV.sequence([0x06, 0x0B] + [UInt8](repeating: 0xFF, count: 10) + [0x7F], TLV.utf8("a")))
            ),
        ] as [[UInt8]]
    )
    func refusesWhatIsNoName(der: [UInt8]) {
        #expect(throws: PKIXError.self) { try Name(derEncoded: der) }
    }

    @Test func aDescriptionNeverHoldsControlCharacters() throws {
        let hostile = try Self.name(TLV.utf8("a\r\nFAKE LOG LINE\u{1B}[2J\u{0}\u{85}\u{2028}\u{202E}"))
        #expect(hostile.description.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        #expect(hostile.description == "CN=a\\0d\\0aFAKE LOG LINE\\1b[2J\\00\\c2\\85\\e2\\80\\a8\\e2\\80\\ae")
    }
}
