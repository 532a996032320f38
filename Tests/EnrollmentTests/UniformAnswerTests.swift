// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import Storage
internal import TestSupport
internal import Testing
internal import X509

internal import struct Foundation.Date

/// Whoever can re-sign a captured envelope learns nothing from how its change is refused (design §6.1).
@Suite struct UniformAnswerTests {
    /// Everything that is seen of an answer from outside, but for what is random or fixed by the request.
    private struct Appearance: Hashable {
        var length: Int
        var attributes: [[UInt8]]
        var failInfo: String?
        var text: String?
        var delay: Double
    }

    private func appearance(_ message: Message, in world: World) async throws -> Appearance {
        let start = world.clock.now
        let reply = await world.service().respond(
            to: message.bytes,
            profile: try world.profile(),
            remoteAddress: "192.0.2.1"
        )
        guard case .certRep(let bytes) = reply else {
            Issue.record("no CertRep: \(reply)")
            throw DERElement.Defect.missing
        }
        let reader = try ReplyReader(bytes)
        let released = try #require(world.clock.waits.last)
        return Appearance(
            length: bytes.count,
            attributes: try reader.attributes.map { try DERElement($0).at(0).encoded },
            failInfo: try reader.value(OID.failInfo)?.text,
            text: try reader.value(OID.failInfoText)?.text,
            delay: released.timeIntervalSince(start)
        )
    }

    @Test func everyFailureBeforeAuthenticationLooksAlikeAndComesAtTheSameMoment() async throws {
        let world = try await World()
        let code = try await world.code()
        let cases = try await spoiltMessages(world, code)
        var seen: [Appearance: [String]] = [:]
        for (name, message) in cases {
            seen[try await appearance(message, in: world), default: []].append(name)
        }
        #expect(seen.count == 1, "\(seen)")
        let only = try #require(seen.keys.first)
        #expect(only.failInfo == "2")
        #expect(only.text == FailInfo.uniform.text)
        #expect(abs(only.delay - EnrollmentService.uniformDelay) < 0.000_1)
        #expect(try await world.certificateCount() == 0)
        #expect(try await world.row(code).usedAt == nil)
        // Nothing was wrong with the code, the key or the clock.
        #expect(try await world.ask(try Device(in: world).message(code)).certificate != nil)
    }

    @Test func operatorsSeeWhatPeersDoNot() async throws {
        let world = try await World()
        let code = try await world.code()
        for (_, message) in try await spoiltMessages(world, code) { _ = try await world.ask(message) }
        let reasons = Set(world.observer.reasons)
        #expect(
            reasons == [
                .envelopeUnopened, .requestKeyMismatch, .requestSignature, .challengeMissing, .challengeUnknown,
                .challengeIdentity, .challengeUsed, .challengeExpired, .challengeRevoked,
            ]
        )
    }

    @Test func slowDecisionIsReleasedAtTheNextMultiple() async throws {
        let world = try await World()
        let slow = SlowSource(clock: world.clock, seconds: 0.7)
        let start = world.clock.now
        let profile = try world.profile(sources: [slow])
        #expect(try await world.ask(try Device(in: world).message("whatever"), profile: profile) == .uniform)
        let delay = try #require(world.clock.waits.last).timeIntervalSince(start)
        #expect(abs(delay - 3 * EnrollmentService.uniformDelay) < 0.000_1)
    }

    @Test func whatStandsInTheClearIsAnsweredAtOnce() async throws {
        let world = try await World()
        let device = try Device(in: world)
        let changed = try device.message("x", outer: { $0.spoilContent = { $0 + [0] } })
        let cipher = try device.message("x", envelope: { $0.cipherOID = OID.aes128GCM })
        let type = try device.message(
            "x",
            outer: { outer in
                outer.replace(OID.messageType, with: TLV.attribute(OID.messageType, TLV.printable("18")))
            }
        )
        #expect(try await world.ask(changed) == .failure("1", "the signature of the request is not valid"))
        #expect(try await world.ask(cipher) == .failure("0", "an algorithm or key of the request is not accepted"))
        #expect(try await world.ask(type) == .failure("2", "the message type is not supported"))
        #expect(world.clock.waits.isEmpty)
    }

    /// Messages whose outer signature is right and whose inside is wrong, each in another way.
    private func spoiltMessages(_ world: World, _ code: String) async throws -> [(String, Message)] {
        let device = try Device(in: world)
        return try spoiltEnvelopes(code).map { ($0, try device.message(code, envelope: $1)) }
            + spoiltRequests(device, code)
            + (try await wrongChallenges(world))
    }

    private typealias EnvelopeSpoiler = (inout EnvelopeBuilder) throws -> Void

    private func spoiltEnvelopes(_ code: String) throws -> [(String, EnvelopeSpoiler)] {
        try spoiltKeyTransports() + spoiltContents(code) + foreignRecipients()
    }

    private func spoiltKeyTransports() throws -> [(String, EnvelopeSpoiler)] {
        let key = try TestKeys.registration.publicKey
        let (long, short) = (
            try key.encryptKey(Array(1...24), padding: .pkcs1), try key.encryptKey([1], padding: .pkcs1)
        )
        return [
            ("key transport: random", { $0.spoilKey = { key in key.map { $0 ^ 0x55 } } }),
            ("key transport: one bit", { $0.spoilKey = { $0.dropLast() + [($0.last ?? 0) ^ 1] } }),
            ("key transport: short", { $0.spoilKey = { $0.dropLast() } }),
            ("key transport: empty", { $0.spoilKey = { _ in [] } }),
            ("key transport: a key too long", { $0.spoilKey = { _ in long } }),
            ("key transport: a key too short", { $0.spoilKey = { _ in short } }),
        ]
    }

    private func spoiltContents(_ code: String) -> [(String, EnvelopeSpoiler)] {
        [
            ("ciphertext: first block", { $0.spoilContent = { [($0.first ?? 0) ^ 1] + $0.dropFirst() } }),
            ("ciphertext: padding", { $0.spoilContent = { $0.dropLast() + [($0.last ?? 0) ^ 1] } }),
            ("ciphertext: no multiple of a block", { $0.spoilContent = { $0.dropLast() } }),
            ("ciphertext: a block less", { $0.spoilContent = { $0.dropLast(16) } }),
            ("ciphertext: one block", { $0.spoilContent = { $0.suffix(16) } }),
            ("ciphertext: empty", { $0.spoilContent = { _ in [] } }),
            ("vector: one bit", { $0.writtenIV = Array(repeating: 0xA5, count: 16) }),
            ("plaintext: empty", { $0.plaintext = [] }),
            ("plaintext: no ASN.1", { $0.plaintext = Array("challenge=\(code)".utf8) }),
            (
                "plaintext: IssuerAndSubject",
                { $0.plaintext = TLV.sequence(HandMadeCertificate.name("a"), HandMadeCertificate.name("b")) }
            ),
            ("plaintext: truncated request", { $0.plaintext = $0.plaintext.dropLast(20) }),
            ("content type: not id-data", { $0.contentType = OID.signedData }),
        ]
    }

    private func foreignRecipients() throws -> [(String, EnvelopeSpoiler)] {
        let other = try TestKeys.other.publicKey
        let foreign = TLV.sequence(HandMadeCertificate.name("Foreign"), TLV.integer(9))
        let info = EnvelopeBuilder.recipientInfo(
            foreign,
            keyTransport: TLV.algorithm(OID.rsaEncryption),
            encryptedKey: Array(repeating: 7, count: 256)
        )
        return [
            ("recipient: foreign, its key", { ($0.recipient, $0.key) = (foreign, other) }),
            ("recipient: ours, another's key", { $0.key = other }),
            (
                "recipient: two foreign ones",
                { ($0.recipient, $0.otherRecipients) = (foreign, ([info], [])) }
            ),
        ]
    }

    private func spoiltRequests(_ device: Device, _ code: String) throws -> [(String, Message)] {
        let other = try TestKeys.other
        let bare = try HandMadeRequest("device-1", key: device.key, challenge: code).der()
        return [
            ("request: self-signature", try device.message(code) { $0.signer = other }),
            (
                "request: another key",
                try device.message(code) { request in
                    request.signer = other
                    request.subjectPublicKeyInfo = other.publicKey.subjectPublicKeyInfo
                }
            ),
            ("request: two challenges", try device.message(code) { $0.attributes += $0.attributes }),
            ("content: a bare request", try device.message(code, outer: { $0.content = bare })),
        ]
    }

    private func wrongChallenges(_ world: World) async throws -> [(String, Message)] {
        let device = try Device(in: world)
        let (revoked, expired) = (try await world.code(), try await world.code(lifetime: 0.001))
        let used = try await world.usedCode()
        _ = try await world.store.revokeChallenge(try await world.row(revoked).id, at: world.clock.now)
        world.clock.advance(1)
        let foreign = try await world.code(profile: "other")
        let bound = try await world.code(boundTo: "CN=device-2")
        let nameless = try await world.code(boundTo: nil, names: [.dnsName("device-1.example")])
        return [
            ("challenge: wrong", try device.message("wrong")), ("challenge: missing", try device.message(nil)),
            ("challenge: empty", try device.message("")), ("challenge: used", try device.message(used)),
            ("challenge: revoked", try device.message(revoked)), ("challenge: expired", try device.message(expired)),
            ("challenge: another profile's", try device.message(foreign)),
            ("challenge: another subject's", try device.message(bound)),
            ("challenge: bound to names that are not asked for", try device.message(nameless)),
            ("challenge: long", try device.message(String(repeating: "x", count: 5000))),
        ]
    }
}

/// A source that takes its time.
private struct SlowSource: ChallengeSource {
    let name = "slow"
    let clock: FakeClock
    let seconds: Double

    func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        clock.advance(seconds)
        return .reject(.challengeUnknown)
    }
}
