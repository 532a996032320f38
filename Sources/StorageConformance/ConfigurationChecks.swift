// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

extension StorageCheck {
    static let configurationChecks: [StorageCheck] = [
        StorageCheck("beginsWithoutAnyConfiguration", beginsEmpty),
        StorageCheck("keepsTheConfigurationAsItWas", with: keepsConfiguration),
        StorageCheck("countsAChangeOnce", with: countsOnce),
        StorageCheck("refusesWhatExistsAlready", with: refusesWhatExists),
        StorageCheck("refusesToReplaceAnotherVersion", with: refusesAnotherVersion),
        StorageCheck("appliesAllChangesOrNone", with: appliesAllOrNone),
        StorageCheck("removesAProfileOfTheVersionThatWasSeen", with: removesProfile),
        StorageCheck("changesNothingOfAnotherVersion", with: requiresVersion),
    ]

    private static func beginsEmpty(_ fixture: any StorageFixture) async throws {
        let store = try await fixture.open()
        let configuration = try await store.configuration()
        try expect(configuration.version, is: try await store.configurationVersion())
        try expect(configuration.issuers, is: [])
        try expect(configuration.raCredentials, is: [])
        try expect(configuration.scepProfiles, is: [])
        try expect(configuration.raProfiles, is: [])
        try expect(configuration.alternateAuthorities, is: [])
        try expect(try await store.certificateCount(), is: 0)
        try await store.close()
    }

    private static func credential(
        of issuer: IssuerRecord,
        _ generation: Int,
        _ state: RACredentialState
    ) -> RACredentialRecord {
        RACredentialRecord(
            id: Scenario.id(),
            issuerID: issuer.id,
            generation: generation,
            state: state,
            certificate: Scenario.bytes(700),
            encryptionCertificate: generation.isMultiple(of: 2) ? Scenario.bytes(650) : nil,
            wrappedKey: Scenario.bytes(1300),
            createdAt: Scenario.moment(0.5)
        )
    }

    private static func profile(_ name: String, version: Int = 1) -> ProfileRecord {
        ProfileRecord(id: Scenario.id(), name: name, isEnabled: true, settings: "{\"a\":\"ü\"}", version: version)
    }

    private static func keepsConfiguration(_ scenario: Scenario) async throws {
        var second = Scenario.issuer("first", generation: 2)
        second.chain = []
        let credentials = zip([3, 1, 4, 2], RACredentialState.allCases).map { credential(of: second, $0, $1) }
        var disabled = profile("a")
        disabled.isEnabled = false
        let (scepProfiles, raProfiles) = ([profile("b"), disabled], [profile("d"), profile("c")])
        try await scenario.store.apply(
            [.addIssuer(second)] + credentials.map { .addRACredential($0) }
                + scepProfiles.map { .putSCEPProfile($0) } + raProfiles.map { .putRAProfile($0) }
        )
        let again = try await scenario.reopened()
        let configuration = try await again.store.configuration()
        try expect(configuration.issuers, is: [scenario.issuer, second])
        try expect(configuration.raCredentials, is: credentials.sorted { $0.generation < $1.generation })
        try expect(configuration.scepProfiles, is: scepProfiles.reversed())
        try expect(configuration.raProfiles, is: raProfiles.reversed())
        try expect(configuration.version, is: try await again.store.configurationVersion())
        try await again.store.close()
    }

    private static func countsOnce(_ scenario: Scenario) async throws {
        let before = try await scenario.store.configurationVersion()
        try await scenario.store.apply([.putSCEPProfile(profile("a")), .putRAProfile(profile("a"))])
        try expect(try await scenario.store.configurationVersion(), is: before + 1)
        try await scenario.store.apply([])
        try expect(try await scenario.store.configurationVersion(), is: before + 1)
        let beside = try await scenario.beside()
        try await beside.store.apply([.putSCEPProfile(profile("b"))])
        try expect(try await scenario.store.configurationVersion(), is: before + 2)
        try await beside.store.close()
    }

    private static func refusesWhatExists(_ scenario: Scenario) async throws {
        let existing = credential(of: scenario.issuer, 1, .active)
        try await scenario.store.apply(
            [.addRACredential(existing), .putSCEPProfile(profile("a")), .putRAProfile(profile("a"))]
        )
        let version = try await scenario.store.configurationVersion()
        let refused: [ConfigurationChange] = [
            .addIssuer(Scenario.issuer("first")), .addIssuer(scenario.issuer),
            .addRACredential(credential(of: scenario.issuer, 1, .prepared)), .addRACredential(existing),
            .addRACredential(credential(of: Scenario.issuer("nobody"), 1, .active)),
            .putSCEPProfile(profile("a")), .putRAProfile(profile("a")),
        ]
        for change in refused {
            try await expectConflict { try await scenario.store.apply([change]) }
        }
        try expect(try await scenario.store.configurationVersion(), is: version)
    }

    private static func refusesAnotherVersion(_ scenario: Scenario) async throws {
        var current = profile("a")
        try await scenario.store.apply([.putRAProfile(current)])
        for version in [-1, 0, 1, 3] {
            var next = current
            next.version = version
            let refused = next
            try await expectConflict { try await scenario.store.apply([.putRAProfile(refused)]) }
        }
        let unknown = profile("b", version: 2)
        try await expectConflict { try await scenario.store.apply([.putRAProfile(unknown)]) }
        current.version = 2
        current.isEnabled = false
        current.settings = "{}"
        try await scenario.store.apply([.putRAProfile(current)])
        try expect(try await scenario.store.configuration().raProfiles, is: [current])
    }

    private static func removesProfile(_ scenario: Scenario) async throws {
        let (scep, registration) = (profile("a"), profile("a"))
        try await scenario.store.apply([.putSCEPProfile(scep), .putRAProfile(registration)])
        let refused: [ConfigurationChange] = [
            .removeSCEPProfile(scep.id, version: 2), .removeSCEPProfile(registration.id, version: 1),
            .removeRAProfile(registration.id, version: 0), .removeRAProfile(scep.id, version: 1),
        ]
        for change in refused {
            try await expectConflict { try await scenario.store.apply([change]) }
        }
        try await scenario.store.apply([.removeSCEPProfile(scep.id, version: 1)])
        try expect(try await scenario.store.configuration().scepProfiles, is: [])
        try expect(try await scenario.store.configuration().raProfiles, is: [registration])
        // The name is free again.
        let again = profile("a")
        try await scenario.store.apply([.removeRAProfile(registration.id, version: 1), .putRAProfile(again)])
        try expect(try await scenario.store.configuration().raProfiles, is: [again])
    }

    private static func requiresVersion(_ scenario: Scenario) async throws {
        let version = try await scenario.store.configurationVersion()
        for other in [version - 1, version + 1] {
            try await expectConflict {
                try await scenario.store.apply([.requireVersion(other), .putSCEPProfile(profile("a"))])
            }
        }
        try expect(try await scenario.store.configurationVersion(), is: version)
        // Of those who looked at the same version, one changes something.
        let beside = try await scenario.beside()
        let stores = [scenario.store, beside.store]
        let changed = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<6 {
                group.addTask {
                    let change = ConfigurationChange.putSCEPProfile(profile("p\(index)"))
                    return (try? await stores[index % 2].apply([.requireVersion(version), change])) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try expect(changed, is: 1)
        try expect(try await scenario.store.configuration().scepProfiles.count, is: 1)
        try expect(try await scenario.store.configurationVersion(), is: version + 1)
        try await beside.store.close()
    }

    private static func appliesAllOrNone(_ scenario: Scenario) async throws {
        let version = try await scenario.store.configurationVersion()
        let changes: [ConfigurationChange] = [
            .addIssuer(Scenario.issuer("second")), .putSCEPProfile(profile("a")), .addIssuer(scenario.issuer),
        ]
        try await expectConflict { try await scenario.store.apply(changes) }
        let configuration = try await scenario.store.configuration()
        try expect(configuration.version, is: version)
        try expect(configuration.issuers, is: [scenario.issuer])
        try expect(configuration.scepProfiles, is: [])
    }
}
