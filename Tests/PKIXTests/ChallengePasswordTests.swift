// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEPCrafting
import TestSupport
import Testing

@Suite struct ChallengePasswordTests {
    private static func request(_ attributes: [[UInt8]]) throws -> CertificationRequest {
        var request = HandMadeRequest("device-1", key: try TestKeys.client)
        request.attributes = attributes
        return try CertificationRequest(derEncoded: try request.der())
    }

    private static func challenge(_ values: [UInt8]...) -> [UInt8] {
        TLV.attribute(OID.challengePassword, values.flatMap(\.self))
    }

    @Test(arguments: [
        ("PrintableString", TLV.printable("Example-1234")), ("UTF8String", TLV.utf8("Example-1234")),
        ("T61String", TLV.encode(0x14, Array("Example-1234".utf8))),
        ("IA5String", TLV.encode(0x16, Array("Example-1234".utf8))),
        ("BMPString", TLV.encode(0x1E, "Example-1234".utf8.flatMap { [0, $0] })),
        ("UniversalString", TLV.encode(0x1C, "Example-1234".utf8.flatMap { [0, 0, 0, $0] })),
    ])
    func isReadFromEveryStringType(type: String, value: [UInt8]) throws {
        let request = try Self.request([Self.challenge(value)])
        #expect(request.challengePassword == "Example-1234")
        #expect(request.isSigned(by: (try TestKeys.client).publicKey))
    }

    @Test(
        arguments: [
            (TLV.utf8("pässwort 😀"), "pässwort 😀"), (TLV.encode(0x14, [0x70, 0xE4]), "pä"),
            (TLV.encode(0x1E, [UInt8](hex: "007000e4d83dde00")), "pä😀"),
        ] as [([UInt8], String)]
    )
    func isReadBeyondASCII(value: [UInt8], expected: String) throws {
        #expect(try Self.request([Self.challenge(value)]).challengePassword == expected)
    }

    @Test(arguments: [0x0C, 0x13, 0x14, 0x16, 0x1E, 0x1C] as [UInt8])
    func anEmptyOneIsNone(tag: UInt8) throws {
        #expect(try Self.request([Self.challenge(TLV.encode(tag, []))]).challengePassword == nil)
    }

    @Test func absenceIsNone() throws {
        #expect(try Self.request([]).challengePassword == nil)
        #expect(try Self.request([TLV.attribute(OID.randomNonce, TLV.octetString([1]))]).challengePassword == nil)
    }

    @Test func twoAttributesOrTwoValuesAreRefused() throws {
        let one = Self.challenge(TLV.printable("a"))
        let refusal = PKIXError.malformed("challengePassword: not exactly one value")
        #expect(throws: refusal) { try Self.request([one, one]) }
        #expect(throws: refusal) { try Self.request([one, Self.challenge(TLV.printable("b"))]) }
        #expect(throws: refusal) { try Self.request([Self.challenge(TLV.printable("a"), TLV.printable("b"))]) }
        #expect(throws: refusal) { try Self.request([Self.challenge()]) }
        #expect(throws: refusal) { try Self.request([one, Self.challenge()]) }
    }

    @Test(arguments: [
        TLV.octetString([0x61]), TLV.integer(1), TLV.sequence(TLV.printable("a")), TLV.encode(0x0C, [0xFF]),
    ])
    func whatIsNoTextIsRefused(value: [UInt8]) throws {
        #expect(throws: PKIXError.malformed("challengePassword: not a string")) {
            try Self.request([Self.challenge(value)])
        }
    }

    @Test func anErrorNeverQuotesTheChallenge() throws {
        let secret = "Never-Shown-1234"
        for attributes in [
            [Self.challenge(TLV.printable(secret), TLV.printable(secret))],
            [Self.challenge(TLV.octetString(Array(secret.utf8)))],
            [Self.challenge(TLV.printable(secret)), Self.challenge(TLV.printable(secret))],
        ] {
            let error = try #require(throws: PKIXError.self) { try Self.request(attributes) }
            #expect(!String(describing: error).contains(secret))
        }
    }

    @Test func aRequestCanBeStoredWithoutIt() throws {
        let names = TLV.sequence(
            HandMadeCertificate.extension(OID.subjectAltName, TLV.sequence(TLV.encode(0x82, [0x61])))
        )
        let extensions = TLV.attribute(OID.extensionRequest, names)
        for value in [TLV.printable("Example-1234"), TLV.encode(0x1E, "Example-1234".utf8.flatMap { [0, $0] })] {
            let request = try Self.request([extensions, Self.challenge(value)])
            let stripped = try request.withoutChallengePassword()
            #expect(!stripped.contains(run: Array("Example-1234".utf8)))
            #expect(!stripped.contains(run: value))
            #expect(!stripped.contains(run: OID.challengePassword))
            let reread = try CertificationRequest(derEncoded: stripped)
            #expect(reread.challengePassword == nil)
            #expect(reread.subject == request.subject)
            #expect(reread.subjectPublicKeyInfo == request.subjectPublicKeyInfo)
            #expect(reread.requestedExtensions == request.requestedExtensions)
            #expect(reread.requestedExtensions.count == 1)
            #expect(!reread.isSigned(by: (try TestKeys.client).publicKey))
        }
        let plain = try Self.request([extensions])
        #expect(try plain.withoutChallengePassword() == plain.der)
    }

    @Test func aRequestInBERCanBeStoredWithoutIt() throws {
        let value = Self.challenge(TLV.printable("Example-1234"))
        let key = try TestKeys.client
        let info = TLV.indefinite(
            0x30,
            TLV.integer(0) + HandMadeCertificate.name("a") + key.publicKey.subjectPublicKeyInfo
                + TLV.indefinite(0xA0, value)
        )
        let signature = try key.sign(info, scheme: .rsaPKCS1(.sha256))
        let der = TLV.sequence(info, TLV.algorithm(OID.sha256WithRSA), TLV.bitString(signature))
        let request = try CertificationRequest(derEncoded: der)
        #expect(request.challengePassword == "Example-1234")
        #expect(request.isSigned(by: key.publicKey))
        #expect(!(try request.withoutChallengePassword()).contains(run: Array("Example-1234".utf8)))
    }

    @Test(arguments: ["Example-1234", "with_underscore", "pässwort", "a@b"])
    func isWrittenAsOpenSSLReadsIt(challenge: String) async throws {
        let request = try CertificationRequest.make(
            subject: try Name("CN=device-1"),
            key: try TestKeys.client,
            challengePassword: challenge
        )
        #expect(request.challengePassword == challenge)
        let openssl = try OpenSSL()
        try openssl.write("request", request.der)
        let print = try await openssl.run(["asn1parse", "-inform", "DER", "-in", "request"]).text
        #expect(print.contains("challengePassword"))
        let printable = challenge == "Example-1234"
        #expect(print.contains((printable ? "PRINTABLESTRING   :" : "UTF8STRING        :") + challenge))
    }
}
