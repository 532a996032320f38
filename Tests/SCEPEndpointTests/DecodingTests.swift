// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Testing

@testable import SCEPEndpoint

struct DecodingTests {
    @Test(arguments: [
        messageBase64, "MIIB----____Pj8AAQ==", "MIIB    ////Pj8AAQ==", "MIIB++++////Pj8AAQ", "MIIB++++////Pj8AAQ=",
        "MIIB++++\r\n////\nPj8A\tAQ==\r\n", "MIIB++++////Pj8AAQ== ",
    ])
    func undoesTheMischiefDoneToBase64(text: String) {
        #expect(LenientBase64.decode(Array(text.utf8), space: .plus) == message)
    }

    @Test(arguments: ["MIIB%", "MIIBA", "MI=I", "MIIB===", "MIIBé", "MIIB\0", "A"])
    func refusesWhatIsNotBase64(text: String) {
        #expect(LenientBase64.decode(Array(text.utf8), space: .plus) == nil)
    }

    @Test func decodesEveryLength() {
        let expected: [(String, [UInt8])] = [
            ("", []), ("Zg==", [0x66]), ("Zm8=", [0x66, 0x6F]), ("Zm9v", [0x66, 0x6F, 0x6F]),
            ("Zm9vYg==", [0x66, 0x6F, 0x6F, 0x62]), ("Zm9vYmE=", [0x66, 0x6F, 0x6F, 0x62, 0x61]),
        ]
        for (text, bytes) in expected {
            #expect(LenientBase64.decode(Array(text.utf8), space: .plus) == bytes)
        }
    }

    @Test func readsTextBodiesWithAndWithoutBoundaryLines() {
        let pem = "-----BEGIN CMS-----\r\nMIIB++++////\r\nPj8AAQ==\r\n-----END CMS-----\r\n"
        #expect(LenientBase64.decodeText(Array(pem.utf8)) == message)
        #expect(LenientBase64.decodeText(Array(" MIIB++++////\n Pj8AAQ==\n".utf8)) == message)
        #expect(LenientBase64.decodeText(Array("-----BEGIN CMS-----\n-----END CMS-----\n".utf8)) == nil)
        #expect(LenientBase64.decodeText(Array("hello, world".utf8)) == nil)
    }

    @Test func decodesPercentSignsOnceAndKeepsStrayOnes() {
        #expect(PercentDecoding.string(Array("a%2Bb%2fc%3D".utf8)[...]) == "a+b/c=")
        #expect(PercentDecoding.string(Array("%252B".utf8)[...]) == "%2B")
        #expect(PercentDecoding.string(Array("100%".utf8)[...]) == "100%")
        #expect(PercentDecoding.string(Array("%4".utf8)[...]) == "%4")
        #expect(PercentDecoding.string(Array("%zz%41%4".utf8)[...]) == "%zzA%4")
        #expect(PercentDecoding.string(Array("%%41".utf8)[...]) == "%A")
        #expect(PercentDecoding.string(Array("%4%41".utf8)[...]) == "%4A")
        #expect(PercentDecoding.string(Array("a+b".utf8)[...]) == "a+b")
    }

    @Test func writesDatesAsHTTPDoes() {
        #expect(HTTPDate.format(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.format(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.format(951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
        #expect(HTTPDate.format(4_107_542_399) == "Sun, 28 Feb 2100 23:59:59 GMT")
        #expect(HTTPDate.format(-5) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.format(.max) == "Fri, 31 Dec 9999 23:59:59 GMT")
    }
}
