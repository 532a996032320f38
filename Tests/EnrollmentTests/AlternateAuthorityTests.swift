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

/// Renewal by certificates of another CA (RFC 8894 §2.3).
@Suite struct AlternateAuthorityTests {
    private func ask(
        _ world: World,
        _ profile: ServedProfile,
        signer: EncodedCertificate? = nil,
        type: String = "17",
        challenge: String? = nil
    ) async throws -> Answer {
        let device = try Device(in: world).holding(try signer ?? AlternateCA.issue())
        return try await world.ask(
            try device.renewal(try TestKeys.other, type: type, challenge: challenge),
            profile: profile
        )
    }

    @Test func requirement145CertificateOfAConfiguredAuthorityIsRenewedHere() async throws {
        let world = try await World()
        let issued = try #require(try await ask(world, try AlternateCA().profile(world)).certificate)
        #expect(issued.issuer == world.issuer.authority.certificate.subject)
        #expect(issued.subject == (try AlternateCA.issue()).subject)
        #expect(issued.subjectPublicKeyInfo.der == (try TestKeys.other).publicKey.subjectPublicKeyInfo)
    }

    @Test func requirement145CertificateOfAnAuthorityThatIsNotConfiguredIsNot() async throws {
        let world = try await World()
        #expect(try await ask(world, try AlternateCA().profile(world, configured: [])) == .uniform)
        #expect(world.observer.reasons == [.renewalSigner])
        #expect(try await ask(world, try world.profile()) == .uniform)
        #expect(world.observer.reasons == [.renewalSigner, .requestKeyMismatch])
        #expect(try await world.certificateCount() == 0)
    }

    @Test func requirement145CertificateWithTheAuthoritysNameAndNotItsSignatureIsNot() async throws {
        let world = try await World()
        let forged = try AlternateCA.issue { $0.signer = try TestKeys.client }
        #expect(try await ask(world, try AlternateCA().profile(world), signer: forged) == .uniform)
        // For all that is known it is a self-signed certificate, and those ask for their own key.
        #expect(world.observer.reasons == [.requestKeyMismatch])
    }

    @Test(arguments: ["260101000000Z,270101000000Z", "280101000000Z,290101000000Z"])
    func expiredOrFutureCertificateIsNotRenewed(validity: String) async throws {
        let world = try await World()
        let signer = try AlternateCA.issue { certificate in
            certificate.validity = validity.split(separator: ",").flatMap { HandMadeCertificate.utcTime(String($0)) }
        }
        #expect(try await ask(world, try AlternateCA().profile(world), signer: signer) == .uniform)
        #expect(world.observer.reasons == [.renewalExpired])
    }

    @Test func revokedCertificateIsNotRenewed() async throws {
        let world = try await World()
        var authority = try AlternateCA()
        authority.revoked = [[0x11], [0x55]]
        #expect(try await ask(world, try authority.profile(world)) == .uniform)
        #expect(world.observer.reasons == [.renewalRevoked])
        authority.revoked = []
        #expect(try await ask(world, try authority.profile(world)).certificate != nil)
    }

    @Test func listedInAStaleListIsRevokedAllTheSame() async throws {
        let world = try await World()
        var authority = try AlternateCA()
        authority.revoked = [[0x55]]
        authority.times = HandMadeCertificate.utcTime("260114000000Z") + HandMadeCertificate.utcTime("260201000000Z")
        #expect(try await ask(world, try authority.profile(world)) == .uniform)
        #expect(world.observer.reasons == [.renewalRevoked])
    }

    @Test(arguments: [
        "missing", "stale", "from the future", "without nextUpdate", "another issuer's", "another's signature",
        "delta", "indirect", "certain reasons", "CA certificates only", "another distribution point", "unreadable",
        "unknown critical extension",
    ])
    func withoutAListThatCanTellNothingIsRenewed(what: String) async throws {
        let world = try await World()
        var authority = try AlternateCA()
        func critical(_ oid: String, _ value: [UInt8]) -> [UInt8] {
            TLV.sequence([UInt8](hex: oid), [1, 1, 0xFF], TLV.octetString(value))
        }
        let scope = "0603551d1c"
        switch what {
        case "stale":
            authority.times =
                HandMadeCertificate.utcTime("260114000000Z") + HandMadeCertificate.utcTime("270115000000Z")
        case "from the future":
            authority.times =
                HandMadeCertificate.utcTime("270116000000Z") + HandMadeCertificate.utcTime("270201000000Z")
        case "without nextUpdate": authority.times = HandMadeCertificate.utcTime("270114000000Z")
        case "another issuer's": authority.issuer = HandMadeCertificate.name("Third CA")
        case "another's signature": authority.signer = try TestKeys.other
        case "delta": authority.extensions = [critical("0603551d1b", TLV.integer(1))]
        case "indirect": authority.extensions = [critical(scope, TLV.sequence([0x84, 1, 0xFF]))]
        case "certain reasons": authority.extensions = [critical(scope, TLV.sequence([0x83, 2, 1, 2]))]
        case "CA certificates only": authority.extensions = [critical(scope, TLV.sequence([0x82, 1, 0xFF]))]
        case "another distribution point":
            let url = TLV.encode(0x86, Array("http://other.example/2.crl".utf8))
            authority.extensions = [critical(scope, TLV.sequence(TLV.context(0, TLV.context(0, url))))]
        case "unknown critical extension": authority.extensions = [critical("06032a0304", TLV.null)]
        default: break
        }
        let list: [UInt8]? = ["missing": [], "unreadable": [0x30, 0x01]][what]
        let profile = try authority.profile(world, list: list)
        #expect(try await ask(world, profile) == .uniform)
        #expect(world.observer.reasons == [.renewalStatusUnknown])
        #expect(try await world.certificateCount() == 0)
    }

    @Test func listThatExpiresMeanwhileEndsRenewals() async throws {
        let world = try await World()
        let profile = try AlternateCA().profile(world)
        world.clock.advance(370 * 86_400)
        #expect(try await ask(world, profile).certificate != nil)
        world.clock.advance(30 * 86_400)
        let late = try Device(in: world).holding(try AlternateCA.issue())
            .renewal(try TestKeys.client, transactionID: "late")
        #expect(try await world.ask(late, profile: profile) == .uniform)
        #expect(world.observer.reasons.last == .renewalStatusUnknown)
    }

    @Test func pkcsReqOfAnotherAuthoritysHolderNeedsAChallenge() async throws {
        let world = try await World()
        let profile = try AlternateCA().profile(world)
        #expect(try await ask(world, profile, type: "19") == .uniform)
        #expect(world.observer.reasons == [.challengeMissing])
        let code = try await world.code()
        #expect(try await ask(world, profile, type: "19", challenge: code).certificate != nil)
    }

    @Test func namesThatTheTemplateDoesNotGrantAreNotTakenFromAnotherAuthority() async throws {
        let world = try await World()
        let names = TLV.encode(
            0x30,
            Wish.dns("device-1.example") + Wish.userPrincipalName("administrator@corp.example")
                + Wish.uri("tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500")
        )
        let signer = try AlternateCA.issue { certificate in
            certificate.extensions = [HandMadeCertificate.extension(OID.subjectAltName, names)]
        }
        let issued = try #require(try await ask(world, try AlternateCA().profile(world), signer: signer).certificate)
        let granted = try SubjectAlternativeNames(try #require(issued.extension([2, 5, 29, 17])))
        #expect(Array(granted) == [.dnsName("device-1.example")])
    }

    @Test func holderOfAnotherAuthoritysCertificateMayNotAskForCertificates() async throws {
        let world = try await World()
        let profile = try AlternateCA().profile(world)
        let own = try await world.enrolled("somebody", key: try TestKeys.other)
        let device = try Device(in: world).holding(try AlternateCA.issue())
        let issuer = world.issuer.authority.certificate.subject.der
        let number = try #require(own.issued?.serialNumber)
        for type in ["21", "22"] {
            #expect(try await world.ask(try device.query(issuer, number, type: type), profile: profile) == .uniform)
        }
        #expect(world.observer.reasons.suffix(2) == [.queryNotEntitled, .queryNotEntitled])
    }
}
