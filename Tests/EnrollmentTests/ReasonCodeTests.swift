// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import SCEP
internal import SCEPCrafting
internal import Storage
internal import TestSupport
internal import Testing

@Suite struct ReasonCodeTests {
    @Test func everyReasonHasASentenceOfItsOwn() {
        let sentences = ReasonCode.allCases.map(\.sentence)
        #expect(sentences.allSatisfy { $0.hasSuffix(".") && $0.count > 15 })
        #expect(Set(sentences).count == sentences.count)
    }

    @Test func everyFailureHasAHint() {
        for reason in ReasonCode.allCases where Verdict(reason) != .certificate {
            #expect(reason.hint?.isEmpty == false, "\(reason)")
        }
    }

    @Test func everyReasonIsWrittenInStableWords() {
        let allowed = Set("abcdefghijklmnopqrstuvwxyz.-")
        #expect(ReasonCode.allCases.allSatisfy { $0.rawValue.allSatisfy(allowed.contains) })
    }

    @Test func onlyIssuedReasonsGetACertificateAndNoTextTellsAboutTheInside() {
        for reason in ReasonCode.allCases {
            switch Verdict(reason) {
            case .certificate: #expect([.issued, .issuedAgain, .queryAnswered].contains(reason))
            case .pending: #expect(reason == .approvalPending)
            case .failure(_, let text): #expect(!text.isEmpty && text.utf8.allSatisfy { $0 < 128 })
            case .uniformFailure, .unanswerable, .unavailable: break
            }
        }
    }

    @Test func everythingAboutChallengesAndTheEnvelopeIsUniform() {
        let uniform = ReasonCode.allCases.filter { Verdict($0) == .uniformFailure }
        #expect(
            uniform == [
                .envelopeUnopened, .requestKeyMismatch, .requestSignature, .signerNotAllowed, .challengeMissing,
                .challengeUnknown, .challengeIdentity, .challengeUsed, .challengeExpired, .challengeRevoked,
                .challengeRefused, .challengeUnavailable, .registrationLocked, .queryNotEntitled,
                .renewalNotServed, .renewalSigner, .renewalExpired, .renewalRevoked, .renewalStatusUnknown,
            ]
        )
    }

    /// One way to fail, and the story that its trace has to tell.
    struct Story: Sendable, CustomTestStringConvertible {
        var reason: ReasonCode
        /// The steps that stand in the trace, in order.
        var steps: [String]
        var ask: @Sendable (World) async throws -> Void
        var testDescription: String { reason.rawValue }
    }

    @Test(arguments: stories) func traceTellsTheStory(story: Story) async throws {
        let world = try await World()
        try await story.ask(world)
        #expect(world.observer.reasons.last == story.reason)
        let trace = try await world.latestTrace()
        #expect(trace.reasonCode == story.reason.rawValue)
        #expect(trace.steps.map(\.name) == story.steps)
        #expect(trace.remoteAddress == "192.0.2.1")
        let (last, before) = (trace.steps.last, trace.steps.dropLast())
        #expect(before.allSatisfy { $0.outcome != .failed })
        if Verdict(story.reason) == .pending {
            #expect(last?.outcome == .noted)
            #expect(last?.detail.isEmpty == false)
        } else if Verdict(story.reason) != .certificate {
            #expect(last?.outcome == .failed)
            #expect(last?.detail.isEmpty == false)
            #expect(world.observer.summaries.last?.detail == last?.detail)
        }
    }

    @Test func storiesCoverEveryReasonThatAPeerOrABrokenDependencyCanCause() {
        let told = Set(Self.stories.map(\.reason))
        // A database that does not answer can't store its own story; internalError has no cause that is known; a profile that is
        // not served has no story that could name it.
        #expect(
            Set(ReasonCode.allCases).subtracting(told) == [
                .challengeUnavailable, .storeUnavailable, .internalError, .policyProfile,
            ]
        )
    }

    private static let opened = ["message", "signature", "envelope"]
    private static let accepted = opened + ["request", "challenge"]

    private static let stories =
        messageStories + challengeStories + issuingStories + approvalStories + renewalStories + queryStories
        + policyStories

    private static let messageStories = [
        Story(reason: .messageUnreadable, steps: ["message"]) { world in
            _ = try await world.ask(Message(bytes: Array("not a message".utf8), key: try TestKeys.client))
        },
        Story(reason: .messageAlgorithm, steps: ["message", "algorithms"]) { world in
            _ = try await world.ask(try Device(in: world).message("x", envelope: { $0.cipherOID = OID.aes128GCM }))
        },
        Story(reason: .messageIntegrity, steps: ["message", "signature"]) { world in
            _ = try await world.ask(try Device(in: world).message("x", outer: { $0.spoilContent = { $0 + [0] } }))
        },
        Story(reason: .messageType, steps: ["message", "message"]) { world in
            _ = try await world.ask(try Device(in: world).message("x", type: "18"))
        },
        Story(reason: .messageTime, steps: ["message", "signature", "signing time"]) { world in
            var settings = SCEPProfileSettings.with()
            settings.maximumClockSkew = 86_400
            let message = try Device(in: world).message(
                "x",
                outer: { outer in
                    let time = HandMadeCertificate.utcTime("700101000000Z")
                    outer.attributes.append(TLV.attribute(OID.signingTime, time))
                }
            )
            _ = try await world.ask(message, profile: try world.profile(settings: settings))
        },
        Story(reason: .envelopeUnopened, steps: ["message", "signature", "envelope"]) { world in
            _ = try await world.ask(try Device(in: world).message("x", envelope: { $0.plaintext = [1, 2, 3] }))
        },
        Story(reason: .requestKeyMismatch, steps: opened + ["request key"]) { world in
            let message = try Device(in: world).message("x") { request in
                request.signer = try TestKeys.other
                request.subjectPublicKeyInfo = try TestKeys.other.publicKey.subjectPublicKeyInfo
            }
            _ = try await world.ask(message)
        },
        Story(reason: .requestSignature, steps: opened + ["request signature"]) { world in
            _ = try await world.ask(try Device(in: world).message("x") { $0.signer = try TestKeys.other })
        },
        Story(reason: .signerNotAllowed, steps: opened + ["request", "signer"]) { world in
            let proxy = try Proxy()
            _ = try await world.ask(
                try proxy.message(for: "server-1", in: world),
                profile: try world.proxying(proxy.rule())
            )
        },
    ]

    private static let challengeStories = [
        Story(reason: .challengeMissing, steps: accepted) { world in
            _ = try await world.ask(try Device(in: world).message(nil))
        },
        Story(reason: .challengeUnknown, steps: accepted + ["challenge"]) { world in
            _ = try await world.ask(try Device(in: world).message("wrong"))
        },
        Story(reason: .challengeIdentity, steps: accepted) { world in
            _ = try await world.ask(try Device(in: world).message(try await world.code(boundTo: "CN=device-2")))
        },
        Story(reason: .challengeUsed, steps: accepted) { world in
            _ = try await world.ask(try Device(in: world).message(try await world.usedCode()))
        },
        Story(reason: .challengeExpired, steps: accepted) { world in
            let code = try await world.code(lifetime: 1)
            world.clock.advance(2)
            _ = try await world.ask(try Device(in: world).message(code))
        },
        Story(reason: .challengeRevoked, steps: accepted) { world in
            let code = try await world.code()
            _ = try await world.store.revokeChallenge(try await world.row(code).id, at: world.clock.now)
            _ = try await world.ask(try Device(in: world).message(code))
        },
        Story(reason: .challengeRefused, steps: accepted) { world in
            let profile = try #require(try world.resolve(sources: [Refusing()]))
            _ = try await world.ask(try Device(in: world).message("x"), profile: profile)
        },
        Story(reason: .registrationLocked, steps: accepted) { world in
            _ = try await world.registered("device-1")
            let profile = try world.profile(sources: [world.registrations(maximumGuesses: 1)])
            for guess in ["a guess", "another"] {
                _ = try await world.ask(try Device(in: world).message(guess), profile: profile)
                world.clock.advance(1)
            }
        },
    ]

    /// A system of somebody else's that says no.
    private struct Refusing: ChallengeSource {
        let name = "somebody else"

        func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer { .reject(.challengeRefused) }
    }

    /// Two devices of one name.
    private static func enrollTwice(_ world: World, _ policy: DuplicatePolicy, key: SoftwareKey) async throws {
        let profile = try world.profile(duplicates: policy)
        for (key, id) in [(try TestKeys.client, "first"), (key, "second")] {
            let message = try Device(key: key, in: world).message(try await world.code(), transactionID: id)
            _ = try await world.ask(message, profile: profile)
            world.clock.advance(1)
        }
    }

    private static let issuingStories = [
        Story(reason: .issued, steps: accepted + ["policy", "issuing"]) { world in
            _ = try await world.ask(try Device(in: world).message(try await world.code()))
        },
        Story(reason: .issuedAgain, steps: accepted + ["policy", "issuing", "transaction"]) { world in
            let message = try Device(in: world).message(try await world.code())
            _ = try await world.ask(message)
            world.clock.advance(1)
            _ = try await world.ask(message)
        },
        Story(reason: .policyKey, steps: accepted + ["key size"]) { world in
            let device = try Device("device-1", key: try await TestKeys.short(), in: world)
            _ = try await world.ask(try device.message(try await world.code()))
        },
        Story(reason: .policySubject, steps: accepted + ["subject"]) { world in
            _ = try await world.ask(
                try Device(in: world).message(try await world.code()) { $0.subject = TLV.sequence() }
            )
        },
        Story(reason: .policyNames, steps: opened + ["request", "request", "challenge", "names"]) { world in
            let wish = Wish.extension("0603551d11", [0x30, 0x03, 0x82, 0x05, 0x61])
            _ = try await world.ask(try Device(in: world).message(try await world.code(), extensions: [wish]))
        },
        Story(reason: .policyDuplicateSubject, steps: accepted + ["policy", "issuing", "duplicates"]) { world in
            try await enrollTwice(world, DuplicatePolicy(subject: .refuse), key: try TestKeys.other)
        },
        Story(reason: .policyDuplicateKey, steps: accepted + ["policy", "issuing", "duplicates"]) { world in
            try await enrollTwice(world, DuplicatePolicy(key: .refuse), key: try TestKeys.client)
        },
        Story(reason: .transactionOtherOpen, steps: accepted + ["policy", "issuing", "transaction"]) { world in
            let profile = try world.profile(issuer: DeferredIssuer(world.issuer, .doesNotKnow))
            _ = try await world.ask(try Device(in: world).message(try await world.code()), profile: profile)
            world.clock.advance(1)
            _ = try await world.ask(try Device(in: world).message(try await world.code()), profile: profile)
        },
        Story(reason: .transactionInProgress, steps: accepted + ["policy", "issuing", "transaction"]) { world in
            let profile = try world.profile(issuer: DeferredIssuer(world.issuer, .doesNotKnow))
            let message = try Device(in: world).message(try await world.code())
            _ = try await world.ask(message, profile: profile)
            world.clock.advance(1)
            _ = try await world.ask(message, profile: profile)
        },
        Story(reason: .issuerRefused, steps: accepted + ["policy", "issuing", "transaction", "issuer"]) { world in
            // The reservation leaves a trace of its own at the same moment; this one is later.
            let issuer = DeferredIssuer(world.issuer, .doesNotKnow)
            let profile = try world.profile(issuer: issuer)
            let message = try Device(in: world).message(try await world.code())
            _ = try await world.ask(message, profile: profile)
            issuer.behave(.refuses)
            world.clock.advance(World.beyondTheLease)
            _ = try await world.ask(message, profile: profile)
        },
        Story(reason: .issuerExpired, steps: accepted + ["policy", "issuer"]) { world in
            world.clock.advance(86_400 * 365.25 * 21)
            _ = try await world.ask(try Device(in: world).message(try await world.code()))
        },
        Story(reason: .issuerLint, steps: accepted + ["policy", "issuer"]) { world in
            let issuer = BrokenIssuer(signer: world.issuer, preparing: .lint(["serial.form"]), signing: nil)
            let profile = try world.profile(issuer: issuer)
            _ = try await world.ask(try Device(in: world).message(try await world.code()), profile: profile)
        },
        Story(reason: .issuerFailed, steps: accepted + ["policy", "issuing", "issuer"]) { world in
            let issuer = BrokenIssuer(signer: world.issuer, preparing: nil, signing: .signingFailed("no key"))
            let profile = try world.profile(issuer: issuer)
            _ = try await world.ask(try Device(in: world).message(try await world.code()), profile: profile)
        },
    ]
}
