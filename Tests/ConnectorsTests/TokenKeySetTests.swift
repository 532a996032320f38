// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import NIOHTTP1
import TestPeers
import TestSupport
import Testing

@testable import Connectors

/// Keys that are fetched.
extension TokenSourceTests {
    private func fetching(_ url: String, _ change: (inout TokenSourceSettings) -> Void = { _ in }) -> TokenSource {
        var settings = TokenSourceSettings(name: "portal")
        settings.keySet = url
        settings.allowInsecure = true
        settings.timeout = 30
        change(&settings)
        return TokenSource(settings, used: used)
    }

    private func judge(_ token: String, _ source: TokenSource, after seconds: Double) async throws -> String {
        let now = Questions.now.addingTimeInterval(seconds)
        return await source.judge(try Questions.make(challenge: token, names: [], now: now)).summary
    }

    @Test func fetchesAKeySetOnceAndAnUnknownKeyOnceAMinute() async throws {
        var second = TokenMaker()
        second.keyID = "k2"
        let (one, both) = (#"{"keys":[\#(maker.jwk)]}"#, #"{"keys":[\#(maker.jwk),\#(second.jwk)]}"#)
        let (own, other) = (try maker.token(), try second.token())
        try await StandIn.run {
            .json($0 < 3 ? one : both)
        } during: { host async throws in
            let source = fetching(host.url("/jwks"))
            for _ in 0..<5 { #expect(try await judge(own, source, after: 0) == "accept") }
            #expect(host.requests.map(\.uri) == ["/jwks"])
            #expect(host.requests.first?.method == .GET)
            for _ in 0..<5 {
                #expect(try await judge(other, source, after: 30).hasPrefix("reject challenge.unknown no key"))
            }
            #expect(host.requests.count == 1)
            for _ in 0..<5 {
                #expect(try await judge(other, source, after: 61).hasPrefix("reject challenge.unknown no key"))
            }
            #expect(host.requests.count == 2)
            #expect(try await judge(other, source, after: 122) == "accept")
            #expect(host.requests.count == 3)
        }
    }

    @Test func manyAtOnceFetchOnce() async throws {
        let (set, own) = (#"{"keys":[\#(maker.jwk)]}"#, try maker.token())
        try await StandIn.run { _ in
            .late(.milliseconds(200), set)
        } during: { host async throws in
            let source = fetching(host.url())
            let question = try Questions.make(challenge: own, names: [])
            let answers = await withTaskGroup(of: String.self) { group in
                for _ in 0..<20 { group.addTask { await source.judge(question).summary } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers == Array(repeating: "accept", count: 20))
            #expect(host.requests.count == 1)
        }
    }

    @Test func usesOldKeysForAWhileWhenTheHostIsDown() async throws {
        let set = #"{"keys":[\#(maker.jwk)]}"#
        let late = Int(Questions.now.timeIntervalSince1970) + 100_000
        let own = try maker.token(["exp": "\(late)"])
        try await StandIn.run {
            $0 == 1 ? .json(set) : .reply(.serviceUnavailable, [], "")
        } during: { host async throws in
            let source = fetching(host.url("/jwks?key=s3cret")) { $0.maximumKeySetHours = 2 }
            #expect(try await judge(own, source, after: 0) == "accept")
            #expect(try await judge(own, source, after: 3601) == "accept")
            #expect(host.requests.count == 2)
            #expect(try await judge(own, source, after: 7199) == "accept")
            let over = try await judge(own, source, after: 7300)
            #expect(over == "unavailable there are no keys from '127.0.0.1': it answered with HTTP 503")
        }
    }

    @Test(arguments: [
        "slow", "silent", "error", "missing", "redirect", "flood", "text", "half", "close", "empty", "secret",
        "encryption",
    ])
    func failsClosedInBoundedTimeWithoutAKeySet(_ kind: String) async throws {
        let set = #"{"keys":[\#(maker.jwk)]}"#
        let own = try maker.token()
        try await StandIn.run { _ in
            .json(set)
        } during: { elsewhere async throws in
            let target = elsewhere.url()
            let answer: StandIn.Answer =
                switch kind {
                case "slow": .late(.seconds(120), set)
                case "silent": .silence
                case "error": .reply(.internalServerError, [], set)
                case "missing": .reply(.notFound, [], set)
                case "redirect": .reply(.found, [("Location", target)], set)
                case "flood": .flood(10_485_760)
                case "text": .reply(.ok, [], "keys")
                case "half": .half(set)
                case "close": .close
                case "empty": .json(#"{"keys":[]}"#)
                case "encryption": .json(set.replacing(#"{"kty""#, with: #"{"use":"enc","kty""#))
                default: .json(#"{"keys":[{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#)
                }
            try await StandIn.run { _ in
                answer
            } during: { host async throws in
                let begin = ContinuousClock.now
                let source = fetching(host.url()) { $0.timeout = 1 }
                #expect(try await judge(own, source, after: 0).hasPrefix("unavailable there are no keys from"))
                #expect(ContinuousClock.now - begin < .seconds(60))
                // Not asked again at once.
                #expect(try await judge(own, source, after: 1).hasPrefix("unavailable"))
                #expect(host.requests.count == 1)
            }
            #expect(elsewhere.requests.isEmpty)
        }
    }

    @Test func trustsOnlyTheHostThatItKnows() async throws {
        let identity = try TestIdentity()
        try folder.write("own.pem", Array(identity.pem.utf8))
        let (set, own) = (#"{"keys":[\#(maker.jwk)]}"#, try maker.token())
        try await StandIn.run(tls: identity) { _ in
            .json(set)
        } during: { host async throws in
            let trusting = fetching(host.url()) { $0.trustRoots = folder.file("own.pem") }
            #expect(try await judge(own, trusting, after: 0) == "accept")
            #expect(try await judge(own, fetching(host.url()), after: 0).contains("not trusted"))
        }
    }
}
