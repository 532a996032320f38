// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Foundation
internal import Testing

@testable internal import Enrollment

@Suite struct AuthorizedSignerSettingsTests {
    private func decode(_ json: String) throws -> AuthorizedSigner {
        try JSONDecoder().decode(AuthorizedSigner.self, from: Data(json.utf8))
    }

    @Test(arguments: [
        #""certificateSHA256":"\#(String(repeating: "Ab:", count: 31))AB""#,
        #""keySHA256":"\#(String(repeating: "0f", count: 32))""#,
        #""issuedThrough":"proxies","subject":"CN=ise,O=Example""#,
        #""authority":"jamf","subject":"CN=ise""#,
    ])
    func isReadWithItsDefaultsAndWrittenTheSame(identity: String) throws {
        let rule = try decode(#"{"name":"ise",\#(identity),"names":{"csr.subject.cn":["phone-*"]}}"#)
        #expect(rule.challenge == .waived)
        #expect(rule.names == ["csr.subject.CN": [try NamePattern("phone-*")]])
        #expect(try JSONDecoder().decode(AuthorizedSigner.self, from: try JSONEncoder().encode(rule)) == rule)
    }

    @Test(arguments: [
        #"{"name":"ise","names":{"csr.subject.CN":["*"]}}"#,
        #"{"name":"ise","certificateSHA256":"ab","names":{"csr.subject.CN":["*"]}}"#,
        #"{"name":"ise","issuedThrough":"proxies","names":{"csr.subject.CN":["*"]}}"#,
        #"{"name":"ise","issuedThrough":"proxies","subject":"","names":{"csr.subject.CN":["*"]}}"#,
        #"{"name":"ise","issuedThrough":"a","authority":"b","subject":"CN=a","names":{"csr.subject.CN":["*"]}}"#,
        #"{"name":"ise","issuedThrough":"proxies","subject":"CN=a"}"#,
        #"{"name":"ise","issuedThrough":"proxies","subject":"CN=a","names":{}}"#,
        #"{"name":"ise","issuedThrough":"proxies","subject":"CN=a","names":{"csr.subject.CN":[]}}"#,
        #"{"name":"ise","issuedThrough":"proxies","subject":"CN=a","names":{"csr.subject.CN":[""]}}"#,
        #"{"name":"ise","issuedThrough":"proxies","subject":"CN=a","names":{"CN":["*"]}}"#,
        #"{"name":"ise","issuedThrough":"proxies","subject":"CN=a","names":{"csr.san.sid":["*"]}}"#,
        // Mistyped, it would be waived.
        #"{"name":"ise","issuedThrough":"proxies","subject":"CN=a","names":{"csr.subject.CN":["*"]},"chalenge":"needed"}"#,
    ])
    func whatIsWrongIsRefused(json: String) {
        #expect(throws: DecodingError.self) { try decode(json) }
    }

    @Test func settingsOfAnOlderVersionHaveNoRules() throws {
        let json = Data(#"{"raProfile":"default","compatibility":"default","acceptedLegacy":[]}"#.utf8)
        #expect(try JSONDecoder().decode(SCEPProfileSettings.self, from: json).authorizedSigners.isEmpty)
    }
}

@Suite struct NamePatternTests {
    @Test(arguments: [
        ("phone-*", "phone-7", true), ("phone-*", "phone-", true), ("phone-*", "Phone-7", false),
        ("*", "anything at all", true), ("*", "", true), ("*", "a*b", false), ("*", "a\nb", false),
        ("a*a", "a", false), ("a*a", "aa", true), ("*ab*ab*", "abab", true), ("*ab*ab*", "aba", false),
        ("*aab*", "aaab", true), ("*abac*", "ababac", true), ("**", "x", true), ("**", "a*b", false),
        ("plain", "plain", true),
        ("plain", "plainer", false), ("é*", "éa", true), ("e\u{301}*", "éa", false),
    ])
    func matchesCommonNames(pattern: String, text: String, isMatch: Bool) throws {
        #expect(try NamePattern(pattern).matches(text, of: "csr.subject.CN") == isMatch)
    }

    @Test(arguments: [
        ("csr.san.dns", "*.example", "a.example", true), ("csr.san.dns", "*.Example", "A.eXample", true),
        ("csr.san.dns", "*.example", "a.b.example", false), ("csr.san.dns", "*.example", "*.example", false),
        ("csr.san.dns", "*.*.example", "a.b.example", true), ("csr.san.dns", "**.example", "a.b.example", true),
        ("csr.san.dns", "k.example", "\u{212A}.example", false),
        ("csr.san.email", "*@example", "a.b@example", true), ("csr.san.email", "*@example", "a@b@example", false),
        ("csr.san.uri", "https://*.example/a", "https://evil/?.example/a", false),
        ("csr.san.ip", "192.0.2.*", "192.0.2.7", true), ("csr.san.ip", "192.0.*", "192.0.2.7", false),
        ("csr.san.ip", "2001:db8:*", "2001:db8:0:0:0:0:0:1", false),
        ("csr.san.ip", "2001:db8:**", "2001:db8:0:0:0:0:0:1", true),
    ])
    func starStopsAtWhatDividesNames(path: String, pattern: String, text: String, isMatch: Bool) throws {
        #expect(try NamePattern(pattern).matches(text, of: path) == isMatch)
    }

    @Test func isLinearWhereBacktrackingWouldNotEnd() throws {
        let pattern = try NamePattern(String(repeating: "*a", count: 127) + "b")
        let text = String(repeating: "a", count: 1024)
        let duration = ContinuousClock().measure {
            for _ in 0..<20 { #expect(!pattern.matches(text, of: "csr.subject.CN")) }
        }
        #expect(duration < .seconds(5))
        #expect(try !NamePattern("*").matches(String(repeating: "a", count: 2049), of: "csr.subject.CN"))
    }
}
