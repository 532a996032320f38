// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Foundation
internal import SCEPCrafting
internal import Synchronization
internal import TestSupport
internal import Testing

@testable internal import Enrollment

/// Addresses from which too many requests fail to authenticate.
@Suite struct ThrottleTests {
    private func ask(
        _ service: EnrollmentService,
        _ message: Message,
        _ profile: ServedProfile,
        from address: String
    ) async -> EnrollmentReply {
        await service.respond(to: message.bytes, profile: profile, remoteAddress: address)
    }

    /// Ten thousand wrong secrets for one device: it is locked, its address has to wait, and all others are served.
    @Test func tenThousandGuessesLockOneDeviceAndStopOneAddress() async throws {
        let world = try await World()
        let (first, second) = (try await world.registered("device-1"), try await world.registered("device-2"))
        let profile = try world.profile(sources: [world.registrations()])
        let service = world.service(time: StandingClock(now: world.clock.now))
        let device = try Device(in: world)
        let messages = try (0..<20).map { try device.message("guess \($0)") }
        var throttled = 0
        for number in 0..<10_000 {
            switch await ask(service, messages[number % messages.count], profile, from: "192.0.2.66") {
            case .throttled(let seconds):
                throttled += 1
                #expect(seconds > 0 && seconds <= 1)
            case .certRep: #expect(number < 120)
            default: Issue.record("another answer")
            }
        }
        #expect(throttled == 10_000 - 120)
        #expect(world.observer.reasons.count == 120)
        #expect(world.observer.throttled.count == throttled)
        #expect(world.observer.throttled.count { $0 } == 1)
        #expect(try await world.registration("device-1").failedGuesses == 10)
        // The right secret does not get through either: from another address it meets the lock.
        let right = try device.message(first)
        guard case .throttled = await ask(service, right, profile, from: "192.0.2.66"),
            case .certRep(let locked) = await ask(service, right, profile, from: "192.0.2.7")
        else {
            Issue.record("not stopped")
            return
        }
        #expect(try Answer(.certRep(locked), right) == .uniform)
        #expect(world.observer.reasons.last == .registrationLocked)
        // Another device is served from another address, and from this one on another profile.
        let other = try Device("device-2", key: try TestKeys.other, in: world).message(second)
        let reply = await ask(service, other, profile, from: "192.0.2.7")
        #expect(try Answer(reply, other).certificate != nil)
        let elsewhere = try world.profile("other")
        guard case .certRep = await ask(service, messages[0], elsewhere, from: "192.0.2.66") else {
            Issue.record("the other profile refuses as well")
            return
        }
    }

    @Test func goesOnAfterTheTimeThatItNames() async throws {
        let world = try await World()
        var settings = SCEPProfileSettings.with()
        settings.maximumFailuresPerMinute = 2
        let profile = try world.profile(settings: settings)
        let clock = StandingClock(now: world.clock.now)
        let service = world.service(time: clock)
        let wrong = try Device(in: world).message("wrong")
        for _ in 0..<4 {
            guard case .certRep = await ask(service, wrong, profile, from: "a") else {
                Issue.record("too early")
                return
            }
        }
        guard case .throttled(30) = await ask(service, wrong, profile, from: "a") else {
            Issue.record("not stopped for half a minute")
            return
        }
        clock.advance(29.9)
        guard case .throttled = await ask(service, wrong, profile, from: "a") else {
            Issue.record("too early")
            return
        }
        clock.advance(0.2)
        let right = try Device(in: world).message(try await world.code())
        #expect(try Answer(await ask(service, right, profile, from: "a"), right).certificate != nil)
    }

    @Test func successesAndFailuresOfTheOuterLayerDontCount() async throws {
        let world = try await World()
        var settings = SCEPProfileSettings.with()
        settings.maximumFailuresPerMinute = 1
        let profile = try world.profile(settings: settings)
        let service = world.service(time: StandingClock(now: world.clock.now))
        let device = try Device(in: world)
        let right = try device.message(try await world.code())
        let broken = try device.message("x", outer: { $0.spoilContent = { $0 + [0] } })
        for _ in 0..<5 {
            for message in [right, broken] {
                guard case .certRep = await ask(service, message, profile, from: "a") else {
                    Issue.record("stopped")
                    return
                }
            }
        }
    }

    @Test func zeroLetsEverybodyFail() async throws {
        let world = try await World()
        var settings = SCEPProfileSettings.with()
        settings.maximumFailuresPerMinute = 0
        let profile = try world.profile(settings: settings)
        let service = world.service(time: StandingClock(now: world.clock.now))
        let wrong = try Device(in: world).message("wrong")
        for _ in 0..<150 {
            guard case .certRep = await ask(service, wrong, profile, from: "a") else {
                Issue.record("stopped")
                return
            }
        }
    }

    /// Whoever guesses gains nothing by going round the URLs of the RA profiles, which take the same challenges.
    @Test func allURLsOfAProfileShareWhatMayFail() async throws {
        let world = try await World()
        var settings = SCEPProfileSettings.with()
        settings.maximumFailuresPerMinute = 2
        let profile = try world.profile(settings: settings)
        let phones = try #require(
            ServedProfile(
                name: ProfileName.served(raProfile: "phones"),
                scepProfile: profile.name,
                raProfile: "phones",
                settings: settings,
                compatibility: profile.compatibility,
                authorities: profile.authorities,
                template: CertificateTemplate(),
                challengeSources: [StoredChallengeSource(store: world.store, masterKey: world.masterKey)]
            )
        )
        let service = world.service(time: StandingClock(now: world.clock.now))
        let wrong = try Device(in: world).message("wrong")
        for profile in [profile, phones, profile, phones] {
            guard case .certRep = await ask(service, wrong, profile, from: "a") else {
                Issue.record("too early")
                return
            }
        }
        for profile in [profile, phones] {
            guard case .throttled = await ask(service, wrong, profile, from: "a") else {
                Issue.record("not stopped")
                return
            }
        }
    }

    @Test func remembersABoundedNumberOfAddresses() {
        let throttle = FailureThrottle()
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        func isRefused(_ address: String) -> Bool {
            throttle.refusal(profile: "default", address: address, perMinute: 1, at: now) != nil
        }
        for number in 0..<30_000 {
            throttle.count(
                2,
                profile: "default",
                address: "10.\(number / 65_536).\(number / 256).\(number % 256)",
                perMinute: 1,
                at: now
            )
        }
        #expect(throttle.count <= FailureThrottle.maximumAddressCount)
        #expect(isRefused("10.0.117.47"))
        #expect(!isRefused("10.0.0.1"))
    }

    @Test(arguments: [
        ("2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff", true),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ("2001:0db8:0001:0002::1", "2001:db8:1:2:0:0:0:9", true),
        ("2001:db8::1", "2001:db8:0:0:5::", true),
        ("2001:db8::1:0:0:0:1", "2001:db8:0:1::", true),
        ("::1", "::2", true),
        ("fe80::1%eth0", "fe80::2", true),
        ("::ffff:192.0.2.1", "192.0.2.1", true),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
        ("192.0.2.1", "192.0.2.2", false),
    ])
    func takesANetworkForOneSender(first: String, second: String, same: Bool) {
        #expect((RemoteNetwork(first) == RemoteNetwork(second)) == same)
    }
}

/// A clock that moves only when told: who waits comes back at once, without time having passed.
private final class StandingClock: TimeSource {
    private let moment: Mutex<Date>

    init(now: Date) { moment = Mutex(now) }

    var now: Date { moment.withLock { $0 } }

    func advance(_ seconds: Double) { moment.withLock { $0 += seconds } }

    func wait(until moment: Date) async {}
}
