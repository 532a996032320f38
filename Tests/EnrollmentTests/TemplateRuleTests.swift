// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEPCrafting
internal import TestSupport
internal import Testing
internal import X509

internal import struct Foundation.Date

/// What a template requires, forbids and grants, each kept and broken.
@Suite struct TemplateRuleTests {
    /// A template, what a device asks for, and what comes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        var yaml: String
        var subject = "CN=device-1"
        var names: [[UInt8]] = []
        var outcome: String
        /// What the trace says of it.
        var detail: (step: String, text: String)?
        var testDescription: String { "\(yaml) for \(subject): \(outcome)" }
    }

    @Test(arguments: subjects + names + patterns) func ruleIsKept(_ example: Case) async throws {
        let bench = try await TemplateBench(example.yaml)
        let extensions = example.names.isEmpty ? [] : [Wish.names(bytes: example.names)]
        #expect(try await bench.outcome(example.subject, extensions: extensions) == example.outcome)
        guard let (step, text) = example.detail else { return }
        let detail = try await bench.detail(step)
        #expect(detail?.contains(text) == true, "\(detail ?? "-")")
    }

    private static let subjects = [
        Case(yaml: "requiredSubject: [CN, O]", subject: "CN=a,O=b", outcome: "CN=a,O=b"),
        Case(yaml: "requiredSubject: [CN, O]", outcome: "policy.subject", detail: ("subject", "no O; it needs CN, O")),
        Case(yaml: "forbiddenSubject: [OU]", outcome: "CN=device-1"),
        Case(
            yaml: "forbiddenSubject: [OU]",
            subject: "CN=a,OU=b",
            outcome: "policy.subject",
            detail: ("subject", "has OU")
        ),
        Case(yaml: "forbiddenSubject: ['2.5.4.11']", subject: "CN=a,OU=b", outcome: "policy.subject"),
        Case(yaml: "allowedSubject: [CN, O]", subject: "CN=a,O=b", outcome: "CN=a,O=b"),
        Case(
            yaml: "allowedSubject: [CN, O]",
            subject: "CN=a,1.2.3=b",
            outcome: "policy.subject",
            detail: ("subject", "1.2.3; only CN, O")
        ),
        Case(yaml: "invisibleCharacters: accept", subject: "CN=\u{202E}a", outcome: "CN=\\e2\\80\\aea"),
        Case(
            yaml: "invisibleCharacters: refuse",
            subject: "CN=\u{202E}a",
            outcome: "policy.subject",
            detail: ("subject", "only visible ones")
        ),
        Case(yaml: "invisibleCharacters: refuse", subject: "CN=a\\00b", outcome: "policy.subject"),
        Case(yaml: "invisibleCharacters: refuse", subject: "CN=名前", outcome: "CN=名前"),
    ]

    private static let mixed = [
        Wish.dns("a.example"), Wish.uri("urn:a"), Wish.uri("tag:microsoft.com,2022-09-14:sid:S-1-5"),
        Wish.userPrincipalName("root@corp"),
    ]

    private static let names = [
        Case(
            yaml: "allowedNames: [dns]",
            names: mixed,
            outcome: "CN=device-1 dns:a.example",
            detail: ("names", "left out: uri:urn:a uri:tag:microsoft.com")
        ),
        Case(yaml: "requestedNames: ignore", names: mixed, outcome: "CN=device-1", detail: ("names", "dns:a.example")),
        Case(
            yaml: "{requestedNames: refuse, allowedNames: [dns, uri]}",
            names: mixed,
            outcome: "policy.names",
            detail: ("requested names", "only dns, uri may be asked for")
        ),
        Case(
            yaml: "{requestedNames: refuse, allowedNames: [dns]}",
            names: [Wish.dns("a.example")],
            outcome: "CN=device-1 dns:a.example"
        ),
        Case(yaml: "requestedNames: refuse", names: [Wish.userPrincipalName("root@corp")], outcome: "policy.names"),
        Case(yaml: "requiredNames: [dns]", outcome: "policy.names", detail: ("names", "a name of the kind dns")),
        Case(yaml: "requiredNames: [dns]", names: [Wish.dns("a.example")], outcome: "CN=device-1 dns:a.example"),
        Case(yaml: "requiredNames: [dns]", names: [Wish.uri("urn:a")], outcome: "policy.names"),
    ]

    private static let patterns = [
        Case(yaml: "patterns: {CN: ['device-*']}", outcome: "CN=device-1"),
        Case(
            yaml: "patterns: {CN: ['printer-*', 'phone-*']}",
            outcome: "policy.pattern",
            detail: ("patterns", "CN 'device-1' is not as it has to be: 'printer-*', 'phone-*'")
        ),
        Case(yaml: "patterns: {CN: ['device-*']}", subject: "CN=device-1,CN=admin", outcome: "policy.pattern"),
        Case(yaml: "patterns: {CN: ['device-*']}", subject: "CN=Device-1", outcome: "policy.pattern"),
        Case(yaml: "patterns: {CN: ['device-*']}", subject: "CN=#040161", outcome: "policy.pattern"),
        Case(yaml: "patterns: {O: ['Example']}", outcome: "CN=device-1"),
        Case(
            yaml: "patterns: {dns: ['*.example']}",
            names: [Wish.dns("A.EXAMPLE")],
            outcome: "CN=device-1 dns:A.EXAMPLE"
        ),
        Case(yaml: "patterns: {dns: ['*.example']}", names: [Wish.dns("a.b.example")], outcome: "policy.pattern"),
        Case(
            yaml: "patterns: {dns: ['**.example']}",
            names: [Wish.dns("a.b.example")],
            outcome: "CN=device-1 dns:a.b.example"
        ),
        Case(yaml: "patterns: {dns: ['*.example']}", names: [Wish.dns("example")], outcome: "policy.pattern"),
        Case(
            yaml: "patterns: {dns: ['*.example']}",
            names: [Wish.dns("a.example"), Wish.dns("evil.test")],
            outcome: "policy.pattern"
        ),
        Case(
            yaml: "deniedPatterns: {CN: ['*admin*']}",
            subject: "CN=The  ADMIN",
            outcome: "policy.pattern",
            detail: ("patterns", "denied by '*admin*'")
        ),
        Case(yaml: "deniedPatterns: {CN: ['domain admin']}", subject: "CN=Domain   Admin", outcome: "policy.pattern"),
        Case(yaml: "deniedPatterns: {CN: ['*admin*']}", outcome: "CN=device-1"),
        Case(yaml: "deniedPatterns: {uri: ['urn:x*']}", names: [Wish.uri("URN:X:1")], outcome: "policy.pattern"),
        Case(
            yaml: "{patterns: {CN: ['*']}, deniedPatterns: {CN: ['a*']}}",
            subject: "CN=abc",
            outcome: "policy.pattern"
        ),
    ]

    // MARK: - Extensions and usages

    @Test func wishesForPowerAreToldWhenTheyAreLeftOut() async throws {
        let bench = try await TemplateBench("{}")
        #expect(try await bench.outcome("CN=a", extensions: Wish.power) == "CN=a")
        let extensions = try #require(try await bench.detail("extensions"))
        for part in [
            "basicConstraints of a CA", "keyCertSign", "cRLSign", "the SID of an account", "application policies",
        ] {
            #expect(extensions.contains(part), "\(extensions)")
        }
        #expect(try await bench.detail("usages")?.contains("anyExtendedKeyUsage") == true)
    }

    @Test(arguments: Wish.power.indices) func wishesForPowerAreRefusedWhereTheTemplateSaysSo(index: Int) async throws {
        let bench = try await TemplateBench("{requestedExtensions: refuse, requestedUsages: refuse}")
        let isUsage = index == 2
        let outcome = try await bench.outcome("CN=a", extensions: [Wish.power[index]])
        #expect(outcome == (isUsage ? "policy.usage" : "policy.extensions"))
        #expect(try await bench.outcome("CN=b", extensions: [Wish.extension("0603551d13", TLV.sequence())]) == "CN=b")
    }

    @Test func usagesAreThoseOfTheTemplate() async throws {
        let bench = try await TemplateBench(
            "{keyUsages: [digitalSignature, nonRepudiation], extendedKeyUsages: [clientAuth, serverAuth, 1.2.3.4]}"
        )
        let issued = try #require(try await bench.certificate(try Name("CN=a")))
        #expect(issued.keyUsage == KeyUsage(digitalSignature: true, nonRepudiation: true))
        #expect(issued.extendedUsages == ["clientAuth", "serverAuth", "1.2.3.4"])
    }

    @Test func keyUsagesFitTheKey() async throws {
        let bench = try await TemplateBench("keyUsages: [digitalSignature, keyEncipherment, keyAgreement]")
        let rsa = try #require(try await bench.certificate(try Name("CN=a")))
        #expect(rsa.keyUsage == KeyUsage(digitalSignature: true, keyEncipherment: true))
        let device = try Device("b", key: try TestKeys.ec, in: bench.world)
        let ec = try #require(
            try await bench.world.ask(try device.message("x"), profile: bench.profile).certificate
        )
        #expect(ec.keyUsage == KeyUsage(digitalSignature: true, keyAgreement: true))
        let none = try await TemplateBench("keyUsages: [keyEncipherment]")
        let other = try Device("c", key: try TestKeys.ec, in: none.world)
        #expect(try await none.world.ask(try other.message("x"), profile: none.profile).certificate == nil)
        #expect(none.world.observer.reasons == [.policyUsage])
    }

    /// serverAuth, emailProtection and any.
    private static let purposes = Wish.extension(
        "0603551d25",
        TLV.sequence(
            [UInt8](hex: "06082b06010505070301"),
            [UInt8](hex: "06082b06010505070304"),
            [UInt8](hex: "0604551d2500")
        )
    )
    /// keyEncipherment and keyCertSign.
    private static let keyUsage = Wish.extension("0603551d0f", [3, 2, 2, 0x24])

    @Test func requestedUsagesAreGrantedWithinTheList() async throws {
        let bench = try await TemplateBench("{requestedUsages: grant, allowedExtendedKeyUsages: [serverAuth]}")
        let wishes = [Self.purposes, Self.keyUsage]
        let device = try Device("device-1", in: bench.world)
        let message = try device.message("x", extensions: wishes)
        let issued = try #require(try await bench.world.ask(message, profile: bench.profile).certificate)
        #expect(issued.extendedUsages == ["clientAuth", "serverAuth"])
        #expect(issued.keyUsage == KeyUsage(keyEncipherment: true))
        #expect(try await bench.detail("usages") == "left out: emailProtection, anyExtendedKeyUsage")
        // A renewal that asks for nothing keeps them (client-quirks J11).
        let renewal = try device.holding(issued).renewal(try TestKeys.other)
        let renewed = try #require(try await bench.world.ask(renewal, profile: bench.profile).certificate)
        #expect(renewed.extendedUsages == ["clientAuth", "serverAuth"])
        #expect(renewed.keyUsage == KeyUsage(keyEncipherment: true))
        // Another template no longer grants them.
        let strict = try bench.world.profile(template: CertificateTemplate())
        let again = try device.holding(issued).renewal(try TestKeys.other, transactionID: "again")
        let reduced = try #require(try await bench.world.ask(again, profile: strict).certificate)
        #expect(reduced.extendedUsages == ["clientAuth"])
    }

    @Test func requestForOtherUsagesIsRefusedWhereTheTemplateSaysSo() async throws {
        let bench = try await TemplateBench("requestedUsages: refuse")
        #expect(try await bench.outcome("CN=a", extensions: [Self.purposes]) == "policy.usage")
        #expect(
            try await bench.detail("usages")
                == "it asks for serverAuth; only digitalSignature, keyEncipherment, clientAuth may be asked for"
        )
        let usual = Wish.extension("0603551d0f", [3, 2, 5, 0xA0])
        #expect(try await bench.outcome("CN=b", extensions: [usual]) == "CN=b")
    }

    // MARK: - Keys and validity

    @Test func keysOfOtherTypesAreRefused() async throws {
        let bench = try await TemplateBench("keys: {types: [p256, p384]}")
        #expect(try await bench.outcome("CN=a") == "policy.key")
        #expect(try await bench.detail("key type") == "RSA-2048; only p256, p384 are certified")
        let long = try await TemplateBench("keys: {minimumRSABits: 1024, maximumRSABits: 1536}")
        #expect(try await long.outcome("CN=a") == "policy.key")
        #expect(try await long.detail("key size") == "RSA of 2048 bits; at most 1536 are certified")
    }

    @Test func keyWithTheExponentThreeIsRefusedUnlessTheTemplateAllowsIt() async throws {
        let options = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:3"]
        let key = try SoftwareKey(derEncoded: try await OpenSSL().makeKey("three.pem", options))
        let bench = try await TemplateBench("{}")
        let message = try Device("a", key: key, in: bench.world).message("x")
        let answer = try await bench.world.ask(message, profile: bench.profile)
        #expect(answer == .failure("2", "the key is known to be weak"))
        #expect(bench.world.observer.reasons == [.policyWeakKey])
        let lenient = try await TemplateBench("keys: {minimumRSAExponent: 3}")
        #expect(try await lenient.outcome("CN=a", key: key) == "CN=a")
    }

    @Test func deniedKeyIsRefusedByItsDigest() async throws {
        let digest = DigestAlgorithm.sha256.digest(try TestKeys.client.publicKey.subjectPublicKeyInfo)
        var template = CertificateTemplate()
        template.keys.denied = [digest]
        let bench = try await TemplateBench(template)
        #expect(try await bench.outcome("CN=a") == "policy.weak-key")
        #expect(try await bench.outcome("CN=b", key: try TestKeys.other) == "CN=b")
    }

    @Test func certificateIsValidForHours() async throws {
        let bench = try await TemplateBench("{validityHours: 8, backdateSeconds: 0}")
        let issued = try #require(try await bench.certificate(try Name("CN=a")))
        let start = try #require(issued.notBefore)
        #expect(try #require(issued.notAfter).timeIntervalSince(start) == 28_799)
        #expect(try await bench.world.latestTrace().steps.allSatisfy { $0.name != "validity" })
    }

    @Test func shortenedValidityIsTold() async throws {
        let bench = try await TemplateBench("validityDays: 36500")
        let issued = try #require(try await bench.certificate(try Name("CN=a")))
        #expect(issued.notAfter == bench.world.issuer.authority.certificate.notAfter)
        #expect(try await bench.detail("validity")?.hasPrefix("shortened: it ends with the issuer's") == true)
    }
}

extension Wish {
    static func names(bytes: [[UInt8]]) -> [UInt8] {
        `extension`("0603551d11", TLV.encode(0x30, bytes.flatMap(\.self)))
    }
}
