// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import PKIX
import SCEPCrafting
import TestSupport
import Testing

@Suite struct NameTextTests {
    @Test(arguments: [
        "CN=device-1", "CN=device-1,O=Example,C=DE", "CN=a+OU=b,O=c", "CN=a\\,b", "CN=a\\+b", "CN=a\\\"b", "CN=a\\\\b",
        "CN=\\<a\\>", "CN=a\\;b", "CN=a\\=b", "CN=\\#a", "CN=a#b", "CN=\\ a", "CN=a\\ ", "CN=a b", "CN=ä", "CN=😀",
        "1.2.3.4=a",
        "DC=example,DC=com", "UID=u", "emailAddress=a@b", "serialNumber=1", "CN=a\\00b", "CN=a\\0d\\0ab", "CN=\u{301}a",
        "CN=\\\\\u{301}", "2.999.3=a",
    ])
    func textSurvivesTheEncoding(text: String) throws {
        let name = try Name(text)
        let again = try Name(name.description)
        #expect(again == name)
        if !text.hasPrefix("2.999") { #expect(name.description == text) }
        #expect(try Name(derEncoded: name.der) == name)
    }

    @Test(arguments: [
        ("CN=a\\2Cb", "CN=a\\,b"), ("CN = a", "CN=a"), ("cn=a,o=b", "CN=a,O=b"), ("CN=a, O=b", "CN=a,O=b"),
        ("CN=a , O=b ", "CN=a,O=b"), ("CN=  a  b  ", "CN=a  b"), ("CN=a\\C3\\A4", "CN=aä"), (",CN=a,", "CN=a"),
        ("", ""), (" ", ""),
        ("2.5.4.3=a", "CN=a"), ("CN=#0C0161", "CN=a"), ("CN=#0401ff", "CN=#0401ff"), ("CN=a\\+5b", "CN=a\\+5b"),
        ("CN=a\\-1", "CN=a-1"), ("CN=a\\  ", "CN=a\\ "), ("CN=\u{202E}a", "CN=\\e2\\80\\aea"),
        ("CN=a\u{2028}b", "CN=a\\e2\\80\\a8b"),
    ])
    func readsOtherSpellings(text: String, expected: String) throws {
        #expect(try Name(text).description == expected)
    }

    @Test(arguments: [
        "device-1", "CN", "CN=", "=a", "CN=a\\", "CN=\\FF", "XY=a", "CN=a+", "CN=a+b", "1=a", "1.=a", ".1=a",
        "1.+2.3=a",
        "18446744073709551615.1=a", "99999999999999999999999.1=a", "1.18446744073709551615=a", "CN=#", "CN=#0",
        "CN=#0C02",
        "CN=#zz", "CN= ", "DC=ä", "emailAddress=ä@b",
    ])
    func refusesWhatIsNoName(text: String) {
        #expect(throws: PKIXError.self) { try Name(text) }
    }

    @Test func writesTheStringTypesOfTheProfile() throws {
        #expect(try Name("CN=a").der == HandMadeCertificate.name("a"))
        #expect(try Name("C=DE").der.contains(run: TLV.printable("DE")))
        #expect(try Name("DC=example").der.contains(run: TLV.encode(0x16, Array("example".utf8))))
        #expect(try Name("emailAddress=a@b").der.contains(run: TLV.encode(0x16, Array("a@b".utf8))))
    }

    @Test func sortsTheMembersOfARelativeName() throws {
        #expect(try Name("CN=a+O=b") == Name("O=b+CN=a"))
    }

    @Test func openSSLReadsTheSameText() async throws {
        let openssl = try OpenSSL()
        for text in [
            "CN=device-1,OU=b+O=c,C=DE", "CN=a\\,b\\+c\\\\d\\\"e", "CN=\\#x\\ ", "CN=\\ x", "CN=a\\<b\\>c\\;d", "CN=ä😀",
            "DC=example,DC=com",
        ] {
            var certificate = HandMadeCertificate("a", key: try TestKeys.ec)
            certificate.subject = try Name(text).der
            let der = TLV.sequence(certificate.toBeSigned, TLV.algorithm(OID.sha256WithRSA), TLV.bitString([1]))
            try openssl.write("certificate", der)
            // RFC 2253 order and escapes, without the escapes of bytes above 127.
            let options = ["-nameopt", "RFC2253,-esc_msb,utf8"]
            let print = ["x509", "-inform", "DER", "-in", "certificate", "-noout", "-subject"] + options
            #expect(try await openssl.run(print).text == "subject=\(text)\n")
        }
    }

    @Test func textOfAHugeNameIsNotSpelledOut() throws {
        // A name in an unauthenticated request gets into traces: a huge one is not spelled out.
        let value = String(repeating: "a,", count: 100_000)
        let name = try Name(derEncoded: HandMadeCertificate.name(value))
        #expect(name.description == "(a name of \(name.der.count) bytes)")
        // The longest that is: its text must not cost the square of its length.
        let long = try Name(derEncoded: HandMadeCertificate.name(String(repeating: "a,", count: 2000)))
        #expect(long.description.utf8.count == "CN=".utf8.count + 6000)
    }

    @Test func randomTextsSurvive() throws {
        var generator = SeededGenerator()
        let alphabet = Array("aB1 ,+\"\\<>;=#\u{0}\n\u{7F}\u{301}ä\u{202E}😀\u{37E}/'".unicodeScalars)
        for _ in 0..<1000 {
            var value = ""
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                alphabet.randomElement(using: &generator).map { value.unicodeScalars.append($0) }
            }
            let name = try Name(derEncoded: HandMadeCertificate.name(value))
            #expect(try Name(name.description).der == name.der, "\(value.debugDescription)")
            #expect(
                !name.description.unicodeScalars.contains { $0.value < 32 || $0.value == 127 || $0.value == 0x202E }
            )
        }
    }
}
