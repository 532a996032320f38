// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import Storage
internal import SwiftASN1
internal import TestSupport
internal import Testing
internal import X509

internal import struct Foundation.Date

/// Certification requests and transactions as clients make them (client-quirks I to M).
@Suite struct OddRequestTests {
    private static let unstructuredName = [UInt8](hex: "06092a864886f70d010902")

    /// An attribute below 1.3.6.1.4.1.311.
    private static func microsoft(_ arcs: String, _ value: [UInt8]) -> [UInt8] {
        TLV.attribute(TLV.encode(0x06, [UInt8](hex: "2b060104018237" + arcs)), value)
    }

    private static func bmp(_ text: String) -> [UInt8] { TLV.encode(0x1E, text.utf8.flatMap { [0, $0] }) }

    // MARK: - Subjects (J1)

    @Test(arguments: [true, false])
    func unstructuredNameOfCiscoIOSMayStandInOneOfTheTwoSubjects(inRequest: Bool) async throws {
        let world = try await World()
        // IOS writes it as an attribute of the same RDN, in a PrintableString.
        let device = TLV.sequence(OID.commonName, TLV.utf8("device-1"))
        let name = TLV.sequence(Self.unstructuredName, TLV.printable("router-1.example"))
        let both = TLV.sequence(TLV.sortedSet([device, name]))
        var certificate = HandMadeCertificate("device-1", key: try TestKeys.client)
        if !inRequest {
            certificate.subject = both
            certificate.issuer = both
        }
        let sender = try Device(in: world).holding(try certificate.read())
        let message = try sender.message(
            try await world.code(),
            request: { if inRequest { $0.subject = both } }
        )
        let issued = try #require(try await world.ask(message).certificate)
        #expect(issued.subject.der == (inRequest ? both : HandMadeCertificate.name("device-1")))
    }

    // MARK: - Attributes (J5, J6)

    @Test(arguments: [OID.extensionRequest, OID.microsoftExtensions, OID.verisignExtensions])
    func namesAreGrantedFromEachCarrierOfExtensions(carrier: [UInt8]) async throws {
        let world = try await World()
        let names = Wish.names(Wish.dns("device.example"))
        let message = try Device(in: world).message(
            try await world.code(),
            request: { $0.attributes.append(TLV.attribute(carrier, TLV.sequence(names))) }
        )
        let issued = try #require(try await world.ask(message).certificate)
        let granted = try SubjectAlternativeNames(try #require(issued.extension([2, 5, 29, 17])))
        #expect(Array(granted) == [.dnsName("device.example")])
    }

    @Test func carriersThatContradictEachOtherAreRefused() async throws {
        let world = try await World()
        let message = try Device(in: world).message(
            try await world.code(),
            request: { request in
                for (carrier, name) in [(OID.extensionRequest, "a.example"), (OID.microsoftExtensions, "b.example")] {
                    let list = TLV.sequence(Wish.names(Wish.dns(name)))
                    request.attributes.append(TLV.attribute(carrier, list))
                }
            }
        )
        #expect(try await world.ask(message).certificate == nil)
        #expect(try await world.certificateCount() == 0)
    }

    @Test func attributesOfMicrosoftsEnrolmentAreReadOverAndLeaveNoTrace() async throws {
        let world = try await World()
        let own = try HandMadeCertificate("old", key: try TestKeys.other).der()
        let template = Self.bmp("DomainController")
        let templateVersion2 = TLV.sequence([UInt8](hex: "060a2b0601040182371508 01"), TLV.integer(100), TLV.integer(4))
        let message = try Device(in: world).message(
            try await world.code(),
            extensions: [
                Wish.extension("06092b0601040182371402", template),
                Wish.extension("06092b0601040182371507", templateVersion2),
            ],
            request: { request in
                request.attributes += [
                    // Name and value, CSP, version of the system, certificate to renew.
                    Self.microsoft("0d0201", TLV.sequence(Self.bmp("CertificateTemplate"), template)),
                    Self.microsoft(
                        "0d0202",
                        TLV.sequence(TLV.integer(1), Self.bmp("Microsoft Software KSP"), TLV.bitString([]))
                    ),
                    Self.microsoft("0d0203", TLV.encode(0x16, Array("10.0.22631.2".utf8))),
                    Self.microsoft("0d01", own),
                    // Who asks: machine, user, program.
                    Self.microsoft(
                        "1514",
                        TLV.sequence(
                            TLV.integer(9),
                            TLV.utf8("pc-1.corp.example"),
                            TLV.utf8("CORP\\admin"),
                            TLV.utf8("mmc.exe")
                        )
                    ),
                    // The template's name as an attribute, as strongSwan and sscep send it.
                    Self.microsoft("1402", TLV.utf8("DomainController")),
                ]
            }
        )
        let issued = try #require(try await world.ask(message).certificate)
        #expect(issued.extensions.allSatisfy { !"\($0.oid)".hasPrefix("1.3.6.1.4.1.311.") })
        for text in ["DomainController", "CORP", "mmc.exe", "10.0.22631"] {
            #expect(!issued.der.contains(run: Array(text.utf8)))
            #expect(!issued.der.contains(run: text.utf8.flatMap { [0, $0] }))
        }
        #expect(issued.subject.description == "CN=device-1")
    }

    // MARK: - Challenges (K1, K2, K3, K4)

    @Test func challengeOfAnotherStringTypeIsTheSameChallenge() async throws {
        let world = try await World()
        let code = try await world.code()
        let device = try Device(in: world)
        var certificates: Set<[UInt8]> = []
        // PrintableString, UTF8String, T61String, IA5String, BMPString, UniversalString and VisibleString.
        for tag: UInt8 in [0x13, 0x0C, 0x14, 0x16, 0x1E, 0x1C, 0x1A] {
            let width = tag == 0x1E ? 2 : tag == 0x1C ? 4 : 1
            let bytes = code.utf8.flatMap { [UInt8](repeating: 0, count: width - 1) + [$0] }
            let message = try device.message(
                nil,
                transactionID: "tag-\(tag)",
                request: { $0.attributes = [TLV.attribute(OID.challengePassword, TLV.encode(tag, bytes))] }
            )
            certificates.insert(try #require(try await world.ask(message).certificate, "tag \(tag)").der)
        }
        #expect(certificates.count == 1)
    }

    @Test func codesThatAreMadeHereHave32LettersAndDigits() async throws {
        let world = try await World()
        let codes = try await world.challenges.makeOneTime(count: 100, profile: "default", lifetime: 60)
        #expect(Set(codes).count == 100)
        #expect(codes.allSatisfy { $0.utf8.count == 32 })
        #expect(codes.joined().allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
    }

    @Test func challengeOf16KiBReachesItsSourceWhole() async throws {
        let world = try await World()
        let long = String(repeating: "MIIQ+/0123456789", count: 1024)
        let source = ExpectingSource(challenge: long)
        let profile = try world.profile(sources: [source])
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message(long), profile: profile).certificate != nil)
        let short = try device.message(String(long.dropLast()), transactionID: "short")
        #expect(try await world.ask(short, profile: profile) == .uniform)
        #expect(try await world.latestTrace().steps.allSatisfy { !$0.detail.contains("MIIQ") })
    }

    // MARK: - Transactions (I1)

    @Test(arguments: [
        "3F2504E04F8911D39A0C0305E82C33013F2504E0",  // SHA-1 in hexadecimal: strongSwan
        "D41D8CD98F00B204E9800998ECF8427E",  // MD5 in hexadecimal: sscep, FortiGate
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",  // base64: micromdm
        "{6B29FC40-CA47-1067-B31D-00DD010662DA}", "device_1@corp.example", "../../etc/passwd", "a\\b&c;d|e`f$(g)",
        "0", "   ",
    ])
    func transactionIDOfAnyShapeComesBackAsItWas(id: String) async throws {
        let world = try await World()
        for challenge in [try await world.code(), "wrong"] {
            let reply = try await world.certRep(try Device(in: world).message(challenge, transactionID: id))
            #expect(try reply.value(OID.transactionID)?.encoded == TLV.printable(id))
        }
        _ = try await world.traces.flush()
        #expect(try await world.store.traces(transactionID: id, limit: 9).count == 2)
    }

    // MARK: - Renewal and time (L7, M1)

    @Test func oldCertificateStaysGoodAfterARenewal() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let old = try #require(device.issued)
        #expect(try await world.ask(try device.renewal(try TestKeys.other)).certificate != nil)
        // The reply may be lost: whoever has nothing but the old certificate can go on with it.
        let record = try await world.record(old)
        #expect(record.revocation == nil)
        let query = try device.query(old.issuer.der, old.serialNumber)
        #expect(try await world.ask(query) == .certificate(old.der))
    }

    @Test(arguments: [0, 3600, 86_400]) func certificateIsValidSoMuchEarlierThanItIsIssued(seconds: Int) async throws {
        let world = try await World()
        world.clock.advance(86_400 * 30)
        let profile = try world.profile(template: CertificateTemplate(backdateSeconds: seconds))
        let message = try Device(in: world).message(try await world.code())
        let issued = try #require(try await world.ask(message, profile: profile).certificate)
        let start = try #require(issued.notBefore)
        let distance = world.clock.now.timeIntervalSince(start)
        #expect(distance >= Double(seconds) && distance < Double(seconds) + 1)
        #expect(CertificateTemplate().backdateSeconds == 3600)
    }
}

/// A source that wants one challenge.
private struct ExpectingSource: ChallengeSource {
    let name = "expecting"
    let challenge: String

    func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        question.challenge == challenge ? .accept(claims: [], strength: .unguessable) : .notMine
    }
}
