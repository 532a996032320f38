// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import SwiftASN1
internal import Testing
internal import X509

/// Alternative names as people read them before they decide.
@Suite struct NameTextTests {
    private static func ip(_ octets: [UInt8]) -> GeneralName { .ipAddress(ASN1OctetString(contentBytes: octets[...])) }

    @Test(arguments: [
        (ip([192, 0, 2, 1]), "ip:192.0.2.1"),
        (ip([0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]), "ip:2001:db8:0:0:0:0:0:1"),
        // It must not look like an address that it is not.
        (ip([192, 0, 2, 1, 9]), "ip:c000020109"),
        (.dnsName("a.example"), "dns:a.example"),
        (.dnsName("a\u{1B}[2J.example"), "dns:a\u{FFFD}[2J.example"),
    ])
    func namesAreWhatTheyLookLike(name: GeneralName, text: String) throws {
        let bound = try #require(try BoundIdentity(subject: nil, names: [name], key: nil))
        #expect(bound.nameTexts == [text])
    }

    @Test func anAccountIsToldByItsName() throws {
        let value = try ASN1Any(erasing: ASN1UTF8String("anna@corp.example"))
        let account = GeneralName.OtherName(typeID: [1, 3, 6, 1, 4, 1, 311, 20, 2, 3], value: value)
        let bound = try #require(try BoundIdentity(subject: nil, names: [.otherName(account)], key: nil))
        #expect(bound.nameTexts == ["upn:anna@corp.example"])
    }
}
