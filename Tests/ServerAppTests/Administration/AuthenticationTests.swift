// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment
internal import Foundation
internal import SCEPEndpoint
internal import StrictJSON
internal import Testing

@testable internal import ServerApp

@Suite struct AuthenticationTests {
    @Test(arguments: [
        ("sec-fetch-site", "cross-site", 403), ("sec-fetch-site", "same-site", 403),
        ("origin", "https://evil.example", 403), ("origin", "null", 403), ("origin", "http://127.0.0.1:8443", 201),
        ("sec-fetch-site", "same-origin", 201), ("sec-fetch-site", "none", 201),
    ])
    func aBrowserChangesNothingForAnotherSite(_ name: String, _ value: String, _ status: Int) async throws {
        let bench = try await AccessBench()
        try await bench.person("anna", [.administrator], password: "correct horse")
        let fields = [(name: "host", value: "127.0.0.1:8443"), (name: name, value: value)]
        let basic = AccessBench.basic("anna", "correct horse")
        let body = #"{"profile":"default"}"#
        #expect(try await bench.ask("POST", "/challenges", body, by: basic, fields: fields).status == status)
        // Looking is harmless, and a token is nothing that a browser adds by itself.
        #expect(try await bench.ask("GET", "/challenges", by: basic, fields: fields).status == 200)
        let (token, _) = try await bench.token([.codeIssuer])
        #expect(try await bench.ask("POST", "/challenges", body, by: token, fields: fields).status == 201)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.1.2.3", true), ("::1", true), ("LocalHost", true), ("::ffff:127.0.0.1", true),
        ("127.0.0.1.example", false), ("127.example.a.b", false), ("192.0.2.1", false), ("127.0.0", false),
        ("127.0.0.256", false), ("", false), ("0.0.0.0", false),
    ])
    func thisMachineIsKnownByItsAddresses(_ host: String, _ isThisMachine: Bool) {
        #expect(Server.isLoopback(host) == isThisMachine)
    }

    private static let password = "correct horse battery"

    @Test func whoeverFailsHearsTheSame() async throws {
        let bench = try await AccessBench()
        let (expired, _) = try await bench.token([.administrator], days: 1)
        let (good, _) = try await bench.token([.auditor], name: "good")
        bench.time.advance(86_401)
        let (revoked, id) = try await bench.token([.administrator])
        _ = try await bench.locally(RevokeToken.self, RevokeToken.Input(id: id))
        try await bench.person("anna", [.administrator], password: Self.password)
        try await bench.person("bert", [.administrator])
        try await bench.person("carl", [.administrator], password: Self.password)
        let (ownerless, _) = try await bench.token([.administrator], of: "carl")
        _ = try await bench.locally(DisableOperator.self, DisableOperator.Input(name: "carl"))
        let unknown = "Bearer sceptic_" + String(repeating: "A", count: 48)
        var answers: [String] = []
        let credentials: [String?] = [
            nil, expired, revoked, ownerless, unknown, good + "A", String(good.dropLast()), "Bearer", "Bearer ", "",
            "Digest a", "Basic !!", "Basic " + Data("anna".utf8).base64EncodedString(),
            AccessBench.basic("anna", "wrong password 12"), AccessBench.basic("bert", ""),
            AccessBench.basic("nobody", Self.password), AccessBench.basic("carl", Self.password),
        ]
        for (number, field) in credentials.enumerated() {
            // Each from another address, so that nobody is throttled.
            let answer = try await bench.ask("GET", "/whoami", by: field, from: "127.0.1.\(number)")
            #expect(answer.status == 401, "\(number)")
            #expect(answer.fields["WWW-Authenticate"] != nil)
            answers.append(answer.text)
        }
        #expect(Set(answers).count == 1)
        let twice = try await bench.ask("GET", "/whoami", by: good, fields: [("authorization", good)])
        #expect(twice.status == 401)
        #expect(try await bench.ask("GET", "/whoami", by: good).status == 200)
        // The log tells them apart, and holds no secret.
        let log = bench.log.text
        for reason in ["was taken back", "has expired", "is disabled", "a wrong password of the operator 'anna'"] {
            #expect(log.contains(reason), "\(reason)")
        }
        for secret in [expired, revoked, ownerless, good].map({ $0.dropFirst(7) }) {
            #expect(!log.contains(secret))
        }
        #expect(!log.contains("horse") && !log.contains("wrong password 12") && !log.contains("nobody"))
    }

    @Test func passwordsAreTakenEncryptedOrFromThisMachine() async throws {
        let bench = try await AccessBench()
        try await bench.person("anna", [.approver], password: Self.password)
        let anna = AccessBench.basic("anna", Self.password)
        #expect(try await bench.ask("GET", "/whoami", by: anna, from: "192.0.2.9").status == 401)
        let answer = try await bench.ask("GET", "/whoami", by: anna, from: "192.0.2.9", isSecure: true)
        #expect(answer.status == 200)
        #expect(answer.body["name"]?.text == "operator:anna")
        #expect(answer.body["roles"]?.elements == [.string("approver")])
        #expect(try await bench.ask("GET", "/whoami", by: anna, from: "::1").status == 200)
    }

    @Test func everyOperationIsForItsRolesAlone() async throws {
        let bench = try await AccessBench()
        var seen = 0
        for role in Role.allCases {
            let (token, _) = try await bench.token([role])
            for operation in LocalOperations.all {
                let endpoint = operation.endpoint
                let path = endpoint.segments
                    .map { $0.hasPrefix("{") ? "00000000-0000-7000-8000-000000000000" : $0 }.joined(separator: "/")
                let body = endpoint.usesQuery ? nil : "{}"
                let without = try await bench.ask(endpoint.method.rawValue, "/" + path, body, by: nil)
                #expect(without.status == 401, "\(operation.id)")
                guard !role.allows(operation.access) else { continue }
                let answer = try await bench.ask(endpoint.method.rawValue, "/" + path, body, by: token)
                #expect(answer.status == 403, "\(operation.id) for \(role)")
                seen += 1
            }
        }
        #expect(seen > 20)
    }

    @Test func aTokenCanDoNoMoreThanItsOperatorCanNow() async throws {
        let bench = try await AccessBench()
        try await bench.person("anna", [.administrator])
        let (token, _) = try await bench.token([.administrator], of: "anna")
        func roles() async throws -> [JSONValue] {
            try await bench.ask("GET", "/whoami", by: token).body["roles"]?.elements ?? []
        }
        #expect(try await roles() == [.string("administrator")])
        _ = try await bench.locally(SetOperator.self, SetOperator.Input(name: "anna", roles: [.auditor]))
        #expect(try await roles() == [])
        #expect(try await bench.ask("GET", "/operators", by: token).status == 403)
        await #expect(throws: AppError.self) { try await bench.token([.approver], of: "anna") }
        // What an auditor may do too.
        let (monitor, _) = try await bench.token([.monitor], of: "anna")
        #expect(try await bench.ask("GET", "/whoami", by: monitor).body["roles"]?.elements == [.string("monitor")])
        _ = try await bench.locally(DeleteOperator.self, DeleteOperator.Input(name: "anna"))
        #expect(try await bench.ask("GET", "/whoami", by: monitor).status == 401)
    }

    @Test func aCodeIssuersProfilesAreThoseThatTheOperatorHasToo() async throws {
        let bench = try await AccessBench()
        _ = try await bench.state.opened.addProfile("phones", SCEPProfileSettings(raProfile: "default"))
        try await bench.person("mdm", [.codeIssuer], profiles: ["default"])
        let (token, _) = try await bench.token([.codeIssuer], of: "mdm")
        func status(_ profile: String) async throws -> Int {
            try await bench.ask("POST", "/challenges", #"{"profile":"\#(profile)"}"#, by: token).status
        }
        #expect(try await status("default") == 201)
        #expect(try await status("phones") == 403)
        await #expect(throws: AppError.self) { try await bench.token([.codeIssuer], profiles: ["phones"], of: "mdm") }
        await #expect(throws: AppError.self) { try await bench.token([.auditor], profiles: ["phones"]) }
        await #expect(throws: AppError.self) { try await bench.token([.codeIssuer], profiles: ["absent"]) }
    }

    @Test func whoeverFailsTooOftenHasToWait() async throws {
        let bench = try await AccessBench()
        let (good, _) = try await bench.token([.auditor])
        let wrong = "Bearer sceptic_x"
        for _ in 0..<20 { #expect(try await bench.ask("GET", "/whoami", by: wrong).status == 401) }
        let waiting = try await bench.ask("GET", "/whoami", by: wrong)
        #expect(waiting.status == 429)
        #expect(waiting.fields["Retry-After"].flatMap { Int($0) }.map { (1...6).contains($0) } == true)
        // Others, and good tokens from the same address, are not shut out.
        #expect(try await bench.ask("GET", "/whoami", by: wrong, from: "127.0.0.2").status == 401)
        #expect(try await bench.ask("GET", "/whoami", by: good).status == 200)
        bench.time.advance(7)
        #expect(try await bench.ask("GET", "/whoami", by: wrong).status == 401)
    }

    @Test func passwordsThatComeAtOnceAreCountedToo() async throws {
        let bench = try await AccessBench()
        try await bench.person("anna", [.approver], password: Self.password)
        let right = AccessBench.basic("anna", Self.password)
        let logins = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<6 { group.addTask { try await bench.ask("GET", "/whoami", by: right).status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(logins == Array(repeating: 200, count: 6))
        let wrong = AccessBench.basic("anna", "wrong password 12")
        // Fewer at once than may wait for their turn, so that only the throttle stops them.
        var guesses: [Int] = []
        for _ in 0..<3 {
            guesses += try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<12 { group.addTask { try await bench.ask("GET", "/whoami", by: wrong).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(Set(guesses) == [401, 429])
        #expect(guesses.count { $0 == 401 } <= 20)
        // A password that was right is remembered for some minutes, also where guesses have to wait.
        #expect(try await bench.ask("GET", "/whoami", by: right).status == 200)
        bench.time.advance(301)
        _ = try await bench.locally(
            SetPassword.self,
            SetPassword.Input(name: "anna", password: "another horse battery")
        )
        #expect(try await bench.ask("GET", "/whoami", by: right).status == 401)
        #expect(
            try await bench.ask("GET", "/whoami", by: AccessBench.basic("anna", "another horse battery")).status == 200
        )
    }

    @Test func peopleChangeTheirOwnPasswordsAndNoToken() async throws {
        let bench = try await AccessBench()
        try await bench.person("anna", [.approver], password: Self.password)
        try await bench.person("bert", [.approver], password: Self.password)
        let anna = AccessBench.basic("anna", Self.password)
        let (token, _) = try await bench.token([.approver], of: "anna")
        let body = #"{"password":"another horse battery"}"#
        #expect(try await bench.ask("PUT", "/operators/bert/password", body, by: anna).status == 403)
        #expect(try await bench.ask("PUT", "/operators/anna/password", body, by: token).status == 403)
        #expect(
            try await bench.ask("PUT", "/operators/anna/password", #"{"password":"short"}"#, by: anna).status == 400
        )
        #expect(try await bench.ask("PUT", "/operators/anna/password", body, by: anna).status == 204)
        #expect(try await bench.ask("GET", "/whoami", by: anna).status == 401)
    }

    @Test func theLastAdministratorStays() async throws {
        let bench = try await AccessBench()
        let (token, id) = try await bench.token([.administrator])
        let path = "/tokens/\(id)"
        #expect(try await bench.ask("DELETE", path, by: token).status == 409)
        try await bench.person("anna", [.administrator], password: Self.password)
        let (spare, spareID) = try await bench.token([.administrator], name: "spare", of: "anna")
        #expect(try await bench.ask("DELETE", path, by: spare).status == 204)
        #expect(try await bench.ask("PATCH", "/operators/anna", #"{"roles":["auditor"]}"#, by: spare).status == 409)
        #expect(try await bench.ask("POST", "/operators/anna/disable", by: spare).status == 409)
        #expect(try await bench.ask("DELETE", "/operators/anna", by: spare).status == 409)
        #expect(try await bench.ask("DELETE", "/tokens/\(spareID)", by: spare).status == 204)
        let anna = AccessBench.basic("anna", Self.password)
        let forced = try await bench.ask("POST", "/operators/anna/disable", #"{"force":true}"#, by: anna)
        #expect(forced.status == 200)
        #expect(try await bench.ask("GET", "/whoami", by: anna).status == 401)
        // Whoever is at the state folder gets in all the same.
        _ = try await bench.locally(EnableOperator.self, EnableOperator.Input(name: "anna"))
        _ = try await bench.locally(DeleteOperator.self, DeleteOperator.Input(name: "anna"))
    }

    @Test func metricsAreForThisMachineAndForWhoMayMonitor() async throws {
        let bench = try await AccessBench()
        let (monitor, auditor) = (try await bench.token([.monitor]).field, try await bench.token([.auditor]).field)
        let issuer = try await bench.token([.codeIssuer]).field
        func refusal(_ field: String?, _ address: String) async -> Int? {
            await bench.service.refusalOfMetrics(
                .init(
                    method: "GET",
                    path: "/metrics",
                    query: "",
                    fields: field.map { [("authorization", $0)] } ?? [],
                    remoteAddress: address,
                    isSecure: true
                )
            )?.status
        }
        #expect(await refusal(nil, "127.0.0.1") == nil)
        #expect(await refusal(nil, "::1") == nil)
        #expect(await refusal(nil, "192.0.2.1") == 401)
        #expect(await refusal(issuer, "192.0.2.1") == 403)
        #expect(await refusal(monitor, "192.0.2.1") == nil)
        #expect(await refusal(auditor, "192.0.2.1") == nil)
    }

    @Test func tokensAreKnownByTheirFormBeforeAnythingIsAsked() {
        var generator = SystemRandomNumberGenerator()
        let secret = TokenSecret.make(using: &generator).text
        #expect(secret.hasPrefix("sceptic_") && secret.utf8.count == 56)
        #expect(TokenSecret(secret)?.text == secret)
        for index in secret.indices.dropFirst(8) {
            var wrong = secret
            wrong.replaceSubrange(index...index, with: secret[index] == "A" ? "B" : "A")
            #expect(TokenSecret(wrong) == nil)
        }
        for wrong in ["", "sceptic_", secret + "A", String(secret.dropLast()), secret.uppercased(), " " + secret] {
            #expect(TokenSecret(wrong) == nil)
        }
    }
}
