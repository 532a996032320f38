// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import TestSupport
import Testing

@testable import Storage

@Suite(.enabled(if: PostgreSQLServer.isInstalled, "PostgreSQL is not installed."))
struct PostgreSQLTLSTests {
    /// A server with a certificate for db.sceptic.test of a CA of its own, and another CA.
    private struct Scene {
        let openssl: OpenSSL
        let server: PostgreSQLServer
        let fixture: PostgreSQLFixture

        init() async throws {
            openssl = try OpenSSL()
            let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
            for name in ["ca", "other"] {
                try await openssl.run(
                    ["req", "-x509"] + key + ["-keyout", "\(name).key", "-out", "\(name).pem", "-subj", "/CN=\(name)"]
                )
            }
            let request = ["req", "-x509"] + key + ["-CA", "ca.pem", "-CAkey", "ca.key"]
            try await openssl.run(
                request + ["-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=server"]
                    + [
                        "-addext", "subjectAltName=DNS:db.sceptic.test", "-addext",
                        "basicConstraints=critical,CA:false",
                    ]
            )
            server = try await PostgreSQLServer()
            for name in ["server.pem", "server.key"] {
                try await server.install(openssl.folder.file(name), as: name)
            }
            try await server.append(["ssl = on", "ssl_cert_file = 'server.pem'", "ssl_key_file = 'server.key'"])
            try await server.stop()
            try await server.start()
            fixture = try await PostgreSQLFixture(server)
        }

        /// Connects by a name, which the loopback address stands in for, and tells the version of TLS.
        func version(_ host: String, _ parameters: String) throws -> [String] {
            let url = server.url(fixture.name, host: host) + "?hostaddr=127.0.0.1&" + parameters
            let location = try PostgreSQLLocation(url: url, environment: [:])
            let connection = try PostgreSQLConnection(location, PostgreSQLOptions())
            defer { connection.close() }
            return try connection.texts(
                "SELECT COALESCE(version, 'none') FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            )
        }
    }

    @Test func makesSureThatItIsTheRightServer() async throws {
        let scene = try await Scene()
        let (ca, other) = (scene.openssl.folder.file("ca.pem"), scene.openssl.folder.file("other.pem"))
        let verified = "sslmode=verify-full&sslrootcert="
        #expect(try scene.version("db.sceptic.test", verified + ca) == ["TLSv1.3"])
        await expectUnavailable("certificate verify failed") { try scene.version("db.sceptic.test", verified + other) }
        await expectUnavailable("does not match host name") { try scene.version("wrong.sceptic.test", verified + ca) }
        // The system's authorities know nothing of this CA.
        await expectUnavailable("certificate verify failed") {
            try scene.version("db.sceptic.test", "sslmode=verify-full")
        }
        #expect(try scene.version("wrong.sceptic.test", "sslmode=verify-ca&sslrootcert=" + ca) == ["TLSv1.3"])
        #expect(try scene.version("wrong.sceptic.test", "sslmode=require") == ["TLSv1.3"])
        #expect(try scene.version("wrong.sceptic.test", "sslmode=disable") == ["none"])
    }

    @Test func worksOverTLS() async throws {
        let scene = try await Scene()
        let url = scene.server.url(scene.fixture.name, host: "db.sceptic.test")
        let parameters = "?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=" + scene.openssl.folder.file("ca.pem")
        let location = try PostgreSQLLocation(url: url + parameters, environment: [:])
        let database = try PostgreSQLDatabase(location, mayCreate: true)
        let big = [UInt8]((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        let found = try await database.read { connection in
            try connection.query(SQLStatement("SELECT :b"), ["b": .blob(big)]) { row throws(StoreError) in
                try row.blob()
            }
        }
        #expect(found == [big])
        let sleep = Task { try await database.read { try $0.execute("SELECT pg_sleep(20)") } }
        try await Task.sleep(for: .milliseconds(300))
        sleep.cancel()
        await expectUnavailable("cancelled") { try await sleep.value }
        try await database.close()
    }

    @Test func doesWithoutTLSOnlyWhereItMay() async throws {
        let fixture = try await PostgreSQLFixture()
        let url = fixture.server.url(fixture.name, host: "db.sceptic.test") + "?hostaddr=127.0.0.1&sslmode=verify-full"
        let location = try PostgreSQLLocation(url: url, environment: [:])
        await expectUnavailable("server does not support SSL") {
            try PostgreSQLConnection(location, PostgreSQLOptions())
        }
    }
}
