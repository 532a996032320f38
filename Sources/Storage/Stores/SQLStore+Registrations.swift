// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `RegistrationStore` in storage transactions.
extension SQLStore {
    /// Adds registrations, all or none.
    func register(_ registrations: [RegistrationRecord]) async throws(StoreError) -> RegistrationRecord? {
        guard let first = registrations.first else { return nil }
        let event = AuditEvent.server("registration.added", "profile \(first.profile)", at: first.createdAt)
        return try await database.change(auditing: event) { connection throws(StoreError) in
            try RegistrationTable(connection: connection).add(registrations)
        }
    }

    /// The registration of a profile with a name.
    func registration(profile: String, name: RegisteredName) async throws(StoreError) -> RegistrationRecord? {
        try await database.read { try RegistrationTable(connection: $0).registration(profile: profile, name: name) }
    }

    /// A page of registrations.
    func registrations(
        profile: String?,
        after id: UUID?,
        limit: Int
    ) async throws(StoreError) -> [RegistrationRecord] {
        try await database.readLong {
            try RegistrationTable(connection: $0).registrations(profile: profile, after: id, limit: limit)
        }
    }

    /// Counts a wrong secret.
    func countGuess(
        _ id: UUID,
        guess: [UInt8],
        maximum: Int,
        at moment: Date
    ) async throws(StoreError) -> GuessOutcome? {
        try await database.maintain { connection throws(StoreError) in
            try RegistrationTable(connection: connection).countGuess(id, guess: guess, maximum: maximum, at: moment)
        }
    }

    /// Unlocks a registration.
    func unlockRegistration(_ id: UUID) async throws(StoreError) -> Bool {
        let target = "registration \(id.lowercaseText)"
        return try await database.change(auditing: .server("registration.unlocked", target, at: Date())) {
            connection throws(StoreError) in
            try RegistrationTable(connection: connection).unlock(id)
        }
    }

    /// Takes a registration back.
    func revokeRegistration(_ id: UUID, at moment: Date) async throws(StoreError) -> Bool {
        let target = "registration \(id.lowercaseText)"
        return try await database.change(auditing: .server("registration.revoked", target, at: moment)) {
            connection throws(StoreError) in
            try RegistrationTable(connection: connection).revoke(id, at: moment)
        }
    }
}
