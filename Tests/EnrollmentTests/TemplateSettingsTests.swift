// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import Foundation
internal import Testing

@testable internal import CertificateAuthority

/// Templates as they are written and stored.
@Suite struct TemplateSettingsTests {
    @Test func templateOfAnOlderVersionIsRead() throws {
        let stored = #"{"allowedNames":["ip","dns"],"backdateSeconds":60,"minimumRSABits":3072,"validityDays":90}"#
        let template = try JSONDecoder().decode(CertificateTemplate.self, from: Data(stored.utf8))
        #expect(
            template
                == CertificateTemplate(
                    validityDays: 90,
                    backdateSeconds: 60,
                    allowedNames: [.ip, .dns],
                    minimumRSABits: 3072
                )
        )
        #expect(try TemplateBench.template("{}") == CertificateTemplate())
    }

    @Test func olderVersionsFindWhatTheyNeed() throws {
        struct Older: Codable {
            var validityDays: Int
            var backdateSeconds: Int
            var allowedNames: Set<String>
            var minimumRSABits: Int
        }
        let data = try JSONEncoder().encode(CertificateTemplate(minimumRSABits: 4096))
        #expect(try JSONDecoder().decode(Older.self, from: data).minimumRSABits == 4096)
    }

    private static let full = """
        validityHours: 12
        backdateSeconds: 0
        subject: CN=${csr.subject.CN|'x,y'},OU=a\\, b+O=c,1.2.3=\\#d
        names: ['dns:${csr.subject.CN}.example', 'upn:${webhook.upn}']
        requestedNames: refuse
        allowedNames: [dns]
        requiredSubject: [CN]
        forbiddenSubject: [L]
        allowedSubject: [CN, OU, O, 1.2.3]
        invisibleCharacters: refuse
        requiredNames: [dns, upn]
        patterns: {CN: ['a*'], dns: ['*.example']}
        deniedPatterns: {CN: ['*admin*']}
        requestedExtensions: refuse
        keys: {types: [rsa, p256], minimumRSABits: 3072, maximumRSABits: 4096, minimumRSAExponent: 65537}
        deniedKeys: ['\(String(repeating: "0a", count: 32))']
        keyUsages: [digitalSignature, keyEncipherment]
        extendedKeyUsages: [clientAuth, serverAuth]
        requestedUsages: grant
        allowedExtendedKeyUsages: [emailProtection, 1.2.3.4]
        """

    @Test func everySettingSurvivesStoring() throws {
        let yaml = Self.full.replacing("'x,y'", with: "'x\\,y'")
        let template = try TemplateBench.template(yaml)
        #expect(template.problems() == [])
        let again = try JSONDecoder().decode(CertificateTemplate.self, from: try JSONEncoder().encode(template))
        #expect(again == template)
        #expect(
            template.subject?.text == "CN=${csr.subject.CN|'x\\,y'},O=c+OU=a\\, b,1.2.3=\\#d"
                || template.subject?.text == "CN=${csr.subject.CN|'x\\,y'},OU=a\\, b+O=c,1.2.3=\\#d"
        )
        let list = try TemplateBench.template("subject: [{CN: '${token.sub}'}, {O: 'a, b', OU: c}]")
        #expect(try JSONDecoder().decode(CertificateTemplate.self, from: try JSONEncoder().encode(list)) == list)
    }

    @Test(arguments: [
        "validtyDays: 3", "{validityDays: 3, validityHours: 4}", "subject: ''", "subject: device", "subject: XY=a",
        "subject: 'CN=${csr.subject.CN'", "subject: 'CN=${}'", "subject: 'CN=${csr}'",
        "subject: 'CN=${csr.subject.XY}'",
        "subject: 'CN=${csr.san.upn}'", "subject: 'CN=${csr.key}'", "subject: \"CN=${a.b|'x}\"",
        "subject: 'CN=${a.b |c.d}'",
        "subject: 'CN=${a..b}'", "subject: 'CN=#0C0161'", "subject: []", "subject: [{XY: a}]", "subject: 'CN=a\\00'",
        "names: ['device']", "names: ['sid:1']", "names: ['dns:']", "names: ['upn:${csr.subject.CN}@x']",
        "requestedNames: copy", "requiredSubject: [XY]", "patterns: {XY: ['a']}", "patterns: {CN: []}",
        "patterns: {CN: ['a'], cn: ['b']}", "patterns: {CN: ['']}", "requestedExtensions: grant",
        "keys: {types: [dsa]}", "keys: {minimumBits: 1}", "{minimumRSABits: 4096, keys: {minimumRSABits: 3072}}",
        "deniedKeys: ['00']", "keyUsages: [keyCertSign]", "keyUsages: [cRLSign]", "keyUsages: [sign]",
        "extendedKeyUsages: [anyExtendedKeyUsage]", "extendedKeyUsages: ['2.5.29.37.0']",
        "extendedKeyUsages: [clientAuthentication]",
        "allowedExtendedKeyUsages: ['1']", "requestedUsages: take", "validityDays: soon",
    ])
    func settingsThatAreWrongAreNotRead(yaml: String) {
        #expect(throws: DecodingError.self) { try TemplateBench.template(yaml) }
    }

    @Test func errorsSayWhatIsWrong() {
        func sentence(_ yaml: String) -> String {
            do {
                _ = try TemplateBench.template(yaml)
                return ""
            } catch { return "\(error)" }
        }
        #expect(sentence("keyUsages: [keyCertSign]").contains("keyCertSign belongs to CAs"))
        #expect(sentence("validtyDays: 3").contains("'validtyDays' is not known"))
        #expect(sentence("subject: 'CN=${csr.subject.XY}'").contains("'XY' is not a known attribute type"))
    }

    @Test(arguments: [
        ("validityDays: 0", "validityDays is 0"), ("validityHours: -1", "validityHours is -1"),
        ("backdateSeconds: -1", "backdateSeconds is -1"), ("backdateSeconds: 9999999", "backdateSeconds is 9999999"),
        ("keys: {types: []}", "no type of key"), ("keys: {minimumRSABits: 512}", "1024 to 8192"),
        ("keys: {maximumRSABits: 16384}", "1024 to 8192"),
        ("keys: {minimumRSABits: 4096, maximumRSABits: 3072}", "is above maximumRSABits"),
        ("keys: {minimumRSAExponent: 1}", "3 to 65537"), ("extendedKeyUsages: []", "good for everything"),
        ("extendedKeyUsages: [clientAuth, clientAuth]", "twice"),
        ("allowedExtendedKeyUsages: [serverAuth]", "unless requestedUsages"),
        ("keyUsages: [keyEncipherment]", "a key of type p256"), ("allowedNames: [upn]", "never taken over"),
        ("{requiredNames: [dns], allowedNames: [uri]}", "kind dns"),
        ("{requiredSubject: [CN], forbiddenSubject: [cn]}", "the same"),
        ("{requiredSubject: [CN], allowedSubject: [O]}", "not in allowedSubject"),
        ("{subject: CN=a, requiredSubject: [O]}", "has no O"), ("{subject: CN=a, forbiddenSubject: [CN]}", "has CN"),
        ("{subject: CN=a, allowedSubject: [O]}", "other attribute types"),
    ])
    func settingsThatMakeNoSenseAreNamed(yaml: String, part: String) throws {
        let problems = try TemplateBench.template(yaml).problems()
        #expect(problems.contains { $0.contains(part) && $0.hasSuffix(".") }, "\(problems)")
    }

    @Test func usualSettingsHaveNoProblems() {
        #expect(RAProfileSettings(issuer: "issuing", template: CertificateTemplate()).problems() == [])
        #expect(RAProfileSettings(issuer: "", template: CertificateTemplate()).problems().count == 1)
    }

    // MARK: - Patterns

    private static let plain = NamePattern.Comparison.exact
    private static let domain = NameKind.dns.comparison

    @Test(arguments: [
        ("a", "a", true), ("a", "b", false), ("a", "aa", false), ("*", "", true), ("*", "anything", true),
        ("a*", "a", true),
        ("a*c", "abc", true), ("a*c", "abd", false), ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false),
        ("**", "x.y", true), ("a.c", "abc", false), ("[a]", "[a]", true), ("\\d", "1", false), ("é*", "éa", true),
    ])
    func asteriskStandsForAnyRun(pattern: String, text: String, fits: Bool) throws {
        #expect(try NamePattern(pattern).fits(text, Self.plain) == fits)
    }

    @Test(arguments: [
        ("*.example.com", "a.example.com", true), ("*.example.com", "a.b.example.com", false),
        ("*.example.com", ".example.com", true),
        ("**.example.com", "a.b.example.com", true), ("*.example.com", "example.com", false),
        ("a-*-b.*", "A-1-B.x", true),
        ("*.example.com", "evil.com/.example.com", false), ("*.*.x", "a.b.x", true), ("*.*.x", "a.b.c.x", false),
    ])
    func asteriskInDomainsStopsAtDots(pattern: String, text: String, fits: Bool) throws {
        #expect(try NamePattern(pattern).fits(text, Self.domain) == fits)
    }

    @Test func patternsThatMakeOthersSlowTakeNoTime() throws {
        let pattern = try NamePattern(String(repeating: "a*", count: 127))
        let text = String(repeating: "a", count: 2047) + "b"
        let start = ContinuousClock.now
        #expect(try NamePattern(pattern.text + "c").fits(text, Self.plain) == false)
        #expect(pattern.fits(text, Self.plain))
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(try NamePattern("*").fits(text + "a", Self.plain) == false)
    }
}
