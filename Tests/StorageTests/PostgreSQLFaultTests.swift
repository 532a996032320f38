// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite(.enabled(if: PostgreSQLServer.isInstalled, "PostgreSQL is not installed."))
struct PostgreSQLFaultTests {
    private static let one = SQLStatement("SELECT 1")

    private func one(_ database: PostgreSQLDatabase) async throws -> Int64? {
        try await database.read { try $0.first(Self.one, [:]) { row throws(StoreError) in try row.int64() } }
    }

    @Test func endsAStatementThatTakesTooLong() async throws {
        let database = try await PostgreSQLFixture().database { $0.statementLimit = .milliseconds(200) }
        let time = await ContinuousClock().measure {
            await expectUnavailable("took too long") {
                try await database.read { try $0.execute("SELECT pg_sleep(9)") }
            }
        }
        #expect(time < .seconds(2))
        #expect(try await one(database) == 1)
        try await database.close()
    }

    @Test func givesAServerUpThatDoesNotAnswer() async throws {
        let database = try await PostgreSQLFixture().database { options in
            options.statementLimit = .milliseconds(300)
            options.connections = 1
        }
        let time = await ContinuousClock().measure {
            await expectUnavailable("does not answer in time") {
                try await database.read { connection in
                    // The client's own limit, where the server's does not help.
                    try connection.execute("SET statement_timeout = 0")
                    return try connection.execute("SELECT pg_sleep(60)")
                }
            }
        }
        #expect(time > .seconds(2) && time < .seconds(30))
        #expect(try await one(database) == 1)
        try await database.close()
    }

    @Test func doesNotWaitForALockForEver() async throws {
        let fixture = try await PostgreSQLFixture()
        let database = try await fixture.database { options in
            options.lockLimit = .milliseconds(100)
            options.repeats = 2
        }
        let other = try fixture.connect()
        _ = try other.command("BEGIN")
        try other.takeTurn(of: PostgreSQLFixture.key)
        await expectUnavailable("locked") {
            try await database.write { .keep(try $0.takeTurn(of: PostgreSQLFixture.key)) }
        }
        _ = try other.command("ROLLBACK")
        try await database.write { .keep(try $0.takeTurn(of: PostgreSQLFixture.key)) }
        try await database.close()
    }

    @Test func freesTheLocksOfAStoppedNode() async throws {
        let fixture = try await PostgreSQLFixture()
        let stopped = try fixture.connect { $0.idleLimit = .milliseconds(500) }
        _ = try stopped.command("BEGIN")
        try stopped.takeTurn(of: PostgreSQLFixture.key)
        let database = try await fixture.database()
        try await database.write { .keep(try $0.takeTurn(of: PostgreSQLFixture.key)) }
        await expectUnavailable("took too long") { try stopped.execute("SELECT 1") }
        #expect(!stopped.isOpen && !stopped.isAlive())
        try await database.close()
    }

    @Test func freesTheLocksOfAKilledNode() async throws {
        let fixture = try await PostgreSQLFixture()
        let database = try await fixture.database()
        await #expect(processExitsWith: .signal(SIGKILL)) { [url = fixture.server.url(fixture.name) as String] in
            let location = try PostgreSQLLocation(url: url, environment: [:])
            let connection = try PostgreSQLConnection(location, PostgreSQLOptions())
            _ = try connection.command("BEGIN")
            try connection.takeTurn(of: PostgreSQLFixture.key)
            kill(getpid(), SIGKILL)
        }
        let time = try await ContinuousClock().measure {
            try await database.write { .keep(try $0.takeTurn(of: PostgreSQLFixture.key)) }
        }
        #expect(time < .seconds(4))
        try await database.close()
    }

    @Test func confirmsNothingThatAStandbyHasNot() async throws {
        let server = try await PostgreSQLServer()
        let fixture = try await PostgreSQLFixture(server)
        let database = try await fixture.database { $0.statementLimit = .milliseconds(300) }
        try await fixture.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        try await fixture.query("SELECT pg_reload_conf()")
        try await Task.sleep(for: .milliseconds(300))
        await expectUnavailable("whether it was made is unknown") {
            try await database.write { .keep(try $0.execute("CREATE TABLE note (n BIGINT)")) }
        }
        try await database.close()
    }

    @Test func doesNotNoticeConnectionsThatEndWhileIdle() async throws {
        let fixture = try await PostgreSQLFixture()
        let database = try await fixture.database()
        for _ in 0..<5 {
            #expect(try await one(database) == 1)
            try await database.write { .keep(try $0.announceChange()) }
            try await fixture.terminate()
        }
        try await database.close()
    }

    @Test func readsAnewWhenItsConnectionBreaks() async throws {
        let fixture = try await PostgreSQLFixture()
        let database = try await fixture.database()
        for isLong in [false, true] {
            let runs = Tally()
            let body: @Sendable (PostgreSQLConnection) throws -> Int64? = { connection in
                runs.add(1)
                if runs.count == 1 { try connection.execute("SELECT pg_terminate_backend(pg_backend_pid())") }
                return try connection.integers("SELECT 1").first
            }
            #expect(try await isLong ? database.readLong(body) == 1 : database.read(body) == 1)
            #expect(runs.count == 2)
        }
        try await database.close()
    }

    @Test func neverRepeatsAWriteWhoseConnectionBroke() async throws {
        let fixture = try await PostgreSQLFixture()
        let database = try await fixture.database()
        try await fixture.query("CREATE TABLE note (n BIGINT)")
        let runs = Tally()
        await expectUnavailable("ended the connection") {
            try await database.write { connection -> WriteResult<Void> in
                runs.add(1)
                try connection.execute("INSERT INTO note VALUES (1)")
                try connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
                return .keep(())
            }
        }
        #expect(runs.count == 1)
        // The backend ends while it commits.
        try await fixture.query(
            """
            CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER stop AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION stop()
            """
        )
        await expectUnavailable("whether it was made is unknown") {
            try await database.write { .keep(try $0.execute("INSERT INTO note VALUES (2)")) }
        }
        #expect(try await fixture.query("SELECT count(*) FROM note") == "0")
        try await database.close()
    }

    @Test func tellsOfWhatACommitRefuses() async throws {
        let fixture = try await PostgreSQLFixture()
        let database = try await fixture.database()
        try await fixture.query(
            """
            CREATE TABLE parent (n BIGINT PRIMARY KEY);
            CREATE TABLE child (n BIGINT REFERENCES parent (n) DEFERRABLE INITIALLY DEFERRED)
            """
        )
        await #expect {
            try await database.write { .keep(try $0.execute("INSERT INTO child VALUES (1)")) }
        } throws: { error in
            if case StoreError.conflict = error { true } else { false }
        }
        #expect(try await one(database) == 1)
        try await database.close()
    }

    @Test func saysWhyItIsNotLetIn() async throws {
        let fixture = try await PostgreSQLFixture()
        let server = fixture.server
        func open(_ url: String) throws -> PostgreSQLDatabase {
            try PostgreSQLDatabase(try PostgreSQLLocation(url: url, environment: [:]), mayCreate: true)
        }
        await expectUnavailable("password") { try open(server.url(fixture.name, password: "hush")) }
        await expectUnavailable("no such database") { try open(server.url("nothing")) }
        await expectUnavailable("can't be reached") { try open("postgres://u:p@127.0.0.1:1/d") }
        await expectUnavailable("could not translate") { try open("postgres://u:p@host.invalid/d") }
        try await open(server.socketURL(fixture.name)).close()
        // The second host is good.
        let hosts = "postgres:///\(fixture.name)?host=127.0.0.1,127.0.0.1&port=1,\(server.port)"
        try await open(hosts + "&user=\(server.user)&password=\(server.password)").close()
    }

    @Test func makesDoWithTheConnectionsThatItGets() async throws {
        let server = try await PostgreSQLServer(settings: ["max_connections = 6", "superuser_reserved_connections = 0"])
        let fixture = try await PostgreSQLFixture(server)
        try await fixture.database().close()
        let database = try await fixture.database { $0.connections = 12 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask { _ = try await database.read { try $0.execute("SELECT pg_sleep(0.02)") } }
            }
            try await group.waitForAll()
        }
        #expect((1...6).contains(database.connected))
        var others: [PostgreSQLConnection] = []
        while let other = try? fixture.connect() { others.append(other) }
        await expectUnavailable("too many connections") { try fixture.connect() }
        for other in others { other.close() }
        try await database.close()
    }

    @Test func recoversWhenTheServerStartsAgain() async throws {
        let server = try await PostgreSQLServer()
        let fixture = try await PostgreSQLFixture(server)
        let database = try await fixture.database { options in
            options.waitLimit = .seconds(2)
            options.longestPause = .milliseconds(500)
        }
        let ticks = Task { for await _ in database.changes() {} }
        #expect(try await one(database) == 1)
        for mode in ["fast", "immediate"] {
            try await server.stop(mode)
            await expectUnavailable("can't be reached") { try await one(database) }
            await expectUnavailable("can't be reached") { try await database.write { .keep(try $0.announceChange()) } }
            // After a while nobody waits in vain any more.
            let time = await ContinuousClock().measure {
                for _ in 0..<20 { await expectUnavailable("can't be reached") { try await one(database) } }
            }
            #expect(time < .seconds(20))
            try await server.start()
            let end = ContinuousClock.now + .seconds(30)
            while ContinuousClock.now < end, (try? await one(database)) == nil {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await one(database) == 1)
        }
        try await database.close()
        await ticks.value
    }

    @Test func readsFromAStandbyAndWritesAgainWhenItIsNone() async throws {
        let server = try await PostgreSQLServer()
        let fixture = try await PostgreSQLFixture(server)
        let database = try await fixture.database { $0.waitLimit = .seconds(30) }
        try await server.stop()
        try await server.setStandby(true)
        try await server.start()
        #expect(try await one(database) == 1)
        #expect(try await database.readLong { try $0.integers("SELECT 1") } == [1])
        await expectUnavailable("can't be written to") {
            try await database.write { .keep(try $0.execute("DELETE FROM issuer")) }
        }
        // Another process may open it as well, as long as there is nothing to bring up to date.
        try await fixture.database(mayCreate: false).close()
        try await server.stop()
        try await server.setStandby(false)
        try await server.start()
        try await database.write { .keep(try $0.announceChange()) }
        try await database.close()
    }

    @Test func waitsOutAShortRestart() async throws {
        let server = try await PostgreSQLServer()
        let fixture = try await PostgreSQLFixture(server)
        let database = try await fixture.database { $0.waitLimit = .seconds(20) }
        #expect(try await one(database) == 1)
        try await server.stop()
        async let found = one(database)
        try await Task.sleep(for: .milliseconds(200))
        try await server.start()
        #expect(try await found == 1)
        try await database.close()
    }

    @Test func warnsOfAServerThatDoesNotFlush() async throws {
        let database = try await PostgreSQLFixture().database()
        #expect(database.warnings.contains { $0.contains("fsync off") })
        #expect(!database.warnings.contains { $0.contains("full_page_writes") })
        try await database.close()
    }

    @Test func setsItsSessionsUp() async throws {
        let fixture = try await PostgreSQLFixture()
        try await fixture.query("ALTER DATABASE \(fixture.name) SET synchronous_commit = off")
        let database = try await fixture.database()
        let settings = try await database.read { connection in
            try connection.texts(
                "SELECT name || '=' || setting FROM pg_settings WHERE source = 'session' OR name = 'application_name'"
            )
        }
        for setting in [
            "synchronous_commit=on", "standard_conforming_strings=on", "statement_timeout=10000", "lock_timeout=5000",
            "idle_in_transaction_session_timeout=15000", "client_connection_check_interval=1000",
            "application_name=sceptic",
        ] {
            #expect(settings.contains(setting), "\(settings)")
        }
        try await database.close()
        let own = try PostgreSQLLocation(
            url: fixture.server.url(fixture.name) + "?options=-c%20statement_timeout%3D77000",
            environment: [:]
        )
        let connection = try PostgreSQLConnection(own, PostgreSQLOptions())
        #expect(try connection.texts("SELECT current_setting('statement_timeout')") == ["77s"])
    }

    @Test func refusesADatabaseThatIsNotUnicode() async throws {
        let fixture = try await PostgreSQLFixture(
            nil,
            "TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
        )
        await expectUnavailable("UTF8") { try await fixture.database() }
    }

    @Test func saysThatItCanNotWrite() async throws {
        let fixture = try await PostgreSQLFixture()
        let database = try await fixture.database()
        try await fixture.query("ALTER DATABASE \(fixture.name) SET default_transaction_read_only = on")
        // Explicit in each transaction; only a standby can't be told otherwise.
        try await database.write { .keep(try $0.announceChange()) }
        await expectUnavailable("can't be written to") {
            try await database.write { connection in
                _ = try connection.execute("SET TRANSACTION READ ONLY")
                return .keep(try connection.execute("DELETE FROM schema_migration"))
            }
        }
        try await database.close()
    }
}
