// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import Foundation
internal import PKIX
internal import SCEPCrafting
internal import TestSupport
internal import Testing
internal import X509

/// Devices that were registered beforehand with a secret of their own.
@Suite struct RegistrationTests {
    @Test func registeredDeviceGetsItsCertificateOnceAndNobodyElseDoes() async throws {
        let world = try await World()
        let secret = try await world.registered("Device-1")
        let profile = try world.profile(sources: [world.registrations()])
        let device = try Device(in: world)
        let first = try await world.ask(try device.message(secret), profile: profile)
        #expect(first.certificate != nil)
        // The same key gets the same one; another key none.
        let again = try await world.ask(try device.message(secret, transactionID: "again"), profile: profile)
        #expect(again.certificate == first.certificate)
        let thief = try Device(key: try TestKeys.other, in: world)
        #expect(try await world.ask(try thief.message(secret), profile: profile) == .uniform)
        #expect(world.observer.reasons == [.issued, .issuedAgain, .challengeUsed])
        #expect(try await world.certificateCount() == 1)
    }

    @Test func registrationForManyServesEveryKeyOfTheDevice() async throws {
        let world = try await World()
        let secret = try await world.registered("device-1", uses: .many)
        let profile = try world.profile(sources: [world.registrations()])
        for key in [try TestKeys.client, try TestKeys.other] {
            let message = try Device(key: key, in: world).message(secret)
            #expect(try await world.ask(message, profile: profile).certificate != nil)
        }
        #expect(try await world.certificateCount() == 2)
    }

    @Test func secretOfOneDeviceIsNoneOfAnother() async throws {
        let world = try await World()
        let first = try await world.registered("device-1")
        let second = try await world.registered("device-2")
        let profile = try world.profile(sources: [world.registrations()])
        #expect(try await world.ask(try Device(in: world).message(second), profile: profile) == .uniform)
        #expect(try await world.registration("device-1").failedGuesses == 1)
        #expect(try await world.registration("device-2").failedGuesses == 0)
        #expect(try await world.ask(try Device(in: world).message(first), profile: profile).certificate != nil)
        // What was granted made the wrong one forgotten.
        #expect(try await world.registration("device-1").failedGuesses == 0)
        #expect(world.observer.reasons == [.challengeUnknown, .issued])
    }

    @Test func locksWithTheLastGuessAndUnlocksByAnOperator() async throws {
        let world = try await World()
        let secret = try await world.registered("device-1")
        let profile = try world.profile(sources: [world.registrations(maximumGuesses: 3)])
        let device = try Device(in: world)
        for guess in ["one", "two", "two", "three"] {
            #expect(try await world.ask(try device.message(guess), profile: profile) == .uniform)
        }
        #expect(world.observer.summaries.last?.detail.hasSuffix("which is locked now") == true)
        let locked = try await world.registration("device-1")
        #expect(locked.failedGuesses == 3)
        #expect(locked.lockedAt != nil)
        // The right secret does not help now, and nothing is written any more.
        for guess in [secret, "four", "five"] {
            #expect(try await world.ask(try device.message(guess), profile: profile) == .uniform)
        }
        #expect(world.observer.reasons.suffix(3) == [.registrationLocked, .registrationLocked, .registrationLocked])
        #expect(try await world.registration("device-1") == locked)
        #expect(try await world.store.unlockRegistration(locked.id))
        #expect(try await world.ask(try device.message(secret), profile: profile).certificate != nil)
    }

    /// Whoever has overheard a message can repeat it between guesses, and wins no guess by that.
    @Test(arguments: RegistrationUses.allCases)
    func aRepeatedMessageMakesNoGuessForgotten(uses: RegistrationUses) async throws {
        let world = try await World()
        let secret = try await world.registered("device-1", uses: uses)
        let profile = try world.profile(sources: [world.registrations(maximumGuesses: 3)])
        let device = try Device(in: world)
        let overheard = try device.message(secret)
        let first = try await world.ask(overheard, profile: profile)
        #expect(first.certificate != nil)
        for guess in ["one", "two", "three"] {
            #expect(try await world.ask(overheard, profile: profile) == first)
            #expect(try await world.ask(try device.message(guess), profile: profile) == .uniform)
        }
        #expect(try await world.registration("device-1").failedGuesses == 3)
        #expect(try await world.registration("device-1").lockedAt != nil)
    }

    @Test func traceNamesTheDeviceButNoSecret() async throws {
        let world = try await World()
        let secret = try await world.registered("device-1")
        let profile = try world.profile(sources: [world.registrations()])
        _ = try await world.ask(try Device(in: world).message("wrong-guess"), profile: profile)
        let trace = try await world.latestTrace()
        let text = trace.steps.map(\.detail).joined(separator: "\n")
        #expect(text.contains("not the secret of 'device-1': guess 1 of 10"))
        #expect(!text.contains("wrong-guess"))
        #expect(!text.contains(secret))
    }

    @Test func unknownDeviceIsLeftToTheNextSource() async throws {
        let world = try await World()
        _ = try await world.registered("device-2")
        let code = try await world.code()
        let stored = StoredChallengeSource(store: world.store, masterKey: world.masterKey)
        let profile = try world.profile(sources: [world.registrations(), stored])
        #expect(try await world.ask(try Device(in: world).message(code), profile: profile).certificate != nil)
        #expect(try await world.registration("device-2").failedGuesses == 0)
    }

    /// How a device is known, and what it is registered as.
    struct Identity: Sendable, CustomTestStringConvertible {
        var identifier: DeviceIdentifier
        var name: String
        var fits: Bool
        var testDescription: String { "\(identifier) \(name)" }
    }

    @Test(arguments: [
        Identity(identifier: .commonName, name: "device-1", fits: true),
        Identity(identifier: .commonName, name: " DEVICE-1 ", fits: true),
        Identity(identifier: .commonName, name: "4711", fits: false),
        Identity(identifier: .serialNumber, name: "4711", fits: true),
        Identity(identifier: .subject, name: "CN=device-1, serialNumber=4711", fits: true),
        Identity(identifier: .subject, name: "CN=device-1", fits: false),
        Identity(identifier: .dns, name: "a.example", fits: true),
        Identity(identifier: .dns, name: "b.example", fits: false),
    ])
    func isKnownByWhatTheSettingsName(_ identity: Identity) async throws {
        let world = try await World()
        let secret = try await world.registered(identity.name)
        let profile = try world.profile(sources: [world.registrations(identifiedBy: identity.identifier)])
        let message = try Device(in: world).message(secret, extensions: [Wish.names(Wish.dns("A.example"))]) {
            request in
            request.subject = try Name("CN=device-1,serialNumber=4711").der
        }
        #expect((try await world.ask(message, profile: profile).certificate != nil) == identity.fits)
    }

    /// A request that has more than one of what tells devices apart.
    struct Crowd: Sendable, CustomTestStringConvertible {
        var identifier: DeviceIdentifier
        var subject = "CN=device-1,serialNumber=4711"
        var dns = ["a.example"]
        var testDescription: String { "\(identifier) \(subject) \(dns)" }
    }

    /// A device has its own name in its certificate and no other of that kind beside it.
    @Test(arguments: [
        Crowd(identifier: .commonName, subject: "CN=device-1,CN=admin"),
        Crowd(identifier: .commonName, subject: "CN=admin,O=Example,CN=device-1"),
        Crowd(identifier: .commonName, subject: "CN=admin+CN=device-1"),
        Crowd(identifier: .commonName, subject: "CN=device-1,CN=device-1"),
        Crowd(identifier: .commonName, subject: "CN=device-1,CN=#0401ff"),
        Crowd(identifier: .serialNumber, subject: "serialNumber=1,CN=x+serialNumber=4711"),
        Crowd(identifier: .dns, dns: ["a.example", "vpn.example"]),
        Crowd(identifier: .dns, dns: ["vpn.example", "a.example"]),
    ])
    func anotherNameBesideThatOfTheDeviceIsRefused(_ crowd: Crowd) async throws {
        let world = try await World()
        let names: [DeviceIdentifier: String] = [.commonName: "device-1", .serialNumber: "4711", .dns: "a.example"]
        let name = try #require(names[crowd.identifier])
        let secret = try await world.registered(name)
        let source = world.registrations(identifiedBy: crowd.identifier)
        let stored = StoredChallengeSource(store: world.store, masterKey: world.masterKey)
        let profile = try world.profile(sources: [source, stored])
        func ask(_ challenge: String) async throws -> Answer {
            let wish = Wish.names(crowd.dns.map { Wish.dns($0) })
            let message = try Device(in: world).message(challenge, extensions: [wish]) { request in
                request.subject = try Name(crowd.subject).der
            }
            return try await world.ask(message, profile: profile)
        }
        for challenge in [secret, "wrong"] {
            #expect(try await ask(challenge) == .uniform)
            #expect(world.observer.reasons.last == .challengeIdentity)
        }
        #expect(world.observer.summaries.last?.detail.contains("names '\(name)' and has 2 of") == true)
        // Nothing was guessed.
        #expect(try await world.registration(name).failedGuesses == 0)
    }

    @Test func severalNamesOfNoRegisteredDeviceAreLeftToTheNextSource() async throws {
        let world = try await World()
        _ = try await world.registered("device-2")
        let code = try await world.code()
        let stored = StoredChallengeSource(store: world.store, masterKey: world.masterKey)
        let profile = try world.profile(sources: [world.registrations(), stored])
        let message = try Device(in: world).message(code) { $0.subject = try Name("CN=a,CN=b").der }
        #expect(try await world.ask(message, profile: profile).certificate != nil)
    }

    @Test func bindsWhatElseTheRequestAsksFor() async throws {
        let world = try await World()
        let secret = try await world.registered("device-1") { candidate in
            candidate.boundTo = try BoundIdentity(subject: nil, names: [.dnsName("a.example")], key: nil)
        }
        let profile = try world.profile(sources: [world.registrations()])
        let device = try Device(in: world)
        #expect(try await world.ask(try device.message(secret), profile: profile) == .uniform)
        #expect(world.observer.reasons.last == .challengeIdentity)
        let message = try device.message(secret, extensions: [Wish.names(Wish.dns("a.example"))])
        #expect(try await world.ask(message, profile: profile).certificate != nil)
    }

    @Test func bindsToAnRAProfile() async throws {
        let world = try await World()
        let secret = try await world.registered("device-1") { $0.raProfile = "other" }
        let profile = try world.profile(sources: [world.registrations()])
        #expect(try await world.ask(try Device(in: world).message(secret), profile: profile) == .uniform)
        #expect(world.observer.reasons == [.challengeIdentity])
    }

    @Test func revokedAndExpiredRegistrationsAreRefused() async throws {
        let world = try await World()
        let profile = try world.profile(sources: [world.registrations()])
        let secret = try await world.registered("device-1") { $0.expiresAt = world.clock.now.addingTimeInterval(10) }
        world.clock.advance(10)
        #expect(try await world.ask(try Device(in: world).message(secret), profile: profile) == .uniform)
        let other = try await world.registered("device-2")
        let id = try await world.registration("device-2").id
        #expect(try await world.store.revokeRegistration(id, at: world.clock.now))
        #expect(try await world.ask(try Device("device-2", in: world).message(other), profile: profile) == .uniform)
        #expect(world.observer.reasons == [.challengeExpired, .challengeRevoked])
    }

    @Test func dryRunCountsAndForgetsNothing() async throws {
        let world = try await World()
        let secret = try await world.registered("device-1")
        let source = world.registrations()
        func ask(_ challenge: String, dry: Bool) async throws -> ChallengeAnswer {
            let der = try HandMadeRequest("device-1", key: try TestKeys.client, challenge: challenge).encoded()
            return await source.judge(
                ChallengeQuestion(
                    profile: "default",
                    raProfile: "default",
                    transactionID: "id",
                    remoteAddress: "",
                    challenge: challenge,
                    publicKeyDigest: [1],
                    request: try CertificationRequest(derEncoded: der),
                    keyAlgorithm: .rsa(bits: 2048),
                    now: world.clock.now,
                    isDryRun: dry
                )
            )
        }
        guard case .reject(.challengeUnknown, _) = try await ask("wrong", dry: true) else {
            Issue.record("not refused")
            return
        }
        #expect(try await world.registration("device-1").failedGuesses == 0)
        _ = try await ask("wrong", dry: false)
        guard case .accept = try await ask(secret, dry: true) else {
            Issue.record("not accepted")
            return
        }
        #expect(try await world.registration("device-1").failedGuesses == 1)
        #expect(try await world.registration("device-1").usedAt == nil)
    }

    @Test func tellsTemplatesWhatIsKnownAndHowStrongTheSecretIs() async throws {
        let world = try await World()
        let made = try await world.registered("device-1") { candidate in
            candidate.attributes.add("registration.site", ["berlin"])
        }
        _ = try await world.registered("device-2", secret: "chosen by somebody")
        func answer(_ name: String, _ challenge: String) async throws -> ChallengeAnswer {
            let der = try HandMadeRequest(name, key: try TestKeys.client, challenge: challenge).encoded()
            return await world.registrations().judge(
                ChallengeQuestion(
                    profile: "default",
                    raProfile: "default",
                    transactionID: "id",
                    remoteAddress: "",
                    challenge: challenge,
                    publicKeyDigest: [1],
                    request: try CertificationRequest(derEncoded: der),
                    keyAlgorithm: .rsa(bits: 2048),
                    now: world.clock.now
                )
            )
        }
        guard case .accept(_, let attributes, .unguessable) = try await answer("device-1", made) else {
            Issue.record("not accepted as unguessable")
            return
        }
        #expect(attributes.values == ["registration.site": ["berlin"], "registration.name": ["device-1"]])
        guard case .accept(_, _, .unknown) = try await answer("device-2", "chosen by somebody") else {
            Issue.record("not accepted as of unknown strength")
            return
        }
    }

    @Test func settingsAreReadAndWrittenAndWrongOnesRefused() throws {
        func read(_ text: String) throws -> ChallengeSourceSettings {
            try JSONDecoder().decode(ChallengeSourceSettings.self, from: Data(text.utf8))
        }
        #expect(try read(#"{"type": "registration"}"#) == .registration(RegistrationSourceSettings()))
        let full = ChallengeSourceSettings.registration(.init(identifiedBy: .dns, maximumGuesses: 3))
        #expect(try read(#"{"type": "registration", "identifiedBy": "dns", "maximumGuesses": 3}"#) == full)
        #expect(try read(String(decoding: try JSONEncoder().encode(full), as: UTF8.self)) == full)
        for wrong in [#""identifiedBy": "OU""#, #""maximumGuesses": 0"#, #""maximumGuesses": "many""#] {
            #expect(throws: DecodingError.self) { try read(#"{"type": "registration", \#(wrong)}"#) }
        }
    }
}
