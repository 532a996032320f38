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

/// Each rule about what may be renewed, kept and broken.
@Suite struct RenewalRuleTests {
    private static let tooEarly = Answer.failure("2", "it is too early to renew the certificate")
    private static let otherNames = Answer.failure("2", "a renewal keeps subject and names")

    // MARK: - Time

    @Test(arguments: ["33%", "100%", "0.5%", "30d", "1d", "always"])
    func windowOpensAtItsFirstMomentAndNotBefore(text: String) async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let certificate = try #require(device.issued)
        let (start, end) = (try #require(certificate.notBefore), try #require(certificate.notAfter))
        let opening: Date =
            switch text {
            case "33%": end.addingTimeInterval(-0.33 * end.timeIntervalSince(start))
            case "0.5%": end.addingTimeInterval(-0.005 * end.timeIntervalSince(start))
            case "30d": end.addingTimeInterval(-30 * 86_400)
            case "1d": end.addingTimeInterval(-86_400)
            default: start
            }
        let window = try #require(RenewalWindow(text))
        #expect(window.description == text)
        let profile = try world.profile(settings: .with(renewal: RenewalPolicy(window: window)))
        if opening > world.clock.now {
            world.clock.advance(opening.timeIntervalSince(world.clock.now) - 0.01)
            for type in ["17", "19"] {
                let early = try device.renewal(try TestKeys.other, type: type)
                #expect(try await world.ask(early, profile: profile) == Self.tooEarly)
                #expect(world.observer.reasons.last == .renewalTooEarly)
            }
            world.clock.advance(0.02)
        }
        #expect(try await world.ask(try device.renewal(try TestKeys.other), profile: profile).certificate != nil)
    }

    @Test(arguments: ["", "0%", "-1%", "101%", "nan%", "0d", "-1d", "36501d", "30", "d", "%", "1.5d", "Always"])
    func windowThatIsNoneIsNotRead(text: String) {
        #expect(RenewalWindow(text) == nil)
    }

    @Test(arguments: [0, 7])
    func expiredCertificateRenewsWithinItsGraceAndNotBeyond(graceDays: Int) async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let profile = try world.profile(settings: .with(renewal: RenewalPolicy(graceDays: graceDays)))
        let end = try #require(device.issued?.notAfter).addingTimeInterval(Double(graceDays) * 86_400)
        world.clock.advance(end.timeIntervalSince(world.clock.now))
        #expect(try await world.ask(try device.renewal(try TestKeys.other), profile: profile).certificate != nil)
        world.clock.advance(0.01)
        let late = try device.renewal(try TestKeys.other, transactionID: "late")
        #expect(try await world.ask(late, profile: profile) == .uniform)
        #expect(world.observer.reasons.last == .renewalExpired)
    }

    // MARK: - Names

    @Test func requirement143OtherSubjectIsRefused() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        for subject in [HandMadeCertificate.name("device-2"), TLV.sequence(), Self.name(["device-1", "extra"])] {
            let message = try device.renewal(try TestKeys.other) { $0.subject = subject }
            #expect(try await world.ask(message) == Self.otherNames)
            #expect(world.observer.reasons.last == .renewalNames)
        }
        #expect(try await world.certificateCount() == 1)
    }

    @Test func requirement143SubjectOfOtherStringTypesAndCaseIsTheSame() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let spellings = [TLV.printable("device-1"), TLV.utf8("Device-1"), TLV.utf8(" device-1 ")]
        for (index, value) in spellings.enumerated() {
            let message = try device.renewal(try TestKeys.other, transactionID: "spelling \(index)") { request in
                request.subject = HandMadeCertificate.name(value: value)
            }
            #expect(
                try await world.ask(message).certificate?.subject.isEquivalent(to: device.certificate.subject) == true
            )
        }
        #expect(try await world.certificateCount() == 4)
    }

    @Test func requirement143SubjectInAnotherOrderIsTheSameAndIsCertifiedAsItWas() async throws {
        let world = try await World()
        let order = ["device-1", "Example", "Devices"]
        let device = try await world.enrolled { $0.subject = Self.name(order) }
        for (index, shuffled) in [order.reversed(), ["Example", "device-1", "Devices"]].enumerated() {
            let message = try device.renewal(try TestKeys.other, transactionID: "order \(index)") { request in
                request.subject = Self.name(shuffled, types: shuffled.map { Self.types[$0] ?? OID.commonName })
            }
            #expect(try await world.ask(message).certificate?.subject == device.issued?.subject)
        }
        // The same words under other types are other names.
        let swapped = try device.renewal(try TestKeys.other, transactionID: "swapped") { request in
            request.subject = Self.name(["Example", "device-1", "Devices"])
        }
        #expect(try await world.ask(swapped) == Self.otherNames)
    }

    @Test func requirement143AlternativeNamesAreKeptWhenNoneOrTheSameAreAskedFor() async throws {
        let world = try await World()
        let (one, two) = (Wish.dns("one.example"), Wish.dns("two.example"))
        let device = try await world.enrolled(extensions: [Wish.names(one, two)])
        let held = try #require(device.issued?.extension([2, 5, 29, 17]))
        for (index, wish) in [[], [Wish.names(one, two)], [Wish.names(two, one)]].enumerated() {
            let message = try device.renewal(
                try TestKeys.other,
                transactionID: "names \(index)",
                extensions: wish
            )
            #expect(try await world.ask(message).certificate?.extension([2, 5, 29, 17])?.value == held.value)
        }
        for wish in [Wish.names(one), Wish.names(one, two, Wish.dns("three.example")), Wish.names(Wish.uri("x:y"))] {
            let message = try device.renewal(try TestKeys.other, extensions: [wish])
            #expect(try await world.ask(message) == Self.otherNames)
        }
        #expect(try await world.certificateCount() == 4)
    }

    @Test func requirement143NamesAreNotAddedToACertificateWithoutAny() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let message = try device.renewal(try TestKeys.other, extensions: [Wish.names(Wish.dns("a.example"))])
        #expect(try await world.ask(message) == Self.otherNames)
        // What the template would not grant anyway is no wish.
        let power = try device.renewal(
            try TestKeys.other,
            extensions: Wish.power + [Wish.names(Wish.userPrincipalName("administrator@corp.example"))]
        )
        let renewed = try #require(try await world.ask(power).certificate)
        #expect(renewed.extension([2, 5, 29, 17]) == nil)
        #expect(!renewed.isCertificateAuthority)
    }

    @Test func namesThatTheTemplateGrantsNoLongerAreLeftOut() async throws {
        let world = try await World()
        let wish = [Wish.names(Wish.dns("a.example"), Wish.uri("urn:device:1"))]
        let device = try await world.enrolled(extensions: wish)
        let profile = try world.profile(template: CertificateTemplate(allowedNames: [.dns]))
        for (index, extensions) in [wish, []].enumerated() {
            let message = try device.renewal(
                try TestKeys.other,
                transactionID: "template \(index)",
                extensions: extensions
            )
            let renewed = try #require(try await world.ask(message, profile: profile).certificate)
            let names = try SubjectAlternativeNames(try #require(renewed.extension([2, 5, 29, 17])))
            #expect(Array(names) == [.dnsName("a.example")])
        }
    }

    @Test func renewalIsHeldToTheTemplateAsItIsNow() async throws {
        let world = try await World()
        let short = try await TestKeys.short()
        let device = try await world.enrolled(
            key: short,
            profile: try world.profile(template: CertificateTemplate(minimumRSABits: 1024))
        )
        let text = "the key is not of a type or size that is certified"
        #expect(try await world.ask(try device.renewal(short)) == .failure("0", text))
        #expect(try await world.ask(try device.renewal(try TestKeys.other)).certificate != nil)
    }

    private static let types = ["device-1": OID.commonName, "Example": OID.organization]

    /// A name of commonName, organization and more commonNames, unless the types are others.
    private static func name(_ values: [String], types: [[UInt8]]? = nil) -> [UInt8] {
        let types = types ?? [OID.commonName, OID.organization] + Array(repeating: OID.commonName, count: values.count)
        return TLV.encode(
            0x30,
            zip(types, values).flatMap { type, value in TLV.set(TLV.sequence(type, TLV.utf8(value))) }
        )
    }
}
