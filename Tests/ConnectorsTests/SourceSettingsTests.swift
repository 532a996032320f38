// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import StrictJSON
import Testing

@testable import Connectors

struct SourceSettingsTests {
    private func decode(_ json: String) throws -> ChallengeSourceSettings {
        try JSONDecoder().decode(ChallengeSourceSettings.self, from: Data(json.utf8))
    }

    @Test(
        arguments: [
            #"{"type":"webhook","url":"https://mdm.example/scep","secret":{"file":"/k"}}"#,
            #"{"type":"webhook","name":"a","url":"http://mdm.example/","allowInsecure":true,"secret":{"file":"/k"},"id":"i","basicAuth":{"user":"u","password":{"environment":"P"}},"timeout":30,"trustRoots":"/r","form":"json","deny":"next","parallel":2}"#,
            #"{"type":"token","keys":["/a.pem"],"issuer":"i","audience":"a","sub":"free"}"#,
            #"{"type":"token","keySet":"https://a.example/jwks","maximumKeySetHours":1,"audience":"a"}"#,
            #"{"type":"token","keySet":"https://a.example/jwks","issuer":"i"}"#,
            #"{"type":"token","secret":{"file":"/k"}}"#,
            #"{"type":"program","path":"/usr/bin/true","arguments":["a"],"timeout":1,"parallel":1}"#,
        ]
    )
    func areTheSameAfterTheyAreStored(_ json: String) throws {
        let settings = try decode(json)
        let stored = try JSONEncoder().encode(settings)
        #expect(try JSONDecoder().decode(ChallengeSourceSettings.self, from: stored) == settings)
        #expect(settings.kind.rawValue == (try JSONValue(strictly: stored))["type"]?.text)
    }

    @Test(
        arguments: [
            (#"{"type":"webhook","url":"http://a.example/","secret":{"file":"/k"}}"#, "https"),
            (#"{"type":"webhook","url":"https://u:p@a.example/","secret":{"file":"/k"}}"#, "user"),
            (#"{"type":"webhook","url":"https:///x","secret":{"file":"/k"}}"#, "host"),
            (#"{"type":"webhook","url":"file:///etc/passwd","allowInsecure":true,"secret":{"file":"/k"}}"#, "URL"),
            (#"{"type":"webhook","url":"https://a.example/","secret":{"file":"/k"},"timeout":31}"#, "timeout"),
            (#"{"type":"webhook","url":"https://a.example/","secret":{"file":"/k"},"parallel":0}"#, "parallel"),
            (#"{"type":"webhook","url":"https://a.example/","secret":{"file":"/k"},"id":"a\r\nb"}"#, "id"),
            (#"{"type":"webhook","url":"https://a.example/","secret":{"file":"/k"},"name":"a\nb"}"#, "name"),
            (
                #"{"type":"webhook","url":"https://a.example/","secret":{"file":"/k"},"bearerToken":{"file":"/k"},"basicAuth":{"user":"u","password":{"file":"/k"}}}"#,
                "not both"
            ),
            (#"{"type":"token"}"#, "one of"),
            (#"{"type":"token","keys":["/a"],"secret":{"file":"/k"}}"#, "one of"),
            (#"{"type":"token","keySet":"http://a.example/"}"#, "https"),
            (#"{"type":"token","keySet":"https://a.example/"}"#, "'issuer' or 'audience'"),
            (#"{"type":"program","path":"verify"}"#, "absolute"),
            (#"{"type":"program","path":"/a","arguments":["a\u0000b"]}"#, "arguments"),
        ]
    )
    func saysWhatIsWrong(_ json: String, _ word: String) throws {
        do {
            _ = try decode(json)
            Issue.record("it was accepted")
        } catch DecodingError.dataCorrupted(let context) {
            #expect(context.debugDescription.contains(word))
        }
    }
}

struct JSONValueTests {
    @Test func readsAllKindsOfValuesAndKeepsDigits() throws {
        let text =
            #" {"a" : [1, -0.5e+3, 12345678901234567890, true, false, null, "A\n\u00e4\ud83d\ude00\/\"\\"], "b": {}, "c": []} "#
        #expect(
            try JSONValue(strictly: Array(text.utf8))
                == .object([
                    "a": .array([
                        .number("1"), .number("-0.5e+3"), .number("12345678901234567890"), .boolean(true),
                        .boolean(false), .null, .string("A\nä😀/\"\\"),
                    ]),
                    "b": .object([:]), "c": .array([]),
                ])
        )
    }

    @Test(
        arguments: [
            "", " ", "{", "}", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "{\"a\":1,\"a\":1}", "01",
            "1.",
            ".5", "+1", "1e", "-", "NaN", "tru", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
            "\"\n\"",
            "1 1", "'a'", "{\"a\":1}{}", String(repeating: "[", count: 100_000),
        ]
    )
    func refusesWhatIsNone(_ text: String) {
        #expect(throws: MalformedJSON.self) { try JSONValue(strictly: Array(text.utf8)) }
    }

    @Test func refusesWhatIsNotUTF8AndWhatIsTooDeep() throws {
        #expect(throws: MalformedJSON.self) { try JSONValue(strictly: [0x22, 0xFF, 0x22]) }
        let deep = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(throws: MalformedJSON.self) { try JSONValue(strictly: Array(deep(18).utf8)) }
        _ = try JSONValue(strictly: Array(deep(17).utf8))
    }

    @Test func keepsNoMoreAttributesThanMayBe() {
        let many = JSONValue.array((0..<1000).map { .number("\($0)") })
        let kept = ChallengeAttributes(
            .object(["list": many, "long": .string(String(repeating: "x", count: 2000))]),
            under: "webhook"
        )
        #expect(kept.values["webhook.list"]?.count == ChallengeAttributes.maximumCount)
        #expect(kept.values["webhook.long"] == nil)
    }
}
