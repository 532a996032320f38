// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

extension StorageCheck {
    static let operatorChecks: [StorageCheck] = [
        StorageCheck("keepsOperatorsAndTheirChanges", with: keepsOperators),
        StorageCheck("keepsTokensAndFindsThemByLookup", with: keepsTokens),
        StorageCheck("removesAnOperatorWithTheirTokens", with: removesTokensToo),
        StorageCheck("notesTheUseOfATokenOnceAMinute", with: notesUse),
        StorageCheck("knowsWhoIsAnAdministrator", with: knowsAdministrators),
        StorageCheck("keepsTheLastAdministrator", with: keepsTheLast),
        StorageCheck("keepsOneOfTwoAdministratorsWhoAreRemovedAtOnce", with: keepsOneOfTwo),
        StorageCheck("pagesThroughOperatorsAndTokens", with: pages),
    ]

    private static func person(
        _ name: String,
        roles: Set<String> = ["administrator"],
        password: String? = "$scrypt$",
        at moment: Double = 0
    ) -> OperatorRecord {
        OperatorRecord(
            id: Scenario.id(Scenario.moment(moment)),
            name: name,
            passwordHash: password,
            roles: roles,
            createdAt: Scenario.moment(moment)
        )
    }

    private static func token(
        of owner: UUID? = nil,
        roles: Set<String> = ["administrator"],
        lasts seconds: Double = 3600,
        at moment: Double = 0
    ) -> APITokenRecord {
        APITokenRecord(
            id: Scenario.id(Scenario.moment(moment)),
            name: "mdm",
            operatorID: owner,
            roles: roles,
            lookup: Scenario.bytes(),
            createdAt: Scenario.moment(moment),
            expiresAt: Scenario.moment(moment + seconds)
        )
    }

    private static func make(
        _ change: OperatorChange,
        in scenario: Scenario,
        keeping moment: Date? = nil
    ) async throws -> OperatorChangeOutcome {
        try await scenario.store.change(change, keepingAdministratorAt: moment)
    }

    private static func keepsOperators(_ scenario: Scenario) async throws {
        var anna = person("anna", roles: ["approver", "auditor"])
        try expect(try await make(.addOperator(anna), in: scenario), is: .done)
        try expect(try await make(.addOperator(person("anna")), in: scenario), is: .taken)
        try expect(try await scenario.store.operator(named: "anna"), is: anna)
        try expect(try await scenario.store.operator(named: "Anna"), is: nil)
        anna.passwordHash = nil
        anna.roles = ["code-issuer"]
        anna.profiles = ["phones", "laptops"]
        anna.isEnabled = false
        try expect(try await make(.updateOperator(anna), in: scenario), is: .done)
        try expect(try await make(.updateOperator(anna), in: scenario), is: .changed)
        try expect(try await make(.updateOperator(person("nobody")), in: scenario), is: .missing)
        anna.version = 2
        let again = try await scenario.reopened()
        try expect(try await again.store.operator(anna.id), is: anna)
        anna.profiles = []
        try expect(try await make(.updateOperator(anna), in: again), is: .done)
        try expect(try await again.store.operator(anna.id)?.profiles, is: [])
        try await again.store.close()
    }

    private static func keepsTokens(_ scenario: Scenario) async throws {
        var token = token(roles: ["code-issuer", "auditor"])
        token.profiles = ["phones"]
        try expect(try await make(.addToken(token), in: scenario), is: .done)
        var same = self.token()
        same.lookup = token.lookup
        try expect(try await make(.addToken(same), in: scenario), is: .taken)
        try expect(try await make(.addToken(self.token(of: Scenario.id())), in: scenario), is: .taken)
        try expect(try await scenario.store.token(lookup: token.lookup), is: token)
        try expect(try await scenario.store.token(lookup: Scenario.bytes()), is: nil)
        let revoked = Scenario.moment(2.5)
        try expect(try await make(.revokeToken(token.id, at: revoked), in: scenario), is: .done)
        try expect(try await make(.revokeToken(token.id, at: revoked), in: scenario), is: .missing)
        token.revokedAt = revoked
        try expect(try await scenario.store.token(token.id), is: token)
    }

    private static func removesTokensToo(_ scenario: Scenario) async throws {
        let (anna, other) = (person("anna"), token())
        let own = token(of: anna.id)
        for change in [OperatorChange.addOperator(anna), .addToken(own), .addToken(other)] {
            try expect(try await make(change, in: scenario), is: .done)
        }
        try expect(try await make(.deleteOperator(anna.id), in: scenario), is: .done)
        try expect(try await make(.deleteOperator(anna.id), in: scenario), is: .missing)
        try expect(try await scenario.store.tokens(after: nil, limit: 9), is: [other])
    }

    private static func notesUse(_ scenario: Scenario) async throws {
        let token = token()
        try expect(try await make(.addToken(token), in: scenario), is: .done)
        func use(_ seconds: Double) async throws -> Date? {
            try await scenario.store.noteUse(ofToken: token.id, at: Scenario.moment(seconds))
            return try await scenario.store.token(token.id)?.lastUsedAt
        }
        try expect(try await use(1), is: Scenario.moment(1))
        try expect(try await use(60), is: Scenario.moment(1))
        try expect(try await use(61), is: Scenario.moment(61))
        try expect(try await use(2), is: Scenario.moment(61))
        try await scenario.store.noteUse(ofToken: Scenario.id(), at: Scenario.now)
    }

    private static func knowsAdministrators(_ scenario: Scenario) async throws {
        func isThere(_ seconds: Double = 1) async throws -> Bool {
            try await scenario.store.hasAdministrator(at: Scenario.moment(seconds))
        }
        var (anna, ben) = (person("anna", password: nil), person("ben", roles: ["approver", "code-issuer"]))
        for record in [anna, ben] { _ = try await make(.addOperator(record), in: scenario) }
        try expect(try await isThere(), is: false)
        let (annas, bens) = (token(of: anna.id), token(of: ben.id))
        _ = try await make(.addToken(bens), in: scenario)
        try expect(try await isThere(), is: false)
        _ = try await make(.addToken(annas), in: scenario)
        try expect(try await isThere(), is: true)
        try expect(try await isThere(3600), is: false)
        anna.isEnabled = false
        _ = try await make(.updateOperator(anna), in: scenario)
        try expect(try await isThere(), is: false)
        let free = token()
        _ = try await make(.addToken(free), in: scenario)
        try expect(try await isThere(), is: true)
        _ = try await make(.revokeToken(free.id, at: Scenario.now), in: scenario)
        try expect(try await isThere(), is: false)
        ben.roles.insert("administrator")
        _ = try await make(.updateOperator(ben), in: scenario)
        try expect(try await isThere(99_999), is: true)
    }

    private static func keepsTheLast(_ scenario: Scenario) async throws {
        var anna = person("anna")
        let token = token()
        _ = try await make(.addOperator(anna), in: scenario)
        _ = try await make(.addToken(token), in: scenario)
        let revocation = OperatorChange.revokeToken(token.id, at: Scenario.now)
        try expect(try await make(revocation, in: scenario, keeping: Scenario.now), is: .done)
        anna.isEnabled = false
        try expect(try await make(.updateOperator(anna), in: scenario, keeping: Scenario.now), is: .lastAdministrator)
        try expect(try await scenario.store.operator(anna.id)?.isEnabled, is: true)
        let deletion = OperatorChange.deleteOperator(anna.id)
        try expect(try await make(deletion, in: scenario, keeping: Scenario.now), is: .lastAdministrator)
        try expect(try await make(deletion, in: scenario), is: .done)
        // Where nobody is an administrator anyway, nobody is lost.
        let ben = person("ben", roles: ["auditor"])
        _ = try await make(.addOperator(ben), in: scenario)
        try expect(try await make(.deleteOperator(ben.id), in: scenario, keeping: Scenario.now), is: .done)
    }

    private static func keepsOneOfTwo(_ scenario: Scenario) async throws {
        let beside = try await scenario.beside()
        for round in 0..<10 {
            let people = [person("anna\(round)"), person("ben\(round)")]
            for record in people { _ = try await make(.addOperator(record), in: scenario) }
            async let first = make(.deleteOperator(people[0].id), in: scenario, keeping: Scenario.now)
            async let second = make(.deleteOperator(people[1].id), in: beside, keeping: Scenario.now)
            let outcomes = Set([try await first, try await second])
            try expect(outcomes, is: [.done, .lastAdministrator])
            for record in people { _ = try await make(.deleteOperator(record.id), in: scenario) }
        }
        try await beside.store.close()
    }

    private static func pages(_ scenario: Scenario) async throws {
        let people = (0..<5).map { person("p\($0)", at: Double($0)) }
        let tokens = (0..<5).map { token(at: Double($0)) }
        for record in people { _ = try await make(.addOperator(record), in: scenario) }
        for record in tokens { _ = try await make(.addToken(record), in: scenario) }
        let store = scenario.store
        try expect(try await store.operators(after: nil, limit: 3), is: Array(people[..<3]))
        try expect(try await store.operators(after: people[2].id, limit: 3), is: Array(people[3...]))
        try expect(try await store.tokens(after: nil, limit: 2), is: Array(tokens[..<2]))
        try expect(try await store.tokens(after: tokens[1].id, limit: 9), is: Array(tokens[2...]))
        try expect(try await store.tokens(after: nil, limit: 0), is: [])
    }
}

extension StorageCheck {
    static let idempotencyChecks: [StorageCheck] = [
        StorageCheck("answersTheSameRequestWithTheSameAnswer") { scenario in
            let store = scenario.store
            let request = IdempotentRequest(principal: "token:a", key: "k", digest: Scenario.bytes())
            func begin(_ request: IdempotentRequest, _ seconds: Double) async throws -> IdempotencyState {
                try await store.begin(request, at: Scenario.moment(seconds), until: Scenario.moment(seconds + 100))
            }
            try expect(try await begin(request, 0), is: .begun)
            try expect(try await begin(request, 1), is: .unfinished(since: Scenario.now))
            var other = request
            other.digest = Scenario.bytes()
            try expect(try await begin(other, 1), is: .other)
            var theirs = other
            theirs.principal = "token:b"
            try expect(try await begin(theirs, 1), is: .begun)
            try await store.finish(request, answer: [1, 2, 3])
            try await store.finish(request, answer: [4])
            try await store.giveUp(request)
            try expect(try await begin(request, 99), is: .answered([1, 2, 3]))
            // Its time is over.
            try expect(try await begin(other, 100), is: .begun)
            try await store.giveUp(request)
            try expect(try await begin(other, 101), is: .unfinished(since: Scenario.moment(100)))
            try await store.giveUp(other)
            try expect(try await begin(request, 102), is: .begun)
        },
        StorageCheck("beginsARequestOnceWhereManyComeAtOnce") { scenario in
            let beside = try await scenario.beside()
            for round in 0..<10 {
                let request = IdempotentRequest(principal: "a", key: "\(round)", digest: Scenario.bytes())
                let begun = try await withThrowingTaskGroup(of: IdempotencyState.self) { group in
                    for store in [scenario.store, beside.store, scenario.store, beside.store] {
                        group.addTask {
                            try await store.begin(request, at: Scenario.now, until: Scenario.moment(10))
                        }
                    }
                    return try await group.reduce(into: 0) { count, state in count += state == .begun ? 1 : 0 }
                }
                try expect(begun, is: 1)
            }
            try await beside.store.close()
        },
        StorageCheck("forgetsRequestsWhoseTimeIsOver") { scenario in
            let store = scenario.store
            for number in 0..<5 {
                let request = IdempotentRequest(principal: "a", key: "\(number)", digest: [1])
                _ = try await store.begin(request, at: Scenario.now, until: Scenario.moment(Double(number)))
            }
            try expect(try await store.forgetIdempotentRequests(before: Scenario.moment(3), limit: 2), is: 2)
            try expect(try await store.forgetIdempotentRequests(before: Scenario.moment(3), limit: 9), is: 2)
            try expect(try await store.forgetIdempotentRequests(before: Scenario.moment(3), limit: 9), is: 0)
        },
    ]
}
