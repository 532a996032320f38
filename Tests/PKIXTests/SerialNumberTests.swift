// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import Testing

@Suite struct SerialNumberTests {
    @Test(
        arguments: [
            ([], [0]), ([0], [0]), ([0, 0], [0]), ([1], [1]), ([0, 1], [1]), ([0x7F, 0xFF], [0x7F, 0xFF]),
            ([0x80], [0, 0x80]), ([0, 0x80], [0, 0x80]), ([0, 0, 0, 0xFF, 0], [0, 0xFF, 0]), ([1, 0, 0], [1, 0, 0]),
        ] as [([UInt8], [UInt8])]
    )
    func isWrittenAsDERDoes(_ octets: [UInt8], expected: [UInt8]) {
        #expect(SerialNumber(octets).octets == expected)
        #expect(SerialNumber(expected) == SerialNumber(octets))
    }

    @Test(
        arguments: [
            ("0", [0]), ("80", [0, 0x80]), ("0080", [0, 0x80]), ("0x7f", [0x7F]), ("0X7F", [0x7F]), ("00:00:01", [1]),
            ("abc", [0x0A, 0xBC]), ("0x0x1", nil), ("12 34\n", [0x12, 0x34]), ("AB:cd", [0, 0xAB, 0xCD]), ("", nil),
            (":", nil),
            ("0x", nil), ("-1", nil), ("+1", nil), ("1g", nil), ("١", nil), ("ａ", nil), ("1\u{301}", nil),
        ] as [(String, [UInt8]?)]
    )
    func readsWhatProgramsPrint(_ text: String, expected: [UInt8]?) {
        #expect(SerialNumber(hexadecimal: text)?.octets == expected)
    }

    @Test func readsNoMoreDigitsThanASerialNumberMayHave() {
        #expect(
            SerialNumber(hexadecimal: String(repeating: "7", count: 128))?.octets == Array(repeating: 0x77, count: 64)
        )
        #expect(SerialNumber(hexadecimal: String(repeating: "7", count: 129)) == nil)
    }
}
