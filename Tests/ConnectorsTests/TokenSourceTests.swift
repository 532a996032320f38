// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Crypto
import Cryptography
import Enrollment
import Foundation
import PKIX
import StrictJSON
import SwiftASN1
import TestSupport
import Testing
import X509

@testable import Connectors

struct TokenSourceTests {
    let folder: TemporaryFolder
    let maker = TokenMaker()
    let used = UsedChallenges()

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("key.pem", Array(maker.pem.utf8))
        try folder.write("set.json", Array(#"{"keys":[\#(maker.jwk)]}"#.utf8))
    }

    private func source(
        _ file: String = "key.pem",
        _ change: (inout TokenSourceSettings) -> Void = { _ in }
    ) -> TokenSource {
        var settings = TokenSourceSettings(name: "portal")
        settings.keys = [folder.file(file)]
        change(&settings)
        return TokenSource(settings, used: used)
    }

    private func judge(
        _ token: String,
        _ source: TokenSource? = nil,
        names: [GeneralName] = [],
        subject: String = "CN=device-1,O=Example",
        key: SoftwareKey? = nil
    ) async throws -> ChallengeAnswer {
        await (source ?? self.source()).judge(
            try Questions.make(challenge: token, subject: subject, names: names, key: key)
        )
    }

    // MARK: - Whose it is

    @Test func acceptsATokenOnceByItsIdWithItsAttributes() async throws {
        let token = try maker.token(["device": #"{"serial":"C02","tags":["a","b"]}"#, "sub": #""alice""#, "iat": "1"])
        let answer = try await judge(token)
        let claim = ExternalChallenge(
            profile: "phones",
            source: "token portal",
            id: "id-1",
            expires: Date(timeIntervalSince1970: Double(TokenMaker.expiry))
        )
        #expect(answer.claims == [.external(claim)])
        #expect(
            answer.attributes == [
                "token.device.serial": ["C02"], "token.device.tags": ["a", "b"], "token.sub": ["alice"],
            ]
        )
        guard case .accept(_, _, .unguessable) = answer else { throw MalformedJSON() }
    }

    @Test(arguments: ["", "code", "a.b", "a.b.c", "a.b.c.d", "e30.e30.", "eyJhbGciOjF9.e30.AA"])
    func leavesWhatIsNoTokenToOthers(_ challenge: String) async throws {
        #expect(try await judge(challenge) == .notMine)
    }

    @Test func leavesTokensOfAnotherIssuerToOthersIfItNamesOne() async throws {
        let token = try maker.token(["iss": #""https://b.example""#])
        #expect(try await judge(token, source { $0.issuer = "https://a.example" }) == .notMine)
        #expect(try await judge(try maker.token(), source { $0.issuer = "https://a.example" }) == .notMine)
        let own = try await judge(token, source { $0.issuer = "https://b.example" })
        #expect(own.summary == "accept")
        guard case .external(let claim)? = own.claims.first else { throw MalformedJSON() }
        #expect(claim.source == "token of https://b.example")
        // What it made is used at all SCEP profiles at once.
        #expect(claim.profile.isEmpty)
    }

    // MARK: - Who signed it

    @Test func refusesWhatNoKeySigned() async throws {
        let stranger = TokenMaker()
        #expect(
            try await judge(try stranger.token()).summary
                == "reject challenge.unknown its signature is by no key of the source"
        )
        let parts = try maker.token().split(separator: ".").map(String.init)
        let claims = TokenMaker.base64URL(Data(TokenMaker.claims(["jti": #""id-2""#]).utf8))
        let changed = [parts[0], claims, parts[2]].joined(separator: ".")
        #expect(try await judge(changed).summary.hasPrefix("reject challenge.unknown its signature"))
        let unsigned = [parts[0], parts[1], ""].joined(separator: ".")
        #expect(try await judge(unsigned).summary.hasPrefix("reject challenge.unknown its signature"))
    }

    @Test(arguments: ["none", "None", "HS256", "ES256", "RS256", "eddsa", "\\u001b[31m"])
    func triesAKeyWithNoOtherAlgorithmThanItsOwn(_ algorithm: String) async throws {
        let header = #"{"alg":"\#(algorithm)"}"#
        let pem = Array(maker.pem.utf8)
        // What the public key would authenticate if somebody took it for a secret.
        let confused = TokenMaker.assemble(header, TokenMaker.claims()) { signed in
            Data(MessageAuthentication.sha256(key: pem, message: Array(signed)))
        }
        let ours = try maker.token(header: header)
        for token in [confused, ours, ours.split(separator: ".").dropLast().joined(separator: ".") + "."] {
            let summary = try await judge(token).summary
            #expect(summary.hasPrefix("reject challenge.unknown no key of the source fits its algorithm"))
            #expect(!summary.contains("\u{1B}"))
        }
    }

    @Test func refusesCriticalPartsAndReadsClaimsInOneWay() async throws {
        let critical = try maker.token(header: #"{"alg":"EdDSA","crit":["b64"],"b64":false}"#)
        #expect(try await judge(critical).summary.hasPrefix("reject challenge.unknown it asks for what"))
        let twice = #"{"exp":\#(TokenMaker.expiry),"jti":"a","jti":"b"}"#
        let token = try TokenMaker.assemble(#"{"alg":"EdDSA"}"#, twice) { try maker.key.signature(for: $0) }
        #expect(try await judge(token) == .notMine)
    }

    @Test func takesKeysByTheirIdsAndKnowsAllTheirTypes() async throws {
        #expect(try await judge(try maker.token(), source("set.json")).summary == "accept")
        let unknown = try maker.token(header: #"{"alg":"EdDSA","kid":"k2"}"#)
        #expect(try await judge(unknown, source("set.json")).summary.hasSuffix("and its key id 'k2'"))
        // Keys in PEM have no ids.
        #expect(try await judge(unknown).summary == "accept")
        #expect(try await judge(try maker.token(header: #"{"alg":"EdDSA"}"#), source("set.json")).summary == "accept")
    }

    @Test func verifiesEllipticCurveAndRSASignatures() async throws {
        let (p256, p384) = (P256.Signing.PrivateKey(), P384.Signing.PrivateKey())
        let rsa = try TestKeys.other
        let pems = [
            p256.publicKey.pemRepresentation, p384.publicKey.pemRepresentation,
            TokenMaker.pem(Data(rsa.publicKey.subjectPublicKeyInfo)),
        ]
        try folder.write("all.pem", Array(("# keys\n" + pems.joined()).utf8))
        let all = source("all.pem")
        let claims = TokenMaker.claims()
        let tokens = [
            try TokenMaker.assemble(#"{"alg":"ES256"}"#, claims) { try p256.signature(for: $0).rawRepresentation },
            try TokenMaker.assemble(#"{"alg":"ES384"}"#, claims) { try p384.signature(for: $0).rawRepresentation },
            try TokenMaker.assemble(#"{"alg":"RS256"}"#, claims) {
                Data(try rsa.sign($0, scheme: .rsaPKCS1(.sha256)))
            },
            try TokenMaker.assemble(#"{"alg":"PS256"}"#, claims) {
                Data(try rsa.sign($0, scheme: .rsaPSS(.sha256, saltByteCount: 32)))
            },
        ]
        for token in tokens { #expect(try await judge(token, all).summary == "accept") }
        // Each under another's name.
        for (index, algorithm) in ["ES384", "ES256", "PS256", "RS256"].enumerated() {
            let parts = tokens[index].split(separator: ".")
            let header = TokenMaker.base64URL(Data(#"{"alg":"\#(algorithm)"}"#.utf8))
            #expect(try await judge("\(header).\(parts[1]).\(parts[2])", all).summary.hasPrefix("reject"))
        }
    }

    @Test func authenticatesBySecretOf32BytesOrMore() async throws {
        let secret = Array("0123456789abcdef0123456789abcdef".utf8)
        let token = TokenMaker.assemble(#"{"alg":"HS256"}"#, TokenMaker.claims()) { signed in
            Data(MessageAuthentication.sha256(key: secret, message: Array(signed)))
        }
        func with(_ bytes: [UInt8]) throws -> TokenSource {
            try folder.write("secret", bytes)
            var settings = TokenSourceSettings(name: "portal")
            settings.secret = .file(folder.file("secret"))
            return TokenSource(settings, used: used)
        }
        #expect(try await judge(token, with(secret)).summary == "accept")
        #expect(try await judge(token, with(secret.reversed())).summary.hasPrefix("reject challenge.unknown"))
        #expect(try await judge(token, with(secret.dropLast())).summary.contains("less than 32 bytes"))
        #expect(try await judge(try maker.token(), with(secret)).summary.hasPrefix("reject challenge.unknown no key"))
    }

    @Test func failsClosedWithoutKeys() async throws {
        #expect(try await judge(try maker.token(), source("none.pem")).summary.hasPrefix("unavailable the file"))
        try folder.write("empty.json", Array(#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#.utf8))
        #expect(
            try await judge(try maker.token(), source("empty.json")).summary.hasPrefix(
                "unavailable there is no public key"
            )
        )
    }

    // MARK: - What it says

    @Test(
        arguments: [
            (["exp": nil], "reject challenge.unknown it has no 'exp'"),
            (["exp": #""1900000900""#], "reject challenge.unknown it has no 'exp'"),
            (["exp": "1900000000"], "reject challenge.expired by 'exp'"),
            (["exp": "-1e308"], "reject challenge.expired by 'exp'"),
            (["exp": "1e400"], "reject challenge.unknown it has no 'exp'"),
            (["exp": "1e300"], "reject challenge.unknown its 'exp' is more than a year ahead"),
            (["nbf": "1900000100"], "reject challenge.unknown it is not good yet, by 'nbf'"),
            (["nbf": #""soon""#], "reject challenge.unknown it is not good yet, by 'nbf'"),
            (["nbf": "1900000030"], "accept"),
            (["jti": nil], "reject challenge.unknown it has no 'jti' of 1 to 1024 bytes"),
            (["jti": "7"], "reject challenge.unknown it has no 'jti' of 1 to 1024 bytes"),
            (["jti": #""""#], "reject challenge.unknown it has no 'jti' of 1 to 1024 bytes"),
            (["key_type": #""dsa""#], "reject challenge.unknown its 'key_type' is not known"),
            (["key_type": "2048"], "reject challenge.unknown its 'key_type' is no text"),
            (["sans": #""dns:a""#], "reject challenge.unknown its 'sans' is no list"),
            (["scep_subject": "null"], "reject challenge.unknown its 'scep_subject' is no text"),
            (["scep_subject": #""device-1""#], "reject challenge.unknown its subject can't be read"),
        ] as [([String: String?], String)]
    )
    func holdsToTheClaims(_ changes: [String: String?], _ summary: String) async throws {
        #expect(try await judge(try maker.token(changes)).summary == summary)
    }

    @Test(arguments: [
        (#""other""#, false), (nil, false), (#""sceptic""#, true), (#"["x","sceptic"]"#, true), (#"["x"]"#, false),
    ])
    func holdsToTheAudience(_ audience: String?, _ isAccepted: Bool) async throws {
        let answer = try await judge(try maker.token(["aud": audience]), source { $0.audience = "sceptic" })
        #expect(
            answer.summary == (isAccepted ? "accept" : "reject challenge.unknown its 'aud' does not name 'sceptic'")
        )
    }

    @Test(arguments: [#""other""#, #"["other"]"#, "[]", "null", #""""#])
    func refusesTokensForAnAudienceIfItHasNone(_ audience: String) async throws {
        #expect(
            try await judge(try maker.token(["aud": audience])).summary
                == "reject challenge.unknown it has an 'aud', and the source has no 'audience'"
        )
    }

    @Test func bindsExactlyWhatItNames() async throws {
        let mismatch = "reject challenge.identity bound to the subject 'CN=device-1,O=Example', asked for 'CN=device-2'"
        #expect(try await judge(try maker.token(), subject: "CN=device-2").summary == mismatch)
        // Without one of its own, the subject is what 'sub' says.
        let plain = try maker.token(["scep_subject": nil, "sub": #""device, 2+x""#])
        #expect(try await judge(plain, subject: #"CN=device\, 2\+x"#).summary == "accept")
        #expect(try await judge(plain).summary.hasPrefix("reject challenge.identity bound to the subject"))
        #expect(try await judge(plain, source { $0.sub = .free }).summary == "accept")
        let name = try maker.token(["scep_subject": nil, "sub": #""CN=a,O=B""#])
        #expect(try await judge(name, subject: "CN=a,O=B").summary == "accept")

        let sans = try maker.token(["sans": #"["dns:VPN.example","ip:192.0.2.1","ip:2001:db8::1"]"#])
        let names: [GeneralName] = [
            .dnsName("vpn.example"), .ipAddress(.init(contentBytes: [192, 0, 2, 1])),
            .ipAddress(.init(contentBytes: [0x20, 1, 0xD, 0xB8] + Array(repeating: 0, count: 11) + [1])),
        ]
        #expect(try await judge(sans, names: names).summary == "accept")
        #expect(try await judge(sans, names: Array(names.dropLast())).summary.hasPrefix("reject challenge.identity"))
        let none = try maker.token(["sans": "[]"])
        #expect(try await judge(none).summary == "accept")
        #expect(try await judge(none, names: [.dnsName("a")]).summary.hasPrefix("reject challenge.identity"))
    }

    @Test func bindsTheKeyTypeAndTheRAProfile() async throws {
        for type in ["rsa2048", "RSA-2048"] {
            #expect(try await judge(try maker.token(["key_type": "\"\(type)\""])).summary == "accept")
        }
        for type in ["p256", "EC P-256"] {
            let token = try maker.token(["key_type": "\"\(type)\""])
            #expect(try await judge(token, key: try TestKeys.ec).summary == "accept")
            #expect(
                try await judge(token).summary
                    == "reject challenge.identity bound to the key type 'EC P-256', asked for 'RSA-2048'"
            )
        }
        #expect(try await judge(try maker.token(["ra_profile": #""default""#])).summary == "accept")
        #expect(
            try await judge(try maker.token(["ra_profile": #""vpn""#])).summary
                == "reject challenge.identity bound to RA profile 'vpn', asked for 'default'"
        )
    }

    @Test func isUsedOnceAndAnswersItsUserAgain() async throws {
        let token = try maker.token()
        guard case .external(let claim)? = try await judge(token).claims.first else { throw MalformedJSON() }
        used.use(claim, by: try Questions.make().publicKeyDigest)
        #expect(try await judge(token).summary == "accept")
        #expect(try await judge(token, key: try TestKeys.other).summary == "reject challenge.used")
        #expect(try await judge(try maker.token(["jti": #""id-2""#]), key: try TestKeys.other).summary == "accept")
    }
}
