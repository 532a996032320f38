// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import PKIX
import SCEPCrafting
import TestSupport
import Testing

@Suite struct CharacterStringTests {
    private static func text(_ tag: UInt8, _ bytes: [UInt8]) throws -> String? {
        CharacterString.text(try ASN1Parsing.parse(TLV.encode(tag, bytes)[...], "text"))
    }

    @Test(
        arguments: [
            (0x0C, "c3a4", "ä"), (0x13, "4161", "Aa"), (0x14, "e4", "ä"), (0x16, "6140", "a@"), (0x1A, "61", "a"),
            (0x12, "31", "1"), (0x1E, "00e4d83dde00", "ä😀"), (0x1C, "000000e40001f600", "ä😀"), (0x13, "", ""),
        ] as [(UInt8, String, String)]
    )
    func readsEveryStringType(tag: UInt8, hex: String, expected: String) throws {
        #expect(try Self.text(tag, [UInt8](hex: hex)) == expected)
    }

    @Test(
        arguments: [
            (0x0C, "c3"), (0x0C, "ff"), (0x0C, "eda080"), (0x13, "e4"), (0x16, "80"), (0x1E, "00"), (0x1E, "d800"),
            (0x1E, "dc00d800"), (0x1C, "000000"), (0x1C, "00110000"), (0x1C, "0000d800"), (0x02, "31"), (0x04, "31"),
            (0x30, ""),
            (0x24, "0c0161"),
        ] as [(UInt8, String)]
    )
    func refusesWhatIsNoText(tag: UInt8, hex: String) throws {
        #expect(try Self.text(tag, [UInt8](hex: hex)) == nil)
    }

    @Test(arguments: [
        ("A'()+,-./:=? z9", "13"), ("", "13"), ("a_b", "0c"), ("a@b", "0c"), ("ä", "0c"), ("a*", "0c"),
        ("a\u{0}", "0c"),
    ])
    func writesPrintableStringOnlyWhereItFits(text: String, tag: String) throws {
        var serializer = DEREncoder()
        CharacterString.append(text, to: &serializer)
        #expect(serializer.serializedBytes == TLV.encode([UInt8](hex: tag)[0], Array(text.utf8)))
        #expect(CharacterString.text(try ASN1Parsing.parse(serializer.serializedBytes[...], "text")) == text)
    }
}
