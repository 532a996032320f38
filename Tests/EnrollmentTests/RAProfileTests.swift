// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import Storage
internal import TestSupport
internal import Testing

internal import struct Foundation.Date

/// What is served at the URL of an RA profile, beside that of the SCEP profile which serves it (design §2).
@Suite struct RAProfileTests {
    /// What the URL of an RA profile serves.
    private func served(
        _ world: World,
        _ raProfile: String = "phones",
        by scepProfile: String = "default",
        settings: SCEPProfileSettings = SCEPProfileSettings(raProfile: "default"),
        template: CertificateTemplate = CertificateTemplate(validityDays: 30)
    ) throws -> ServedProfile {
        let present = try world.profile()
        return try #require(
            ServedProfile(
                name: ProfileName.served(raProfile: raProfile),
                scepProfile: scepProfile,
                raProfile: raProfile,
                settings: settings,
                compatibility: present.compatibility,
                authorities: present.authorities,
                template: template,
                challengeSources: [StoredChallengeSource(store: world.store, masterKey: world.masterKey)]
            )
        )
    }

    @Test func codesAreTheSCEPProfilesAndIssueByTheRAProfile() async throws {
        let world = try await World()
        let profile = try served(world)
        let code = try await world.code()
        let device = try Device(in: world)
        let message = try device.message(code)
        let certificate = try #require(try await world.ask(message, profile: profile).certificate)
        #expect(try #require(certificate.notAfter) < world.clock.now.addingTimeInterval(31 * 86_400))
        #expect(try await world.record(certificate).profile == "raProfile/phones")
        #expect(try await world.row(code).usedAt != nil)
        // A code of another SCEP profile is none here.
        let foreign = try Device("other", key: TestKeys.other, in: world).message(try await world.code(profile: "vpn"))
        #expect(try await world.ask(foreign, profile: profile) == .uniform)
        #expect(world.observer.reasons.last == .challengeUnknown)
    }

    @Test func transactionsOfBothURLsAreSeparate() async throws {
        let world = try await World()
        let profile = try served(world)
        let device = try Device(in: world)
        let first = try await world.ask(try device.message(try await world.code()), profile: profile).certificate
        // The same transactionID and key, and another code.
        let second = try await world.ask(try device.message(try await world.code())).certificate
        #expect(first != nil && second != nil && first != second)
        #expect(try await world.record(try #require(second)).profile == "default")
    }

    @Test(arguments: ["17", "19"])
    func aCertificateRenewsOnlyWhereItWasIssued(type: String) async throws {
        let world = try await World()
        let profile = try served(world)
        let device = try Device(in: world)
        let issued = try #require(
            try await world.ask(try device.message(try await world.code()), profile: profile).certificate
        )
        let renewal = try device.holding(issued).renewal(try TestKeys.other, type: type)
        #expect(try await world.ask(renewal).certificate == nil)
        #expect(try await world.ask(renewal, profile: profile).certificate != nil)
        let other = try await world.enrolled("device-2")
        let back = try other.renewal(try TestKeys.other, type: type)
        #expect(try await world.ask(back, profile: profile).certificate == nil)
        #expect(try await world.ask(back).certificate != nil)
    }

    @Test func anotherDefaultRAProfileChangesNothingForClients() async throws {
        let world = try await World()
        let device = try await world.enrolled()
        let code = try await world.code()
        let message = try Device("second", key: TestKeys.other, in: world).message(code, transactionID: "second")
        let first = try await world.ask(message).certificate
        let switched = try world.profile(
            settings: SCEPProfileSettings(raProfile: "other"),
            template: CertificateTemplate(validityDays: 10)
        )
        // Resends, renewals and codes go on, and what is new follows the new RA profile.
        #expect(try await world.ask(message, profile: switched).certificate == first)
        let renewed = try #require(
            try await world.ask(try device.renewal(try TestKeys.other), profile: switched).certificate
        )
        #expect(try #require(renewed.notAfter) < world.clock.now.addingTimeInterval(11 * 86_400))
        #expect(try await world.record(renewed).profile == "default")
    }

    @Test func anotherDefaultRAProfileDoesNotDisturbWhatWaits() async throws {
        let world = try await World()
        let manual = try world.profile(settings: .with(approval: .enrollments))
        let device = try Device(in: world)
        let message = try device.message(try await world.code())
        #expect(try await world.ask(message, profile: manual) == .pending)
        var settings = SCEPProfileSettings.with(approval: .enrollments)
        settings.raProfile = "other"
        let switched = try world.profile(settings: settings, template: CertificateTemplate(validityDays: 10))
        #expect(try await world.ask(try device.poll(), profile: switched) == .pending)
        #expect(try await world.ask(message, profile: switched) == .pending)
        let waiting = try #require(try await world.waiting().first)
        guard case .issued(let certificate) = try await world.decisions(switched).approve(waiting.id, by: "ada") else {
            Issue.record("it was not issued")
            return
        }
        #expect(try await world.ask(try device.poll(), profile: switched).certificate?.der == certificate.der)
        #expect(try await world.ask(message, profile: switched).certificate?.der == certificate.der)
    }

    @Test func anotherSCEPProfileKeepsWhatTheRAProfileIssued() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let message = try device.message(try await world.code())
        let before = try served(world)
        let issued = try #require(try await world.ask(message, profile: before).certificate)
        let after = try served(world, by: "vpn")
        // The reply may have been lost: the same request still has its answer, though the code is not the new SCEP profile's.
        #expect(try await world.ask(message, profile: after).certificate == issued)
        #expect(try await world.ask(try device.poll(), profile: after).certificate == issued)
        let renewal = try device.holding(issued).renewal(try TestKeys.other)
        #expect(try await world.ask(renewal, profile: after).certificate != nil)
        // Codes are the SCEP profile's.
        let old = try Device("late", key: TestKeys.other, in: world).message(try await world.code())
        #expect(try await world.ask(old, profile: after) == .uniform)
        let new = try Device("late", key: TestKeys.other, in: world).message(try await world.code(profile: "vpn"))
        #expect(try await world.ask(new, profile: after).certificate != nil)
    }

    @Test func whatWaitsAtTheURLOfAnRAProfileIsDecidedThere() async throws {
        let world = try await World()
        let profile = try served(world, settings: .with(approval: .all))
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message(try await world.code()), profile: profile) == .pending)
        let waiting = try #require(try await world.waiting().first)
        #expect(waiting.key.profile == "raProfile/phones")
        #expect(waiting.raProfile == "phones")
        let outcome = try await world.decisions(profile).approve(waiting.id, by: "ada")
        guard case .issued = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try await world.ask(try device.poll(), profile: profile).certificate != nil)
        #expect(try await world.ask(try device.poll()) == .unknownTransaction)
    }
}

/// Profiles that ask for no challenge, because somebody decides on each request (design §9).
@Suite struct OpenProfileTests {
    @Test func nothingIsServedThatWouldIssueToAnybody() async throws {
        let world = try await World()
        for approval in [ApprovalPolicy.automatic, .enrollments] {
            #expect(try world.resolve(settings: .with(approval: approval), sources: []) == nil)
        }
        #expect(try world.resolve(settings: .with(approval: .all), sources: []) != nil)
    }

    @Test(arguments: [nil, "whatever"])
    func everyRequestWaitsWithOrWithoutAChallenge(challenge: String?) async throws {
        let world = try await World()
        let profile = try #require(try world.resolve(settings: .with(approval: .all), sources: []))
        let device = try Device(in: world)
        let message = try device.message(challenge)
        #expect(try await world.ask(message, profile: profile) == .pending)
        #expect(try await world.ask(message, profile: profile) == .pending)
        #expect(try await world.waiting().count == 1)
        #expect(try await world.certificateCount() == 0)
        let waiting = try #require(try await world.waiting().first)
        _ = try await world.decisions(profile).approve(waiting.id, by: "ada")
        #expect(try await world.ask(message, profile: profile).certificate != nil)
    }
}
