// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Cryptography
internal import Enrollment
internal import Foundation
internal import StrictJSON
internal import Testing

@testable internal import ServerApp

@Suite struct IdempotencyTests {
    private static let body = #"{"profile":"default","count":2}"#

    private func count(_ bench: AccessBench) async throws -> Int {
        try await bench.locally(ListChallenges.self, ListChallenges.Input(limit: 1000)).items.count
    }

    @Test func theSameKeyIsAnsweredOnceAndForAll() async throws {
        let bench = try await AccessBench()
        let (token, _) = try await bench.token([.codeIssuer])
        let first = try await bench.ask("POST", "/challenges", Self.body, by: token, key: "k-1")
        #expect(first.status == 201)
        // Written otherwise, it says the same.
        let again = try await bench.ask(
            "POST",
            "/challenges",
            #"{ "count": 2, "profile": "default" }"#,
            by: token,
            key: "k-1"
        )
        #expect(again.status == 201)
        #expect(again.text == first.text)
        #expect(try await count(bench) == 2)
        let other = try await bench.ask("POST", "/challenges", #"{"profile":"default"}"#, by: token, key: "k-1")
        #expect(other.status == 422)
        // Another one's keys are their own, even one's of the same name, and after a day it is forgotten.
        let (others, _) = try await bench.token([.codeIssuer])
        let theirs = try await bench.ask("POST", "/challenges", Self.body, by: others, key: "k-1")
        #expect(theirs.status == 201 && theirs.text != first.text)
        bench.time.advance(86_401)
        let later = try await bench.ask("POST", "/challenges", Self.body, by: token, key: "k-1")
        #expect(later.status == 201 && later.text != first.text)
        #expect(try await bench.ask("POST", "/challenges", Self.body, by: token, key: "a b").status == 400)
    }

    @Test func ofManyAtOnceOneIsDone() async throws {
        let bench = try await AccessBench()
        let (token, _) = try await bench.token([.codeIssuer])
        let answers = try await withThrowingTaskGroup(of: AccessBench.Answer.self) { group in
            for _ in 0..<16 {
                group.addTask { try await bench.ask("POST", "/challenges", Self.body, by: token, key: "k") }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers.map(\.status)).isSubset(of: [201, 409]))
        #expect(Set(answers.filter { $0.status == 201 }.map(\.text)).count == 1)
        #expect(try await count(bench) == 2)
    }

    @Test func whatFailedMayBeTriedAgainUnderTheSameKey() async throws {
        let bench = try await AccessBench()
        let (token, _) = try await bench.token([.administrator])
        let body = #"{"profile":"phones"}"#
        #expect(try await bench.ask("POST", "/challenges", body, by: token, key: "k").status == 404)
        _ = try await bench.state.opened.addProfile("phones", SCEPProfileSettings(raProfile: "default"))
        #expect(try await bench.ask("POST", "/challenges", body, by: token, key: "k").status == 201)
    }

    @Test func whatFoundTheServerBusyLeavesTheKeyFree() async throws {
        let error = try #require(
            await #expect(throws: AppError.self) { try await PasswordWorker(maximumWaiting: 0).hash("a good password") }
        )
        #expect(error.kind == .busy)
        let bench = try await AccessBench()
        let idempotency = bench.service.idempotency
        let principal = Principal(name: "a", origin: "-", roles: [])
        await #expect(throws: AppError.self) {
            _ = try await idempotency.once("k", principal, "operator.new", .null) { throw error }
        }
        #expect(try await idempotency.once("k", principal, "operator.new", .null) { [1] } == [1])
    }

    @Test func anAnswerThatWasLostIsToldAsLost() async throws {
        let bench = try await AccessBench()
        let (token, id) = try await bench.token([.codeIssuer])
        // As a server leaves it that died between the change and the answer.
        let input = try AdminJSON.value(NewChallenges.Input(profile: "default"))
        let digest = bench.state.opened.masterKey.authenticationCode(
            Array("challenge.new\n\(input.written)".utf8),
            purpose: .idempotency
        )
        _ = try await bench.state.opened.store.begin(
            IdempotentRequest(principal: "token:\(id)", key: "k", digest: digest),
            at: bench.time.now,
            until: bench.time.now + 86_400
        )
        let body = #"{"profile":"default"}"#
        let early = try await bench.ask("POST", "/challenges", body, by: token, key: "k")
        #expect(early.status == 409)
        #expect(early.fields["Retry-After"] != nil)
        bench.time.advance(700)
        let late = try await bench.ask("POST", "/challenges", body, by: token, key: "k")
        #expect(late.status == 409)
        #expect(late.body["detail"]?.text?.contains("it may be done, or not") == true)
        #expect(try await count(bench) == 0)
    }

    @Test func answersAreForThoseWhoStillMay() async throws {
        let bench = try await AccessBench()
        try await bench.person("anna", [.codeIssuer])
        let (token, _) = try await bench.token([.codeIssuer], of: "anna")
        #expect(try await bench.ask("POST", "/challenges", Self.body, by: token, key: "k").status == 201)
        _ = try await bench.locally(SetOperator.self, SetOperator.Input(name: "anna", roles: [.auditor]))
        #expect(try await bench.ask("POST", "/challenges", Self.body, by: token, key: "k").status == 403)
    }
}
