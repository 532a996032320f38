// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEPCrafting
internal import Storage
internal import SwiftASN1
internal import TestSupport
internal import Testing
internal import X509

@Suite struct PolicyTests {
    @Test(arguments: [(4, true), (16, true), (0, false), (5, false), (8, false), (32, false)])
    func addressesHaveTheLengthOfAnAddress(count: Int, isIssued: Bool) async throws {
        let world = try await World()
        let address = TLV.encode(0x87, [UInt8](repeating: 10, count: count))
        let message = try Device(in: world).message(try await world.code(), extensions: [Wish.names(address)])
        #expect((try await world.ask(message).certificate != nil) == isIssued)
    }

    @Test func shortKeyIsRefusedAfterAuthenticationAndTheCodeStays() async throws {
        let world = try await World()
        let code = try await world.code()
        let device = try Device("device-1", key: try await TestKeys.short(), in: world)
        let text = "the key is not of a type or size that is certified"
        #expect(try await world.ask(try device.message(code)) == .failure("0", text))
        #expect(world.observer.reasons == [.policyKey])
        #expect(try await world.row(code).usedAt == nil)
        #expect(try await world.certificateCount() == 0)
        // Whoever captured the message can have it refused again: that is not kept for the record.
        #expect(try await !world.latestTrace().isAuthenticated)
        // Without a right code it learns nothing of the policy.
        #expect(try await world.ask(try device.message("wrong")) == .uniform)
    }

    @Test func shortKeyIsCertifiedWhereTheTemplateAllowsIt() async throws {
        let world = try await World()
        let device = try Device("device-1", key: try await TestKeys.short(), in: world)
        let profile = try world.profile(template: CertificateTemplate(minimumRSABits: 1024))
        #expect(try await world.ask(try device.message(try await world.code()), profile: profile).certificate != nil)
    }

    @Test func emptySubjectWithoutNamesIsRefused() async throws {
        let world = try await World()
        let code = try await world.code()
        let message = try Device(in: world).message(code) { $0.subject = TLV.sequence() }
        #expect(try await world.ask(message) == .failure("2", "the requested names are not accepted"))
        #expect(world.observer.reasons == [.policySubject])
        #expect(try await world.row(code).usedAt == nil)
    }

    @Test func emptySubjectWithAnAllowedNameGetsACriticalName() async throws {
        let world = try await World()
        let message = try Device(in: world).message(
            try await world.code(),
            extensions: [Wish.names(Wish.dns("device.example"))],
            request: { $0.subject = TLV.sequence() }
        )
        let issued = try #require(try await world.ask(message).certificate)
        #expect(issued.subject.isEmpty)
        #expect(issued.extension([2, 5, 29, 17])?.critical == true)
    }

    @Test func emptySubjectWithAForbiddenNameOnlyIsRefused() async throws {
        let world = try await World()
        let message = try Device(in: world).message(
            try await world.code(),
            extensions: [Wish.names(Wish.uri("tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500"))],
            request: { $0.subject = TLV.sequence() }
        )
        #expect(try await world.ask(message) == .failure("2", "the requested names are not accepted"))
    }

    @Test func unreadableNamesAreRefused() async throws {
        let world = try await World()
        let message = try Device(in: world).message(
            try await world.code(),
            extensions: [Wish.extension("0603551d11", [0x30, 0x03, 0x82, 0x05, 0x61])]
        )
        #expect(try await world.ask(message) == .failure("2", "the requested names are not accepted"))
        #expect(world.observer.reasons == [.policyNames])
    }

    @Test func requirement110WishesForPowerAreNotHonoured() async throws {
        let world = try await World()
        let names = Wish.names(
            Wish.dns("device.example"),
            Wish.uri("tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500"),
            Wish.uri("TAG:Microsoft.COM,2022-09-14:sid:S-1-5-21-1-2-3-500"),
            Wish.userPrincipalName("administrator@corp.example")
        )
        let issued = try #require(
            try await world.ask(try Device(in: world).message(try await world.code(), extensions: Wish.power + [names]))
                .certificate
        )
        #expect(!issued.isCertificateAuthority)
        let usage = try #require(issued.keyUsage)
        #expect(usage.digitalSignature && usage.keyEncipherment && !usage.keyCertSign && !usage.cRLSign)
        let identifiers = Set(issued.extensions.map { "\($0.oid)" })
        #expect(
            identifiers == [
                "2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.14", "2.5.29.35", "2.5.29.17", "2.5.29.31",
                "1.3.6.1.5.5.7.1.1",
            ]
        )
        let purposes = try ExtendedKeyUsage(try #require(issued.extension([2, 5, 29, 37])))
        #expect(Array(purposes) == [.clientAuth])
        let granted = try SubjectAlternativeNames(try #require(issued.extension([2, 5, 29, 17])))
        #expect(Array(granted) == [.dnsName("device.example")])
        #expect(!issued.der.contains(run: Array("S-1-5-21".utf8)))
        #expect(!issued.der.contains(run: Array("administrator".utf8)))
    }

    @Test(arguments: [OID.microsoftExtensions, OID.verisignExtensions])
    func wishesInMicrosoftsAndVeriSignsAttributesAreWishesToo(carrier: [UInt8]) async throws {
        let world = try await World()
        let message = try Device(in: world).message(
            try await world.code(),
            request: { $0.attributes.append(TLV.attribute(carrier, TLV.encode(0x30, Wish.power.flatMap(\.self)))) }
        )
        let issued = try #require(try await world.ask(message).certificate)
        #expect(!issued.isCertificateAuthority)
        #expect(issued.extension([1, 3, 6, 1, 4, 1, 311, 25, 2]) == nil)
    }

    @Test func requirement168KeyOfACurveThatIsNotServedIsToldSoBeforeAnythingIsIssued() async throws {
        let world = try await World()
        let code = try await world.code()
        var certificate = HandMadeCertificate("device-1", key: try TestKeys.client)
        // secp256k1, as no product certifies it.
        let algorithm = TLV.sequence(OID.ecPublicKey, [UInt8](hex: "06052b8104000a"))
        certificate.subjectPublicKeyInfo = TLV.sequence(algorithm, TLV.bitString([4] + Array(repeating: 1, count: 64)))
        let device = try Device(in: world).holding(try certificate.read())
        #expect(
            try await world.ask(try device.message(code))
                == .failure("0", "an algorithm or key of the request is not accepted")
        )
        #expect(try await world.certificateCount() == 0)
        #expect(try await world.row(code).usedAt == nil)
    }

    @Test func requestSignedWithMD5IsRefusedUnlessTheProfileAcceptsIt() async throws {
        let world = try await World()
        let code = try await world.code()
        let key = try TestKeys.client
        let message = try Device(in: world).message(
            code,
            envelope: { envelope in
                let request = try DERElement(try HandMadeRequest("device-1", key: key, challenge: code).der())
                let info = try request.at(0).encoded
                let signature = try key.sign(info, scheme: .rsaPKCS1(.insecureMD5))
                envelope.plaintext = TLV.sequence(info, TLV.algorithm(OID.md5WithRSA), TLV.bitString(signature))
            }
        )
        #expect(try await world.ask(message) == .uniform)
        #expect(try await world.certificateCount() == 0)
        let settings = SCEPProfileSettings(raProfile: "default", acceptedLegacy: [.md5])
        #expect(try await world.ask(message, profile: try world.profile(settings: settings)).certificate != nil)
    }

    @Test func certificateDoesNotOutliveItsIssuer() async throws {
        let world = try await World()
        let code = try await world.code(lifetime: 86_400 * 365 * 30)
        world.clock.advance(86_400 * 365.25 * 19.5)
        let issued = try #require(try await world.ask(try Device(in: world).message(code)).certificate)
        #expect(issued.notAfter == world.issuer.authority.certificate.notAfter)
        world.clock.advance(86_400 * 365)
        let late = try Device("late", key: try TestKeys.other, in: world).message(try await world.code())
        #expect(try await world.ask(late) == .failure("2", "the certificate can't be issued"))
        #expect(world.observer.reasons.last == .issuerExpired)
    }
}

/// Extensions that a request asks for, each encoded.
enum Wish {
    static func `extension`(_ oid: String, _ value: [UInt8]) -> [UInt8] {
        TLV.sequence([UInt8](hex: oid), TLV.octetString(value))
    }

    static func names(_ names: [UInt8]...) -> [UInt8] { self.names(names) }

    static func names(_ names: [[UInt8]]) -> [UInt8] {
        `extension`("0603551d11", TLV.encode(0x30, names.flatMap(\.self)))
    }

    static func dns(_ name: String) -> [UInt8] { TLV.encode(0x82, Array(name.utf8)) }
    static func uri(_ name: String) -> [UInt8] { TLV.encode(0x86, Array(name.utf8)) }

    /// An otherName that Windows takes for an account.
    static func userPrincipalName(_ name: String) -> [UInt8] {
        TLV.context(0, [UInt8](hex: "060a2b060104018237140203"), TLV.context(0, TLV.utf8(name)))
    }

    /// What nobody gets by asking.
    static let power = [
        // basicConstraints CA:TRUE and keyUsage keyCertSign, cRLSign.
        `extension`("0603551d13", TLV.sequence([1, 1, 0xFF])), `extension`("0603551d0f", [3, 2, 1, 6]),
        // extKeyUsage: enrolment agent, smart-card logon, any.
        `extension`(
            "0603551d25",
            TLV.sequence(
                [UInt8](hex: "060a2b060104018237140201"),
                [UInt8](hex: "060a2b060104018237140202"),
                [UInt8](hex: "0604551d2500")
            )
        ),
        // The SID of an account, and application policies.
        `extension`("06092b0601040182371902", TLV.octetString(Array("S-1-5-21-1-2-3-500".utf8))),
        `extension`("06092b060104018237150a", TLV.sequence(TLV.sequence([UInt8](hex: "06082b06010505070302")))),
        // nameConstraints and certificatePolicies.
        `extension`("0603551d1e", TLV.sequence()), `extension`("0603551d20", TLV.sequence()),
    ]
}
