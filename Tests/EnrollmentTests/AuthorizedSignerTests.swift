// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import SCEP
internal import SCEPCrafting
internal import TestSupport
internal import Testing

@testable internal import Enrollment

/// A proxy whose certificate signs requests for the keys of others.
struct Proxy {
    /// Its certificate.
    var certificate: EncodedCertificate
    var key: SoftwareKey

    /// One whose certificate only its fingerprint names.
    init(validity: [UInt8]? = nil) throws {
        self.key = try TestKeys.other
        var own = HandMadeCertificate("ise", key: key)
        if let validity { own.validity = validity }
        self.certificate = try own.read()
    }

    /// One with a certificate that it was issued.
    init(_ certificate: EncodedCertificate) throws {
        self.key = try TestKeys.other
        self.certificate = certificate
    }

    /// A request that it signs for a device's key.
    func message(
        for name: String = "phone-7",
        key deviceKey: SoftwareKey? = nil,
        challenge: String? = nil,
        transactionID: String = "proxied",
        type: String = "19",
        names: [[UInt8]] = [],
        in world: World,
        request: (inout HandMadeRequest) throws -> Void = { _ in }
    ) throws -> Message {
        try Device(name, key: key, in: world).holding(certificate).message(
            challenge,
            transactionID: transactionID,
            type: type,
            for: try deviceKey ?? TestKeys.client,
            extensions: names.isEmpty ? [] : [Wish.extension("0603551d11", TLV.encode(0x30, names.flatMap(\.self)))],
            request: request
        )
    }

    static let names = ["csr.subject.CN": ["phone-*"], "csr.san.dns": ["*.phones.example"]]

    /// The rule that names its certificate.
    func rule(
        _ identity: AuthorizedSigner.Identity? = nil,
        names: [String: [String]] = Proxy.names,
        challenge: AuthorizedSigner.ChallengeNeed = .waived
    ) -> AuthorizedSigner {
        AuthorizedSigner(
            name: "ise",
            identity: identity ?? .certificate(certificate.fingerprint()),
            names: names.mapValues { $0.compactMap { try? NamePattern($0) } },
            challenge: challenge
        )
    }
}

extension World {
    /// A profile with rules for proxies.
    func proxying(
        _ rules: AuthorizedSigner...,
        approval: ApprovalPolicy = .automatic,
        renewal: RenewalPolicy = RenewalPolicy(),
        alternate: [AlternateAuthority] = []
    ) throws -> ServedProfile {
        var settings = SCEPProfileSettings.with(approval: approval, renewal: renewal)
        settings.authorizedSigners = rules
        return try profile(settings: settings, alternate: alternate)
    }

    /// A proxy whose certificate this server issued through another profile.
    func issuedProxy(through name: String = "proxies", subject: String = "ise") async throws -> Proxy {
        let device = try await enrolled(subject, key: try TestKeys.other, profile: try profile(name))
        return try Proxy(try #require(device.issued))
    }
}

@Suite struct AuthorizedSignerTests {
    private static let issued = AuthorizedSigner.Identity.issued(through: "proxies", subject: "CN=ise")

    @Test func requestOfAProxyForAnothersKeyIsGrantedAndAnsweredToTheProxy() async throws {
        let world = try await World()
        let proxy = try Proxy()
        let profile = try world.proxying(proxy.rule())
        let message = try proxy.message(names: [Wish.dns("a.phones.example")], in: world)
        // Reading the answer takes the proxy's key.
        let certificate = try #require(try await world.ask(message, profile: profile).certificate)
        #expect(certificate.subjectPublicKeyInfo.der == (try TestKeys.client.publicKey.subjectPublicKeyInfo))
        #expect(certificate.subject.description == "CN=phone-7")
        let trace = try await world.latestTrace()
        #expect(
            trace.steps.map(\.name) == [
                "message", "signature", "envelope", "request", "request", "signer", "policy", "issuing",
            ]
        )
        #expect(trace.steps.contains { $0.detail == "the rule 'ise' lets 'CN=ise' ask for this" })
    }

    @Test(arguments: [0, 1, 2, 3]) func eachWayToNameAProxyWorks(way: Int) async throws {
        let world = try await World()
        var proxy = try Proxy()
        var alternate: [AlternateAuthority] = []
        let identity: AuthorizedSigner.Identity
        switch way {
        case 0: identity = .certificate(proxy.certificate.fingerprint())
        case 1: identity = .key(DigestAlgorithm.sha256.digest(proxy.certificate.subjectPublicKeyInfo.der))
        case 2:
            proxy = try await world.issuedProxy()
            identity = Self.issued
        default:
            proxy = try Proxy(try AlternateCA.issue("ise", key: try TestKeys.other))
            identity = .certified(authority: AlternateCA.name, subject: "CN=ise")
            alternate = try AlternateCA().profile(world).authorities.alternate
        }
        let profile = try world.proxying(proxy.rule(identity), alternate: alternate)
        #expect(try await world.ask(try proxy.message(in: world), profile: profile).certificate != nil)
        // The same without the rule.
        let before = try await world.certificateCount()
        let other = try proxy.message(for: "phone-8", transactionID: "other", in: world)
        #expect(try await world.ask(other, profile: try world.proxying(alternate: alternate)).certificate == nil)
        #expect(try await world.certificateCount() == before)
    }

    /// A request that a rule for `phone-*` and `*.phones.example` does not allow.
    struct Outside: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var name = "phone-7"
        var names: [[UInt8]] = []
        var request: @Sendable (inout HandMadeRequest) throws -> Void = { _ in }
    }

    static let outside = [
        Outside(testDescription: "another commonName", name: "server-1"),
        Outside(testDescription: "the proxy's own name", name: "ise"),
        Outside(testDescription: "a second commonName") {
            let second = TLV.set(TLV.sequence(OID.commonName, TLV.utf8("server-1")))
            $0.subject = TLV.encode(0x30, TLV.set(TLV.sequence(OID.commonName, TLV.utf8("phone-7"))) + second)
        },
        Outside(testDescription: "an attribute that the rule does not name") {
            let unit = TLV.set(TLV.sequence([UInt8](hex: "060355040b"), TLV.utf8("Staff")))
            $0.subject = TLV.encode(0x30, TLV.set(TLV.sequence(OID.commonName, TLV.utf8("phone-7"))) + unit)
        },
        Outside(testDescription: "a commonName that is no text") {
            $0.subject = HandMadeCertificate.name(value: [5, 0])
        },
        Outside(testDescription: "a commonName with a direction mark", name: "phone-\u{202E}7"),
        Outside(testDescription: "a domain", names: [Wish.dns("vpn.example")]),
        Outside(testDescription: "a second domain", names: [Wish.dns("a.phones.example"), Wish.dns("vpn.example")]),
        Outside(testDescription: "a domain with a label too many", names: [Wish.dns("a.b.phones.example")]),
        Outside(testDescription: "a wildcard", names: [Wish.dns("*.phones.example")]),
        Outside(testDescription: "a kind of name that the rule does not name", names: [Wish.uri("https://a.example")]),
        Outside(testDescription: "an account of Windows", names: [Wish.userPrincipalName("root@example")]),
        Outside(testDescription: "names that can't be read", names: [[0x82, 0x05, 0x61]]),
    ]

    @Test(arguments: outside) func whatTheRuleDoesNotAllowIsRefusedLikeAWrongChallenge(outside: Outside) async throws {
        let world = try await World()
        let proxy = try Proxy()
        let message = try proxy.message(
            for: outside.name,
            // Nor does a good code help.
            challenge: try await world.code(),
            names: outside.names,
            in: world,
            request: outside.request
        )
        #expect(try await world.ask(message, profile: try world.proxying(proxy.rule())) == .uniform)
        #expect(world.observer.reasons == [.signerNotAllowed])
        #expect(world.clock.waits.count == 1)
        #expect(try await world.certificateCount() == 0)
    }

    @Test(arguments: ["700101000000Z-700102000000Z", "490101000000Z-491231000000Z"])
    func proxyWhoseCertificateIsNotValidNowIsRefused(validity: String) async throws {
        let world = try await World()
        let times = validity.split(separator: "-").flatMap { HandMadeCertificate.utcTime(String($0)) }
        let proxy = try Proxy(validity: times)
        for identity in [
            AuthorizedSigner.Identity.certificate(proxy.certificate.fingerprint()),
            .key(DigestAlgorithm.sha256.digest(proxy.certificate.subjectPublicKeyInfo.der)),
        ] {
            let profile = try world.proxying(proxy.rule(identity))
            #expect(try await world.ask(try proxy.message(in: world), profile: profile) == .uniform)
            #expect(world.observer.reasons.last == .signerNotAllowed)
        }
    }

    @Test func proxyWhoseCertificateIsRevokedIsRefusedHoweverItIsNamed() async throws {
        let world = try await World()
        let proxy = try await world.issuedProxy()
        try await world.revoke(proxy.certificate)
        for identity in [Self.issued, .certificate(proxy.certificate.fingerprint())] {
            let profile = try world.proxying(proxy.rule(identity))
            #expect(try await world.ask(try proxy.message(in: world), profile: profile) == .uniform)
            #expect(world.observer.reasons.last == .signerNotAllowed)
            #expect(world.observer.summaries.last?.detail.contains("revoked") == true)
        }
    }

    @Test func proxyOfAnAuthorityNeedsAFreshListThatDoesNotNameIt() async throws {
        let world = try await World()
        let proxy = try Proxy(try AlternateCA.issue("ise", key: try TestKeys.other))
        let rule = proxy.rule(.certified(authority: AlternateCA.name, subject: "CN=ise"))
        var authority = try AlternateCA()
        authority.revoked = [[0x55]]
        for served in [try authority.profile(world), try AlternateCA().profile(world, list: [])] {
            let profile = try world.proxying(rule, alternate: served.authorities.alternate)
            #expect(try await world.ask(try proxy.message(in: world), profile: profile) == .uniform)
            #expect(world.observer.reasons.last == .signerNotAllowed)
        }
    }

    @Test func signerWhomNoRuleNamesMayOnlyAskForItsOwnKey() async throws {
        let world = try await World()
        let proxy = try Proxy()
        let rules = [
            proxy.rule(.certificate(Array(repeating: 1, count: 32))), proxy.rule(.key(Array(repeating: 1, count: 32))),
            // Its self-signed certificate says so; nobody else does.
            proxy.rule(Self.issued), proxy.rule(.certified(authority: AlternateCA.name, subject: "CN=ise")),
        ]
        for rule in rules {
            let profile = try world.proxying(rule)
            let code = try await world.code()
            #expect(try await world.ask(try proxy.message(challenge: code, in: world), profile: profile) == .uniform)
            #expect(world.observer.reasons.last == .requestKeyMismatch)
        }
    }

    @Test func deviceThatNamesItselfLikeTheProxyIsNone() async throws {
        let world = try await World()
        // Of the profile itself, and of another that the rule does not name.
        for name in ["default", "guests"] {
            let proxy = try await world.issuedProxy(through: name)
            let through = name == "guests" ? "proxies" : name
            let profile = try world.proxying(proxy.rule(.issued(through: through, subject: "CN=ise")))
            let before = try await world.certificateCount()
            let answer = try await world.ask(try proxy.message(in: world), profile: profile)
            #expect(answer.certificate == nil)
            #expect(try await world.certificateCount() == before)
        }
        // And none of the right profile with another subject.
        let proxy = try await world.issuedProxy(subject: "ise-2")
        #expect(
            try await world.ask(try proxy.message(in: world), profile: try world.proxying(proxy.rule(Self.issued)))
                == .uniform
        )
    }

    @Test func requestThatIsNotSignedWithItsOwnKeyIsRefused() async throws {
        let world = try await World()
        let proxy = try Proxy()
        let message = try proxy.message(in: world) { $0.signer = try TestKeys.other }
        #expect(try await world.ask(message, profile: try world.proxying(proxy.rule())) == .uniform)
        #expect(world.observer.reasons == [.requestSignature])
    }

    @Test func secondRuleForTheSameProxyAllowsWhatTheFirstDoesNot() async throws {
        let world = try await World()
        let proxy = try Proxy()
        let profile = try world.proxying(proxy.rule(), proxy.rule(names: ["csr.subject.CN": ["server-*"]]))
        #expect(try await world.ask(try proxy.message(for: "server-1", in: world), profile: profile).certificate != nil)
        #expect(try await world.ask(try proxy.message(for: "router-1", in: world), profile: profile) == .uniform)
        // Not a bit of one and a bit of the other.
        let mixed = try proxy.message(for: "server-2", names: [Wish.dns("a.phones.example")], in: world)
        #expect(try await world.ask(mixed, profile: profile) == .uniform)
    }

    // MARK: - Challenges

    @Test func challengeIsNeededWhereTheRuleSaysSo() async throws {
        let world = try await World()
        let proxy = try Proxy()
        let profile = try world.proxying(proxy.rule(challenge: .needed))
        #expect(try await world.ask(try proxy.message(in: world), profile: profile) == .uniform)
        #expect(world.observer.reasons.last == .challengeMissing)
        #expect(try await world.ask(try proxy.message(challenge: "wrong", in: world), profile: profile) == .uniform)
        #expect(world.observer.reasons.last == .challengeUnknown)
        let code = try await world.code()
        let message = try proxy.message(challenge: code, in: world)
        #expect(try await world.ask(message, profile: profile).certificate != nil)
        #expect(try await world.row(code).usedAt != nil)
    }

    @Test func challengeIsNotLookedAtWhereItIsWaived() async throws {
        let world = try await World()
        let proxy = try Proxy()
        let code = try await world.code()
        let profile = try world.proxying(proxy.rule())
        #expect(try await world.ask(try proxy.message(challenge: code, in: world), profile: profile).certificate != nil)
        #expect(try await world.row(code).usedAt == nil)
    }

    @Test func replyToAProxyWithAnECKeyIsOnlyEncryptedUnderACodeOfThisServer() async throws {
        let world = try await World()
        var proxy = try Proxy()
        proxy.key = try TestKeys.ec
        proxy.certificate = try Device("ise", key: try TestKeys.ec, in: world).certificate
        let profile = try world.proxying(proxy.rule())
        #expect(try await world.ask(try proxy.message(in: world), profile: profile) == .undeliverable)
        #expect(try await world.ask(try proxy.message(challenge: "wrong", in: world), profile: profile) == .uniform)
        let message = try proxy.message(challenge: try await world.code(), in: world)
        #expect(try await world.ask(message, profile: profile).certificate != nil)
    }

    @Test func profileWithoutChallengeSourcesIsServedForItsProxiesAlone() async throws {
        let world = try await World()
        let proxy = try Proxy()
        var settings = SCEPProfileSettings.with()
        #expect(try world.resolve(settings: settings, sources: []) == nil)
        settings.authorizedSigners = [proxy.rule()]
        let profile = try #require(try world.resolve(settings: settings, sources: []))
        #expect(try await world.ask(try proxy.message(in: world), profile: profile).certificate != nil)
        let device = try Device(in: world).message(try await world.code())
        #expect(try await world.ask(device, profile: profile) == .uniform)
    }
}
