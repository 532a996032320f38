// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import TestSupport
internal import Testing

/// Two nodes that serve one state, which lies in PostgreSQL.
struct Cluster: Sendable {
    let database: PostgreSQLServer
    /// The database's name.
    let name: String
    let first: Server
    let second: Server

    /// Makes a state in a fresh database and serves it twice.
    ///
    /// - Parameters:
    ///   - database: the server; the one that all tests share if nil.
    ///   - options: what CREATE DATABASE is told.
    ///   - reaching: the URL by which the second node reaches the database, given the one of the first.
    /// - Returns: the cluster, when both nodes listen.
    /// - Throws: `Sceptic.Failure` when one of them does not.
    static func start(
        on database: PostgreSQLServer? = nil,
        options: String = "",
        reaching: (String) throws -> String = { $0 }
    ) async throws -> Cluster {
        let server: PostgreSQLServer
        if let database { server = database } else { server = try await .shared() }
        let name = try await server.makeDatabase(options)
        let url = server.url(name)
        let folder = try TemporaryFolder()
        let file = try folder.write("url", Array(url.utf8))
        let first = try await Server.start(initialising: ["--database-file", file])
        let state = try folder.makeNode(like: first.state, url: try reaching(url))
        return Cluster(
            database: server,
            name: name,
            first: first,
            second: try await Server(folder: folder, state: state)
        )
    }

    var nodes: [Server] { [first, second] }

    /// Sends a message to each node, or one each, at the same time.
    func race(_ messages: [[UInt8]]) async throws -> [HTTPReply] {
        try await withThrowingTaskGroup(of: (Int, HTTPReply).self) { group in
            for (index, message) in messages.enumerated() {
                group.addTask { (index, try await nodes[index % 2].post(message)) }
            }
            var replies: [(Int, HTTPReply)] = []
            for try await reply in group { replies.append(reply) }
            return replies.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Lets any number of requests of one address fail to authenticate, on both nodes when it returns.
    func letEverybodyFail() async throws {
        try await Sceptic.run("profile", "set", "default", "--data", first.state, "--maximum-failures-per-minute", "0")
        // Who serves a later change serves this one too.
        try await Sceptic.run("profile", "new", "later", "--data", first.state)
        for node in nodes { try await node.servesSoon("later", within: 5) }
    }

    /// What a statement returns in the state's database.
    @discardableResult
    func query(_ text: String) async throws -> String { try await database.query(text, in: name) }

    func stop() async throws {
        for node in nodes { #expect(try await node.stop() == 0, "\(node.log.suffix(1000))") }
    }
}

extension TemporaryFolder {
    /// Makes what an operator makes on a further machine: a state folder with the master key, and where the database is.
    func makeNode(like state: String, url: String) throws -> String {
        let node = file("node")
        try FileManager.default.createDirectory(
            atPath: node,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        try FileManager.default.copyItem(atPath: state + "/master.key", toPath: node + "/master.key")
        try write("node/database", Array((url + "\n").utf8))
        return node
    }
}

/// Asks again and again until something holds.
func soon(within seconds: Double = 10, _ holds: () async throws -> Bool) async throws -> Bool {
    let start = ContinuousClock.now
    while start.duration(to: .now) < .seconds(seconds) {
        if try await holds() { return true }
        try await Task.sleep(for: .milliseconds(50))
    }
    return false
}
