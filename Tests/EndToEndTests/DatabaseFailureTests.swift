// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import PKIX
internal import SCEPCrafting
internal import TestSupport
internal import Testing

/// A PostgreSQL database that goes away, fills up or belongs to somebody else.
@Suite struct DatabaseFailureTests {
    /// Whether a device is told to come again.
    private static func isHarmless(_ reply: HTTPReply) -> Bool {
        reply.status == 503 && reply.fields["retry-after"] != nil
    }

    private static func readiness(_ node: Server) async throws -> Int { try await node.get("/readyz").status }

    @Test(arguments: ["fast", "immediate"])
    func aDatabaseThatIsStoppedAndStartedLosesNothing(_ mode: String) async throws {
        let database = try await PostgreSQLServer()
        let cluster = try await Cluster.start(on: database)
        let device = try await Device(of: cluster.first)
        let codes = try await cluster.first.codes(3)
        let before = try device.message(codes[0], "before")
        let granted = try device.certificate(in: try await cluster.first.post(before))

        try await database.stop(mode)
        let during = try device.message(codes[1], "during")
        for node in cluster.nodes {
            #expect(Self.isHarmless(try await node.post(during)))
            // What is wrong with a request makes no difference, or the answers would tell it.
            let broken = try device.message(codes[1], "broken", envelope: { $0.spoilContent = { $0.dropLast(16) } })
            #expect(Self.isHarmless(try await node.post(broken)))
            #expect(Self.isHarmless(try await node.post(try device.message("wrong-code-wrong-code", "wrong"))))
            #expect(try await Self.readiness(node) == 503)
            #expect(try await node.get("/healthz").status == 200)
            // What needs no database is answered as ever.
            #expect(try await node.get("/scep/default?operation=GetCACaps").status == 200)
        }

        try await database.start()
        for node in cluster.nodes {
            #expect(try await soon(within: 15) { try await Self.readiness(node) == 200 })
            #expect(try device.certificate(in: try await node.post(before)).der == granted.der)
        }
        #expect(try await cluster.second.post(during).isSuccess)
        #expect(try await cluster.first.post(try device.message(codes[2], "after")).isSuccess)
        #expect(try await cluster.first.certificates().count == 3)
        for node in cluster.nodes { #expect(node.isRunning) }
        try await cluster.stop()
    }

    @Test func aDatabaseThatIsReadOnlyIsFoundOut() async throws {
        let database = try await PostgreSQLServer()
        let cluster = try await Cluster.start(on: database)
        let device = try await Device(of: cluster.first)
        let message = try device.message(try await cluster.first.code(), "read-only")
        // As a standby it answers and takes no writes.
        try await database.stop()
        try await database.setStandby(true)
        try await database.start()
        #expect(try await soon(within: 10) { try await Self.readiness(cluster.first) == 503 })
        let refused = try await cluster.first.post(message)
        #expect(refused.status == 503)
        #expect(refused.fields["retry-after"] != nil)
        try await database.query("SELECT pg_promote()", in: "postgres")
        #expect(try await soon(within: 10) { try await Self.readiness(cluster.first) == 200 })
        #expect(try await cluster.second.post(message).isSuccess)
        #expect(try await cluster.first.certificates().count == 1)
        try await cluster.stop()
    }

    @Test func aCommitWhoseAcknowledgementIsLostIsFoundByTheNextRequest() async throws {
        let relay = Mute()
        let cluster = try await Cluster.start { url in try relay.between(url) }
        let device = try await Device(of: cluster.second)
        let codes = try await cluster.first.codes(10)
        var lost = 0
        for (round, code) in codes.enumerated() {
            let message = try device.message(code, "lost-\(round)")
            relay.swallowNextCommit()
            let reply = try await cluster.second.post(message)
            // What was swallowed may have been traces.
            if !reply.isSuccess { lost += 1 }
            #expect(reply.isSuccess || Self.isHarmless(reply), "\(reply.status) \((try? reply.certRep) ?? "")")
            #expect(try await cluster.first.certificates().count == round + 1, "the commit did not happen")
            // To another node at first, to the same afterwards.
            let found = try device.certificate(in: try await cluster.first.post(message))
            #expect(try device.certificate(in: try await cluster.second.post(message)).der == found.der)
        }
        #expect(try await cluster.first.certificates().count == codes.count)
        #expect(relay.swallowed == codes.count)
        #expect(lost > codes.count / 2)
        try await cluster.stop()
    }

    @Test func somebodyElsesDatabaseIsLeftAlone() async throws {
        let server = try await PostgreSQLServer.shared()
        let name = try await server.makeDatabase()
        try await server.query("CREATE TABLE customer (id int); INSERT INTO customer VALUES (7)", in: name)
        let folder = try TemporaryFolder()
        let file = try folder.write("url", Array(server.url(name).utf8))
        let run = try await Sceptic.attempt([
            "init", "--data", folder.file("state"), "--name", "Example", "--database-file", file,
        ])
        #expect(run.status == 78)
        #expect(run.errors.contains("error: The database can't be used: the database is not one of this program."))
        #expect(!run.errors.contains(server.password))
        #expect(
            try await server.query(
                "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'",
                in: name
            ) == "customer"
        )
        #expect(try await server.query("SELECT id FROM customer", in: name) == "7")
    }

    @Test func aNewerSchemaIsRefusedWithASentence() async throws {
        let cluster = try await Cluster.start()
        try await cluster.stop()
        try await cluster.query(
            "INSERT INTO schema_migration (version, name, applied_at) SELECT max(version) + 1, 'later', 0 FROM schema_migration"
        )
        let run = try await Sceptic.attempt(["certificate", "list", "--data", cluster.first.state])
        #expect(run.status == 78)
        #expect(run.errors.hasPrefix("error: The state was written by a newer version (schema "))
    }

    @Test func whatCannotBeReachedIsSaidWithoutThePassword() async throws {
        let server = try await PostgreSQLServer.shared()
        let folder = try TemporaryFolder()
        let state = folder.file("state")
        for (url, sentence) in [
            (server.url("nowhere"), "nowhere"),
            (server.url("postgres", password: "wrong-and-secret"), "password"),
            ("postgres://somebody:secret-enough@127.0.0.1:1/x", "127.0.0.1"),
        ] {
            let run = try await Sceptic.attempt(
                ["init", "--data", state, "--name", "Example"],
                environment: ["SCEPTIC_DATABASE": url]
            )
            #expect(run.status == 70, "\(run.errors)")
            #expect(run.errors.contains(sentence), "\(run.errors)")
            for secret in [server.password, "wrong-and-secret", "secret-enough"] {
                #expect(!run.errors.contains(secret))
            }
            try? FileManager.default.removeItem(atPath: state)
        }
        // A "?" begins no parameters while the user's name and password go on.
        let visible = try await Sceptic.attempt([
            "init", "--data", state, "--name", "Example", "--database",
            "postgres://somebody:secret?enough@127.0.0.1:1/x",
        ])
        #expect(visible.errors.contains("warning: others on this machine can see the database's password"))
        #expect(!visible.errors.contains("enough"))
        try? FileManager.default.removeItem(atPath: state)
        let odd = try await Sceptic.attempt([
            "init", "--data", state, "--name", "Example", "--database", "mysql://a:b@c/d",
        ])
        #expect(odd.status == 64)
        #expect(odd.errors.contains("warning: others on this machine can see the database's password"))
        #expect(odd.errors.contains("error: The database's URL must begin with postgres:// or postgresql://."))
    }
}
