// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Date
import struct Foundation.UUID

/// `ChallengeStore` in storage transactions.
extension SQLStore {
    /// Adds challenges, all or none.
    func add(_ challenges: [ChallengeRecord], limit: OutstandingLimit?) async throws(StoreError) {
        guard let first = challenges.first else { return }
        var details = AuditDetails()
        details.add("count", challenges.count)
        details.add("kind", first.kind.rawValue)
        let event = AuditEvent.server(
            "challenge.added",
            "profile \(first.profile)",
            at: first.createdAt,
            after: details.text
        )
        try await database.change(auditing: event) { connection throws(StoreError) in
            try ChallengeTable(connection: connection).add(challenges, limit: limit)
        }
    }

    /// The challenge of a profile with a lookup.
    func challenge(profile: String, lookup: [UInt8]) async throws(StoreError) -> ChallengeRecord? {
        try await database.read { try ChallengeTable(connection: $0).challenge(profile: profile, lookup: lookup) }
    }

    /// The challenges that requests with a transactionID may be encrypted under.
    func sealedChallenges(
        profile: String,
        transactionID: String,
        limit: Int
    ) async throws(StoreError) -> [ChallengeRecord] {
        try await database.read {
            try ChallengeTable(connection: $0).sealed(profile: profile, transactionID: transactionID, limit: limit)
        }
    }

    /// A page of challenges.
    func challenges(
        profile: String?,
        after id: UUID?,
        limit: Int
    ) async throws(StoreError) -> [ChallengeRecord] {
        try await database.readLong {
            try ChallengeTable(connection: $0).challenges(profile: profile, after: id, limit: limit)
        }
    }

    /// Takes a challenge back.
    func revokeChallenge(_ id: UUID, at moment: Date) async throws(StoreError) -> Bool {
        let target = "challenge \(id.lowercaseText)"
        return try await database.change(auditing: .server("challenge.revoked", target, at: moment)) {
            connection throws(StoreError) in
            try ChallengeTable(connection: connection).revoke(id, at: moment)
        }
    }
}

/// `TraceStore` in storage transactions.
extension SQLStore {
    /// Adds traces and keeps the ring bounded.
    func append(_ traces: [TraceRecord], ringSize: Int, auditing events: [AuditEvent]) async throws(StoreError) {
        let prepared = events.map(PreparedAuditEvent.init)
        try await database.maintain { connection throws(StoreError) in
            for event in prepared { try connection.audit(event) }
            return try TraceTable(connection: connection).append(traces, ringSize: ringSize)
        }
    }

    /// The traces of a transactionID, newest first.
    func traces(transactionID: String, limit: Int) async throws(StoreError) -> [TraceRecord] {
        try await database.readLong {
            try TraceTable(connection: $0).traces(transactionID: transactionID, limit: limit)
        }
    }

    /// A trace by its id.
    func trace(_ id: UUID) async throws(StoreError) -> TraceRecord? {
        try await database.read { try TraceTable(connection: $0).trace(id) }
    }

    /// A part of the traces that are looked for.
    func traces(
        matching query: TraceQuery,
        before id: UUID?,
        limit: Int
    ) async throws(StoreError) -> Found<TraceRecord> {
        try await database.readLong {
            try TraceTable(connection: $0).traces(matching: query, before: id, limit: limit)
        }
    }

    /// A page of traces, newest first.
    func traces(before id: UUID?, limit: Int) async throws(StoreError) -> [TraceRecord] {
        try await database.readLong { try TraceTable(connection: $0).traces(before: id, limit: limit) }
    }

    /// Forgets the oldest traces.
    func forgetTraces(before moment: Date, limit: Int) async throws(StoreError) -> Int {
        try await database.maintain { connection throws(StoreError) in
            try TraceTable(connection: connection).forget(before: moment, limit: limit)
        }
    }
}

/// `ConfigurationStore` in storage transactions.
extension SQLStore {
    /// Everything that is configured.
    func configuration() async throws(StoreError) -> StoredConfiguration {
        try await database.readLong { try ConfigurationTables(connection: $0).configuration() }
    }

    /// The count of changes.
    func configurationVersion() async throws(StoreError) -> Int {
        try await database.read { try ConfigurationTables(connection: $0).version() }
    }

    /// Ticks when the configuration may have changed.
    func configurationChanges() -> AsyncStream<Void> {
        database.changes()
    }

    /// Makes changes, all or none.
    func apply(_ changes: [ConfigurationChange]) async throws(StoreError) {
        let targets = changes.compactMap(\.auditedTarget).joined(separator: ", ")
        try await database.change(auditing: .server("configuration.changed", targets, at: Date())) {
            connection throws(StoreError) in
            try ConfigurationTables(connection: connection).apply(changes)
        }
    }
}
