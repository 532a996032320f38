// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEPCrafting
internal import SwiftASN1
internal import TestSupport
internal import Testing

/// Subjects and names that a template writes.
@Suite struct TemplateTests {
    private static let commonName: [UInt8] = [0x55, 4, 3]

    /// A name with a commonName of any text.
    private static func named(_ text: String) throws -> Name {
        try Name(relativeNames: [[([2, 5, 4, 3], text)]])
    }

    @Test(arguments: [
        ("CN=${csr.subject.CN},OU=Phones,O=Example", "CN=device-1,OU=Phones,O=Example"),
        ("CN=${webhook.device.serial}", "CN=C02XK1"),
        ("CN=${webhook.nothing|csr.subject.2.5.4.3}", "CN=device-1"),
        ("CN=${webhook.nothing|'a'}-${token.sub}", "CN=a-4711"),
        ("CN=x,OU=${webhook.nothing|''},O=Example", "CN=x,O=Example"),
        ("CN=${csr.san.dns}", "CN=device-1.example"),
        ("CN=${'${csr.subject.CN}'}", "CN=${csr.subject.CN}"),
        ("CN=a\\, b,O=\\#1", "CN=a\\, b,O=\\#1"),
        ("CN=$5 {x}", "CN=$5 {x}"),
        ("CN=${csr.subject.CN}+OU=${token.sub}", "OU=4711+CN=device-1"),
    ])
    func subjectIsWhatTheTemplateSays(template: String, expected: String) async throws {
        let bench = try await TemplateBench(
            "subject: \"\(template.replacing("\\", with: "\\\\"))\"\nallowedNames: []",
            ["webhook.device.serial": ["C02XK1"], "token.sub": ["4711"], "webhook.empty": [""]]
        )
        let names = [Wish.names(Wish.dns("device-1.example"))]
        #expect(try await bench.outcome("CN=device-1,O=Evil", extensions: names) == expected)
    }

    @Test func digestOfTheKeyIsItsSHA256() async throws {
        let bench = try await TemplateBench("subject: 'CN=${csr.key.digest}'")
        let key = try TestKeys.client.publicKey.subjectPublicKeyInfo
        let digest = DigestAlgorithm.sha256.digest(key).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        #expect(try await bench.outcome("CN=x") == "CN=" + digest.joined())
    }

    @Test func listOfAttributesSaysTheSame() async throws {
        let bench = try await TemplateBench(
            """
            subject:
              - CN: ${csr.subject.CN}
              - OU: Phones, red
              - O: Example
            """
        )
        #expect(try await bench.outcome("CN=device-1") == "CN=device-1,OU=Phones\\, red,O=Example")
    }

    /// Whatever is in a value stays in it.
    @Test(arguments: [
        "a,O=Evil", "a+OU=Evil", "a\\,O=Evil", "${webhook.secret}", "${csr.subject.CN}", "#0C0161",
        "*)(uid=*))(|(uid=*",
        "'; DROP TABLE certificate; --", "<script>alert(1)</script>", "{{ 7*7 }}", "$(reboot)", "`id`", "%n%s",
        "../../x",
        "a=b", " a ", "\"", "CN=b", "a/CN=b", "名前", "\u{202E}gro.elpmaxe",
    ])
    func valueCanNotBringAnythingWithIt(value: String) async throws {
        let bench = try await TemplateBench(
            "subject: 'CN=${csr.subject.CN},O=Example'",
            ["webhook.secret": ["secret"]]
        )
        let expected = try Name(relativeNames: [[([2, 5, 4, 3], value)], [([2, 5, 4, 10], "Example")]])
        #expect(try await bench.certificate(try Self.named(value))?.subject == expected)
        let known = try await TemplateBench("subject: 'CN=${webhook.name},O=Example'", ["webhook.name": [value]])
        #expect(try await known.certificate(try Name("CN=x"))?.subject == expected)
    }

    @Test(arguments: [
        ("a\u{0}b", "control character"), ("a\nb", "control character"), ("a\u{7F}", "control character"),
        ("a\u{2028}b", "control character"), (String(repeating: "x", count: 65), "at most 64"),
        (String(repeating: "x", count: 65_536), "65536 bytes"), (String(repeating: "ä", count: 65), "at most 64"),
    ])
    func valueThatCanNotStandThereIsToldSo(value: String, reason: String) async throws {
        let bench = try await TemplateBench("subject: 'CN=${csr.subject.CN},O=Example'")
        #expect(try await bench.outcome(try Self.named(value)) == "policy.template")
        #expect(try #require(try await bench.detail("template")).contains(reason))
    }

    @Test func missingAndAmbiguousValuesAreNamed() async throws {
        let bench = try await TemplateBench("subject: 'CN=${webhook.a|token.b}'")
        let message = try Device("device-1", in: bench.world).message("x")
        let answer = try await bench.world.ask(message, profile: bench.profile)
        #expect(answer == .failure("2", "the requested names are not accepted"))
        #expect(bench.world.observer.reasons == [.policyTemplate])
        #expect(try await bench.detail("template")?.contains("'${webhook.a|token.b}'") == true)
        let two = try await TemplateBench("subject: 'CN=${csr.subject.CN}'")
        #expect(try await two.outcome("CN=allowed,CN=other") == "policy.template")
        #expect(try await two.detail("template") == "'${csr.subject.CN}' has 2 values, where one is wanted")
    }

    @Test func attributeTypesKeepTheirRules() async throws {
        let country = try await TemplateBench("subject: 'CN=x,C=${csr.subject.C}'")
        #expect(try await country.outcome("C=DE") == "CN=x,C=DE")
        for text in ["D", "DEU", "D1", "ÄÖ"] {
            #expect(try await country.outcome(try Name(relativeNames: [[([2, 5, 4, 6], text)]])) == "policy.template")
        }
        let mail = try await TemplateBench(
            "subject: 'emailAddress=${webhook.mail}'",
            ["webhook.mail": ["ä@example.com"]]
        )
        #expect(try await mail.outcome("CN=x") == "policy.template")
    }

    // MARK: - Names

    @Test func namesAreAddedToThoseOfTheRequest() async throws {
        let bench = try await TemplateBench(
            """
            names:
              - dns:${csr.subject.CN}.corp.example
              - dns:${csr.subject.CN}.example
              - email:${directory.mail}
              - uri:urn:device:${webhook.id}
              - ip:${webhook.address}
              - upn:${directory.account}@corp.example
              - uri:tag:microsoft.com,2022-09-14:sid:${directory.sid}
              - uri:${webhook.nothing|''}
            """,
            [
                "directory.mail": ["a@example.com", "b@example.com"], "webhook.id": ["a/../b?c#d@e"],
                "webhook.address": ["2001:db8::1"], "directory.account": ["anna"], "directory.sid": ["S-1-5-21-1"],
            ]
        )
        let outcome = try await bench.outcome("CN=device-1", extensions: [Wish.names(Wish.dns("device-1.example"))])
        #expect(
            outcome
                == "CN=device-1 dns:device-1.example dns:device-1.corp.example email:a@example.com email:b@example.com "
                + "uri:urn:device:a%2F..%2Fb%3Fc%23d%40e ip:2001:db8:0:0:0:0:0:1 upn:anna@corp.example "
                + "uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1"
        )
    }

    @Test(arguments: [
        ("dns:${csr.subject.CN}.example", "*"), ("dns:${csr.subject.CN}", "*.example"),
        ("dns:${csr.subject.CN}", "a b"),
        ("email:${csr.subject.CN}@corp.example", "a@evil.example"), ("email:${csr.subject.CN}", "a@b@c"),
        ("email:${csr.subject.CN}", "\"a b\"@c"), ("uri:${csr.subject.CN}", "no scheme"),
        ("uri:${csr.subject.CN}", "x"),
        ("uri:${csr.subject.CN}", "TAG:microsoft.com,2022-09-14:sid:S-1-5-21-1-500"), ("ip:${csr.subject.CN}", "1.2.3"),
        ("ip:${csr.subject.CN}", "example.com"), ("dns:${csr.subject.CN}", "ä.example"),
        ("email:${csr.subject.CN}", "a@b\u{0}c"),
    ])
    func namesThatAreNoneAreRefused(line: String, value: String) async throws {
        let bench = try await TemplateBench("names: ['\(line)']")
        #expect(try await bench.outcome(try Self.named(value)) == "policy.template")
    }

    @Test func asteriskOfTheTemplateStays() async throws {
        let bench = try await TemplateBench("names: ['dns:*.${csr.subject.CN}.example']")
        #expect(try await bench.outcome("CN=a") == "CN=a dns:*.a.example")
    }

    @Test(arguments: [
        "upn:${csr.subject.CN}@corp.example", "upn:${webhook.upn|csr.san.email}",
        "uri:tag:microsoft.com,2022-09-14:sid:${csr.subject.UID}",
    ])
    func requesterNeverChoosesAnAccount(line: String) {
        #expect(throws: TemplateError.self) { try NameTemplate(line) }
    }

    @Test func emptyResultsLeaveNothingToName() async throws {
        let bench = try await TemplateBench("subject: \"OU=${webhook.a|''}\"\nrequestedNames: ignore")
        #expect(try await bench.outcome("CN=x", extensions: [Wish.names(Wish.dns("a.example"))]) == "policy.subject")
    }

    // MARK: - Renewal

    @Test func renewalKeepsWhatTheTemplateWrote() async throws {
        let yaml = """
            subject: CN=${csr.subject.CN},OU=Phones
            names: ['dns:${csr.subject.CN}.corp.example', 'upn:${webhook.account}@corp.example']
            """
        let bench = try await TemplateBench(yaml, ["webhook.account": ["anna"]])
        let device = try Device("device-1", in: bench.world)
        let wish = [Wish.names(Wish.dns("device-1.example"))]
        let first = try #require(
            try await bench.world.ask(try device.message("x", extensions: wish), profile: bench.profile).certificate
        )
        let expected = ["dns:device-1.example", "dns:device-1.corp.example", "upn:anna@corp.example"]
        #expect(first.nameTexts == expected)
        // It asks for what it asked for at first, or for nothing, and gets what it has.
        for (index, extensions) in [wish, []].enumerated() {
            let message = try device.holding(first).renewal(
                try TestKeys.other,
                transactionID: "\(index)",
                extensions: extensions
            )
            let renewed = try #require(try await bench.world.ask(message, profile: bench.profile).certificate)
            #expect(renewed.subject.description == "CN=device-1,OU=Phones")
            #expect(renewed.nameTexts == expected)
        }
        let other = try device.holding(first).renewal(
            try TestKeys.other,
            transactionID: "other",
            extensions: [Wish.names(Wish.dns("other.example"))]
        )
        #expect(try await bench.world.ask(other, profile: bench.profile).certificate == nil)
        #expect(bench.world.observer.reasons.last == .renewalNames)
    }

    @Test func renewalIsHeldToPatternsAsTheyAreNow() async throws {
        let bench = try await TemplateBench("names: ['dns:${csr.subject.CN}.example']")
        let device = try Device("device-1", in: bench.world)
        let first = try #require(
            try await bench.world.ask(try device.message("x"), profile: bench.profile).certificate
        )
        let later = try bench.world.profile(template: try TemplateBench.template("deniedPatterns: {CN: ['DEVICE-*']}"))
        let message = try device.holding(first).renewal(try TestKeys.other)
        #expect(try await bench.world.ask(message, profile: later).certificate == nil)
        #expect(bench.world.observer.reasons.last == .policyPattern)
    }
}
