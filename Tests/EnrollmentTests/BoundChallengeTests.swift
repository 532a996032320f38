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

/// One-time challenges that are good for what the administrator has named, and for nothing else.
@Suite struct BoundChallengeTests {
    /// A binding, a request, and whether the one is good for the other.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var subject: String?
        var names: [GeneralName]?
        var key: KeyAlgorithm?
        /// The encoded subject that is asked for.
        var asked: [UInt8] = HandMadeCertificate.name("device-1")
        /// The encoded alternative names that are asked for; nil for no such extension.
        var wish: [[UInt8]]?
        var fits: Bool
    }

    private static func ip(_ octets: [UInt8]) -> GeneralName {
        .ipAddress(ASN1OctetString(contentBytes: octets[...]))
    }

    private static func email(_ address: String) -> [UInt8] { TLV.encode(0x81, Array(address.utf8)) }

    private static func name(_ text: String) -> [UInt8] { (try? Name(text).der) ?? [] }

    private static let subjects = [
        Case(testDescription: "the subject", subject: "CN=device-1", fits: true),
        Case(testDescription: "in another case", subject: "cn=DEVICE-1", fits: true),
        Case(testDescription: "another subject", subject: "CN=device-2", fits: false),
        Case(testDescription: "more of a subject", subject: "CN=device-1,O=Example", fits: false),
        Case(
            testDescription: "less of a subject",
            subject: "CN=device-1",
            asked: name("CN=device-1,O=Example"),
            fits: false
        ),
        Case(
            testDescription: "two parts",
            subject: "CN=device-1,O=Example",
            asked: name("CN=device-1,O=Example"),
            fits: true
        ),
        Case(
            testDescription: "in another order",
            subject: "CN=device-1,O=Example",
            asked: name("O=Example,CN=device-1"),
            fits: false
        ),
        Case(
            testDescription: "in one relative name",
            subject: "CN=device-1,O=Example",
            asked: name("CN=device-1+O=Example"),
            fits: false
        ),
        Case(testDescription: "another type", subject: "OU=device-1", fits: false),
        Case(
            testDescription: "no subject",
            subject: "CN=device-1",
            asked: TLV.sequence(),
            wish: [Wish.dns("device-1")],
            fits: false
        ),
        Case(
            testDescription: "names that nobody bound",
            subject: "CN=device-1",
            wish: [Wish.dns("whatever.example")],
            fits: true
        ),
    ]

    private static let names = [
        Case(testDescription: "the name", names: [.dnsName("a.example")], wish: [Wish.dns("a.example")], fits: true),
        Case(
            testDescription: "a host in another case",
            names: [.dnsName("A.example")],
            wish: [Wish.dns("a.EXAMPLE")],
            fits: true
        ),
        Case(
            testDescription: "any subject",
            names: [.dnsName("a.example")],
            asked: name("CN=other"),
            wish: [Wish.dns("a.example")],
            fits: true
        ),
        Case(
            testDescription: "in another order, and twice",
            names: [.dnsName("a.example"), .dnsName("b.example"), ip([192, 0, 2, 1])],
            wish: [
                TLV.encode(0x87, [192, 0, 2, 1]), Wish.dns("b.example"), Wish.dns("a.example"), Wish.dns("b.example"),
            ],
            fits: true
        ),
        Case(
            testDescription: "another name",
            names: [.dnsName("a.example")],
            wish: [Wish.dns("b.example")],
            fits: false
        ),
        Case(
            testDescription: "one more",
            names: [.dnsName("a.example")],
            wish: [Wish.dns("a.example"), Wish.dns("b.example")],
            fits: false
        ),
        Case(
            testDescription: "one more that the template would drop",
            names: [.dnsName("a.example")],
            wish: [Wish.dns("a.example"), Wish.userPrincipalName("admin@example")],
            fits: false
        ),
        Case(
            testDescription: "one less",
            names: [.dnsName("a.example"), .dnsName("b.example")],
            wish: [Wish.dns("a.example")],
            fits: false
        ),
        Case(testDescription: "no names", names: [.dnsName("a.example")], fits: false),
        Case(
            testDescription: "another kind",
            names: [.dnsName("a.example")],
            wish: [Wish.uri("a.example")],
            fits: false
        ),
        Case(
            testDescription: "a mail address, its host in another case",
            names: [.rfc822Name("Anna@example.com")],
            wish: [email("Anna@EXAMPLE.com")],
            fits: true
        ),
        Case(
            testDescription: "a mail address, its mailbox in another case",
            names: [.rfc822Name("Anna@example.com")],
            wish: [email("anna@example.com")],
            fits: false
        ),
        Case(testDescription: "none, and none asked", names: [], fits: true),
        Case(testDescription: "none, and one asked", names: [], wish: [Wish.dns("a.example")], fits: false),
        Case(
            testDescription: "none, and something unreadable asked",
            names: [],
            wish: [[0x82, 0x05, 0x61]],
            fits: false
        ),
    ]

    private static let keys = [
        Case(testDescription: "the key type", key: .rsa(bits: 2048), fits: true),
        Case(testDescription: "another size", key: .rsa(bits: 3072), fits: false),
        Case(testDescription: "another key type", key: .ec(.p256), fits: false),
        Case(testDescription: "right key, wrong subject", subject: "CN=device-2", key: .rsa(bits: 2048), fits: false),
        Case(testDescription: "nothing", fits: true),
    ]

    @Test(arguments: subjects + names + keys) func requestHasToAskForExactlyWhatIsBound(case: Case) async throws {
        let world = try await World()
        let code = try await world.code(boundTo: `case`.subject, names: `case`.names, key: `case`.key)
        let wish = `case`.wish.map { [Wish.extension("0603551d11", TLV.encode(0x30, $0.flatMap(\.self)))] } ?? []
        let message = try Device(in: world).message(code, extensions: wish) { $0.subject = `case`.asked }
        let answer = try await world.ask(message)
        if `case`.fits {
            #expect(answer.certificate != nil)
        } else {
            #expect(answer == .uniform)
            #expect(world.observer.reasons == [.challengeIdentity])
            #expect(try await world.row(code).usedAt == nil)
        }
    }

    @Test func traceTellsWhatWasBoundAndWhatWasAskedAndNotTheCode() async throws {
        let world = try await World()
        let code = try await world.code(
            boundTo: "CN=device-1,O=Example",
            names: [.dnsName("a.example"), .uniformResourceIdentifier("urn:b")]
        )
        let device = try Device(in: world)
        _ = try await world.ask(try device.message(code))
        world.clock.advance(1)
        let first = try #require(world.observer.summaries.last?.detail)
        #expect(
            first == "rejected by stored challenges: "
                + "bound to the subject 'CN=device-1,O=Example', asked for 'CN=device-1'"
        )
        // What a stranger wrote neither pushes out what was bound nor moves a cursor.
        let host = String(repeating: "x", count: 1000)
        let wish = Wish.names(Wish.dns("\u{1B}[2J"), Wish.dns(host))
        let subject = try Name("CN=device-1,O=Example").der
        _ = try await world.ask(try device.message(code, extensions: [wish]) { $0.subject = subject })
        let second = try #require(world.observer.summaries.last?.detail)
        #expect(
            second.hasPrefix(
                "rejected by stored challenges: "
                    + "bound to the alternative names 'dns:a.example uri:urn:b', asked for 'dns:\u{FFFD}[2J dns:xxx"
            )
        )
        #expect(second.hasSuffix("x…'"))
        let trace = try await world.latestTrace()
        #expect(trace.steps.last?.detail == second)
        #expect(!first.contains(code) && !second.contains(code))
    }

    @Test func requestThatIsSentAgainGetsItsCertificateAgainAndNoOtherOne() async throws {
        let world = try await World()
        let code = try await world.code(boundTo: "CN=device-1")
        let device = try Device(in: world)
        let first = try await world.ask(try device.message(code))
        #expect(first.certificate != nil)
        #expect(try await world.ask(try device.message(code)) == first)
        #expect(try await world.ask(try device.message(code, transactionID: "other")) == first)
        // The same key under another name, which a free challenge would answer with the same certificate.
        let renamed = try device.message(code, transactionID: "renamed") { $0.subject = HandMadeCertificate.name("b") }
        #expect(try await world.ask(renamed) == .uniform)
        #expect(world.observer.reasons.last == .challengeIdentity)
        #expect(try await world.certificateCount() == 1)
    }

    @Test func requestThatWouldWaitIsRefusedAtOnce() async throws {
        let world = try await World()
        let profile = try world.profile(settings: .with(approval: .all))
        let code = try await world.code(boundTo: "CN=device-1")
        let stranger = try Device("device-2", key: try TestKeys.other, in: world)
        #expect(try await world.ask(try stranger.message(code), profile: profile) == .uniform)
        #expect(try await world.waiting().isEmpty)
        let device = try Device(in: world)
        _ = try await world.ask(try device.message(code), profile: profile)
        let waiting = try #require(try await world.waiting().first)
        #expect(world.observer.reasons == [.challengeIdentity, .approvalPending])
        _ = try await world.decisions(profile).approve(waiting.id, by: "anna")
        #expect(try await world.ask(try device.poll(), profile: profile).certificate != nil)
    }

    @Test func requestUnderItsOwnChallengeIsBoundAsWell() async throws {
        let world = try await World()
        let identity = try BoundIdentity(subject: try Name("CN=device-1"), names: nil, key: nil)
        let code = try await world.challenges.makeForRequest(
            transactionID: "id",
            profile: "default",
            lifetime: 60,
            boundTo: identity
        )
        let stranger = try Device("device-2", in: world)
        #expect(try await world.ask(try stranger.message(code, transactionID: "id")) == .uniform)
        #expect(world.observer.reasons == [.challengeIdentity])
        #expect(try await world.ask(try Device(in: world).message(code, transactionID: "id")).certificate != nil)
    }

    @Test func bindingThatCannotBeReadFitsNothing() async throws {
        let world = try await World()
        for broken in [
            BoundIdentity(subject: [1, 2, 3], names: nil, keyType: nil),
            BoundIdentity(subject: nil, names: [1, 2, 3], keyType: nil),
            BoundIdentity(subject: nil, names: nil, keyType: "RSA"),
        ] {
            let codes = try await world.challenges.makeOneTime(
                count: 1,
                profile: "default",
                lifetime: 60,
                boundTo: broken
            )
            #expect(try await world.ask(try Device(in: world).message(codes.first)) == .uniform)
            #expect(world.observer.reasons.last == .challengeIdentity)
        }
    }

    @Test func nothingBoundIsNoBinding() throws {
        #expect(try BoundIdentity(subject: nil, names: nil, key: nil) == nil)
        let none = try #require(try BoundIdentity(subject: nil, names: [], key: .ec(.p384)))
        #expect(none.nameTexts == [])
        #expect(none.subjectText == nil)
        #expect(none.keyType == "EC P-384")
    }
}
