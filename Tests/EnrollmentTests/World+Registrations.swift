// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Testing

/// Registered devices.
extension World {
    /// The source of registered devices.
    func registrations(
        identifiedBy identifier: DeviceIdentifier = .commonName,
        maximumGuesses: Int = 10
    ) -> RegistrationSource {
        let settings = RegistrationSourceSettings(identifiedBy: identifier, maximumGuesses: maximumGuesses)
        return RegistrationSource(settings: settings, store: store, masterKey: masterKey)
    }

    /// Registers a device, and gives its secret.
    func registered(
        _ name: String,
        uses: RegistrationUses = .once,
        secret: String? = nil,
        change: (inout RegistrationAdministration.Candidate) throws -> Void = { _ in }
    ) async throws -> String {
        var candidate = RegistrationAdministration.Candidate(name: try #require(RegisteredName(name)), uses: uses)
        candidate.secret = secret
        try change(&candidate)
        let administration = RegistrationAdministration(store: store, masterKey: masterKey, time: clock)
        let prepared = administration.prepare([candidate], profile: "default")
        #expect(try await administration.register(prepared) == nil)
        return try #require(prepared.secrets.compactMap(\.self).first ?? secret)
    }

    /// The row of a registered device.
    func registration(_ name: String) async throws -> RegistrationRecord {
        let name = try #require(RegisteredName(name))
        return try #require(try await store.registration(profile: "default", name: name))
    }
}
