// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Testing

@testable import Storage

struct PostgreSQLLocationTests {
    private func parameters(
        _ url: String,
        _ environment: [String: String] = [:]
    ) throws -> [[String: String]] {
        try PostgreSQLLocation(url: url, environment: environment).hosts.map { host in
            Dictionary(uniqueKeysWithValues: host.map { ($0.key, $0.value) })
        }
    }

    @Test func wantsProofOfWhoARemoteServerIs() throws {
        for url in [
            "postgres://db.example/sceptic", "postgresql://db.example:5433/sceptic", "postgres://192.0.2.1/sceptic",
            "postgres:///sceptic?host=db.example", "postgres://localhost,db.example/sceptic",
            "postgres://127.0.0.1.example/sceptic", "postgres:///sceptic?service=theirs",
            "postgres://localhost/sceptic?hostaddr=192.0.2.1",
        ] {
            for host in try parameters(url) {
                #expect(host["sslmode"] == "verify-full", "\(url)")
                #expect(host["sslrootcert"] == "/etc/ssl/certs/ca-certificates.crt", "\(url)")
            }
            #expect(try PostgreSQLLocation(url: url, environment: [:]).warning == nil)
        }
        #expect(try parameters("postgres:///sceptic", ["PGHOST": "db.example"])[0]["sslmode"] == "verify-full")
    }

    @Test func leavesThisMachineAlone() throws {
        for url in [
            "postgres://localhost/sceptic", "postgres://127.0.0.1:5433/sceptic", "postgres://[::1]/sceptic",
            "postgres:///sceptic", "postgres:///sceptic?host=/run/postgresql", "postgres://%2Frun%2Fpostgresql/sceptic",
        ] {
            #expect(try parameters(url)[0]["sslmode"] == nil, "\(url)")
        }
    }

    @Test func honoursAWeakerModeWithAWarning() throws {
        for mode in ["disable", "allow", "prefer", "require", "verify-ca"] {
            let url = "postgres://db.example/sceptic?sslmode=\(mode)"
            #expect(try parameters(url)[0]["sslmode"] == mode)
            #expect(try PostgreSQLLocation(url: url, environment: [:]).warning?.contains(" \(mode),") == true)
        }
        let environment = ["PGSSLMODE": "require"]
        #expect(try parameters("postgres://db.example/sceptic", environment)[0]["sslmode"] == "require")
        let named = "postgres://db.example/sceptic?sslmode=verify-full&sslrootcert=/etc/ours.pem"
        #expect(try parameters(named)[0]["sslrootcert"] == "/etc/ours.pem")
        #expect(try PostgreSQLLocation(url: named, environment: [:]).warning == nil)
        let system = "postgres://db.example/sceptic?sslrootcert=system"
        #expect(try parameters(system)[0]["sslrootcert"] == "/etc/ssl/certs/ca-certificates.crt")
    }

    @Test func keepsWhatTheURLNames() throws {
        let url = "postgres://u:p@localhost/d?application_name=x&options=-c%20work_mem%3D1MB&keepalives_idle=99"
        let found = try parameters(url)[0]
        #expect(found["application_name"] == "x")
        #expect(found["options"] == "-c work_mem=1MB")
        #expect(found["keepalives_idle"] == "99")
        #expect(found["keepalives_interval"] == "5")
        #expect(found["user"] == "u")
        #expect(try parameters("postgres://localhost/d")[0]["application_name"] == "sceptic")
    }

    @Test func triesOneHostAfterTheOther() throws {
        let found = try parameters("postgres://a.example:1,b.example:2/d?hostaddr=192.0.2.1,192.0.2.2")
        #expect(found.map { $0["host"] } == ["a.example", "b.example"])
        #expect(found.map { $0["port"] } == ["1", "2"])
        #expect(found.map { $0["hostaddr"] } == ["192.0.2.1", "192.0.2.2"])
        #expect(found.map { $0["target_session_attrs"] } == ["read-write", "read-write"])
        let same = try parameters("postgres:///d?host=a.example,b.example&port=7")
        #expect(same.map { $0["port"] } == ["7", "7"])
        #expect(throws: StoreError.self) { try parameters("postgres:///d?host=a,b,c&port=1,2") }
        #expect(throws: StoreError.self) { try parameters("postgres:///d?host=a,b,c&hostaddr=192.0.2.1") }
    }

    @Test func neverShowsThePassword() throws {
        let location = try PostgreSQLLocation(
            url: "postgres://u:hush@db.example:7/d?connect_timeout=3",
            environment: [:]
        )
        var dumped = ""
        dump(location, to: &dumped)
        for text in ["\(location)", String(reflecting: location), dumped, "\([location])"] {
            #expect(!text.contains("hush"))
        }
        #expect("\(location)" == "postgres://u@db.example:7/d")
        #expect(location.hosts[0].contains { $0.key == "password" && $0.value == "hush" })
    }

    @Test func refusesWhatIsNoURLWithoutQuotingIt() {
        for url in [
            "", "hush", "mysql://u:hush@h/d", "host=h password=hush", "postgres://u:hu%zzsh@h/d",
            "postgres://u:p/hush@h/d", "postgres://u:1/hush@h/d", "postgres://u:p@h/d?hush=1",
            "postgres://u:p@[::1/hush",
        ] {
            do {
                _ = try PostgreSQLLocation(url: url, environment: [:])
                Issue.record("\(url) was taken.")
            } catch .unavailable(let reason) {
                #expect(!reason.contains("hush") && reason.contains("The database's URL"))
            } catch {
                Issue.record(error)
            }
        }
    }
}
