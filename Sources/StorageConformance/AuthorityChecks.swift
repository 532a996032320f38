// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

extension StorageCheck {
    static let authorityChecks: [StorageCheck] = [
        StorageCheck("keepsTheGenerationsOfAnIssuer", with: keepsGenerations),
        StorageCheck("movesIssuersFromStateToState", with: movesIssuers),
        StorageCheck("movesRACredentialsFromStateToState", with: movesCredentials),
        StorageCheck("movesAnIssuerOnceAtOnce", with: movesOnce),
        StorageCheck("keepsTheAuthoritiesOfOthers", with: keepsAuthorities),
        StorageCheck("refusesAuthoritiesThatExistOrDoNot", with: refusesAuthorities),
    ]

    private static func keepsGenerations(_ scenario: Scenario) async throws {
        var generations: [IssuerRecord] = []
        for (number, state) in IssuerState.allCases.enumerated() {
            var issuer = Scenario.issuer("rolling", generation: number + 1)
            issuer.state = state
            generations.append(issuer)
        }
        try await scenario.store.apply(generations.map { .addIssuer($0) })
        let again = try await scenario.reopened()
        let stored = try await again.store.configuration().issuers.filter { $0.name == "rolling" }
        try expect(stored, is: generations)
        try await again.store.close()
    }

    private static func movesIssuers(_ scenario: Scenario) async throws {
        var next = Scenario.issuer("first", generation: 2)
        next.state = .next
        let nextID = next.id
        try await scenario.store.apply([.addIssuer(next)])
        let version = try await scenario.store.configurationVersion()
        func states() async throws -> [IssuerState] {
            try await scenario.store.configuration().issuers.map(\.state)
        }
        try await scenario.store.apply([
            .moveIssuer(scenario.issuer.id, from: .active, to: .former), .moveIssuer(nextID, from: .next, to: .active),
        ])
        try expect(try await states(), is: [.former, .active])
        try expect(try await scenario.store.configurationVersion(), is: version + 1)
        let refused: [[ConfigurationChange]] = [
            [.moveIssuer(nextID, from: .next, to: .active)], [.moveIssuer(Scenario.id(), from: .active, to: .former)],
            [
                .moveIssuer(nextID, from: .active, to: .former),
                .moveIssuer(scenario.issuer.id, from: .next, to: .active),
            ],
        ]
        for changes in refused { try await expectConflict { try await scenario.store.apply(changes) } }
        try expect(try await states(), is: [.former, .active])
        try expect(try await scenario.store.configurationVersion(), is: version + 1)
    }

    private static func movesCredentials(_ scenario: Scenario) async throws {
        let credential = RACredentialRecord(
            id: Scenario.id(),
            issuerID: scenario.issuer.id,
            generation: 1,
            state: .prepared,
            certificate: Scenario.bytes(700),
            encryptionCertificate: nil,
            wrappedKey: Scenario.bytes(1300),
            createdAt: Scenario.now
        )
        try await scenario.store.apply([.addRACredential(credential)])
        for (from, to) in zip(RACredentialState.allCases, RACredentialState.allCases.dropFirst()) {
            try await scenario.store.apply([.moveRACredential(credential.id, from: from, to: to)])
            try expect(try await scenario.store.configuration().raCredentials.map(\.state), is: [to])
            try await expectConflict {
                try await scenario.store.apply([.moveRACredential(credential.id, from: from, to: to)])
            }
        }
        try await expectConflict {
            try await scenario.store.apply([.moveRACredential(Scenario.id(), from: .prepared, to: .active)])
        }
    }

    private static func movesOnce(_ scenario: Scenario) async throws {
        let moved = try await atOnce(scenario) { session, _ in
            do {
                try await session.store.apply([.moveIssuer(session.issuer.id, from: .active, to: .former)])
                return true
            } catch StoreError.conflict {
                return false
            }
        }
        try expect(moved.count { $0 }, is: 1)
    }

    private static func authority(_ name: String) -> AlternateAuthorityRecord {
        AlternateAuthorityRecord(
            id: Scenario.id(),
            name: name,
            certificate: Scenario.bytes(900),
            certificateList: nil,
            createdAt: Scenario.moment(0.25)
        )
    }

    private static func keepsAuthorities(_ scenario: Scenario) async throws {
        var first = authority("a")
        var second = authority("b")
        let third = authority("c")
        second.certificateList = Scenario.bytes(300)
        try await scenario.store.apply([second, third, first].map { .addAlternateAuthority($0) })
        let list = Scenario.bytes(400)
        first.certificateList = list
        let version = try await scenario.store.configurationVersion()
        try await scenario.store.apply([
            .putAlternateCertificateList(authority: first.id, der: list), .removeAlternateAuthority(third.id),
        ])
        let again = try await scenario.reopened()
        try expect(try await again.store.configuration().alternateAuthorities, is: [first, second])
        try expect(try await again.store.configurationVersion(), is: version + 1)
        // A name that was given up is free again.
        try await again.store.apply([.removeAlternateAuthority(first.id), .addAlternateAuthority(authority("a"))])
        try expect(try await again.store.configuration().alternateAuthorities.map(\.name), is: ["a", "b"])
        try await again.store.close()
    }

    private static func refusesAuthorities(_ scenario: Scenario) async throws {
        let first = authority("a")
        try await scenario.store.apply([.addAlternateAuthority(first)])
        let version = try await scenario.store.configurationVersion()
        let refused: [ConfigurationChange] = [
            .addAlternateAuthority(first), .addAlternateAuthority(authority("a")),
            .putAlternateCertificateList(authority: Scenario.id(), der: Scenario.bytes()),
            .removeAlternateAuthority(Scenario.id()),
        ]
        for change in refused {
            try await expectConflict {
                try await scenario.store.apply([.putSCEPProfile(profile()), change])
            }
        }
        let configuration = try await scenario.store.configuration()
        try expect(configuration.alternateAuthorities, is: [first])
        try expect(configuration.scepProfiles, is: [])
        try expect(configuration.version, is: version)
    }

    private static func profile() -> ProfileRecord {
        ProfileRecord(id: Scenario.id(), name: "a", isEnabled: true, settings: "{}", version: 1)
    }
}
