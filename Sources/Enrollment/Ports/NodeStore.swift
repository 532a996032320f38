// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date
public import struct Foundation.UUID

/// A server that serves this state, one of several or the only one.
public struct NodeRecord: Sendable, Hashable {
    /// Its id, new with each start: the owner of its leases.
    public var id: UUID
    /// What people call it: the name of its host.
    public var name: String
    /// When it started.
    public var startedAt: Date
    /// When it last said that it lives.
    public var seenAt: Date
    /// The version of the configuration that it serves: everything up to it has arrived there.
    public var configurationVersion: Int

    /// Puts a record together.
    public init(id: UUID, name: String, startedAt: Date, seenAt: Date, configurationVersion: Int) {
        self.id = id
        self.name = name
        self.startedAt = startedAt
        self.seenAt = seenAt
        self.configurationVersion = configurationVersion
    }
}

/// Keeps which servers serve this state, so that some changes can wait until all of them know (design §6.7).
public protocol NodeStore: Sendable {
    /// Adds a server, or replaces what it said before; servers that were last seen before a moment go.
    func report(_ node: NodeRecord, forgetting moment: Date) async throws(StoreError)

    /// The servers that were seen after a moment, by their start.
    func nodes(seenAfter moment: Date) async throws(StoreError) -> [NodeRecord]

    /// Removes a server that stops.
    func forget(_ id: UUID) async throws(StoreError)
}
