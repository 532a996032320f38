// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import Logging
internal import SCEPEndpoint
internal import StrictJSON
internal import TestSupport
internal import Testing

@testable internal import AdminAPI
@testable internal import ServerApp

/// The configuration file of a server.
@Suite struct ServerConfigurationTests {
    private static let whole = """
        state: /var/lib/sceptic
        database: {file: /etc/url}
        masterKey: {file: /etc/key}
        log: {level: debug, format: json}
        listeners:
          - address: 127.0.0.1:8080
            roles: [scep, admin]
            limits: {connections: 5, bodyBytes: 5000, requestLineBytes: 5000, headerBytes: 5000, idleSeconds: 1,
              headSeconds: 2, bodySeconds: 3, sendSeconds: 4, stopSeconds: 0}
          - address: "[::1]:8443"
            tls: {certificate: a.pem, key: a.key}
        """

    @Test func everyKeyIsRead() throws {
        let configuration = try ServerConfiguration(yaml: Self.whole, file: "a")
        #expect(configuration.state == "/var/lib/sceptic")
        #expect(configuration.databaseFile == "/etc/url")
        #expect(configuration.masterKeyFile == "/etc/key")
        #expect(configuration.logLevel == .debug)
        #expect(configuration.logFormat == .json)
        let first = try #require(configuration.listeners.first)
        #expect(first.host == "127.0.0.1" && first.port == 8080)
        #expect(first.roles == [.scep, .admin])
        #expect(first.limits.connections == 5)
        #expect(first.limits.idleTimeout == .seconds(1))
        #expect(first.limits.stopTimeout == .zero)
        let second = try #require(configuration.listeners.last)
        #expect(second.host == "::1")
        #expect(second.roles == [.scep, .publication])
        #expect(second.tls == .init(certificateChainFile: "a.pem", privateKeyFile: "a.key"))
        #expect(try ServerConfiguration(yaml: "", file: "a").listeners.isEmpty)
    }

    @Test(arguments: [
        ("state: a\nlisteners:\n  - adress: x", "Line 3, listeners[0]: there is no setting 'adress' here."),
        ("lissteners: []", "Line 1: there is no setting 'lissteners' here."),
        (
            "log: {level: inf}",
            "Line 1, log.level: 'inf' is none of trace, debug, info, notice, warning, error, critical; did you mean info?"
        ),
        ("listeners:\n  - address: nonsense", "Line 2, listeners[0].address: 'nonsense' is not of the form HOST:PORT."),
        (
            "listeners:\n  - address: 0.0.0.0:9090\n    roles: [admin]",
            "Line 3, listeners[0].roles: administration needs tls, or listens on loopback only."
        ),
        (
            "listeners:\n  - address: a:1\n    limits:\n      bodyBytes: 1",
            "Line 4, listeners[0].limits.bodyBytes: this has to be 4096 to 67108864."
        ),
        ("listeners:\n  - address: a:1\n    tls: {certificate: a}", "Line 3, listeners[0].tls: 'key' is missing."),
        (
            "listeners:\n  - address: a:1\n  - address: a:1",
            "Line 3, listeners[1].address: another listener has this address."
        ),
        ("masterKey: secret", "Line 1, masterKey: this has to be names with values, such as 'name: value'."),
    ])
    func wrongFilesAreRefusedWithTheirLine(_ text: String, _ sentence: String) {
        let error = #expect(throws: AppError.self) { try ServerConfiguration(yaml: text, file: "a") }
        #expect(error?.sentence == sentence)
        #expect(error?.kind == .usage)
    }

    @Test func schemaIsTheOneThatIsPrinted() throws {
        let file = PublishedSchemaTests.docs.appendingPathComponent("server.schema.json")
        #expect(
            try String(contentsOf: file, encoding: .utf8) == ServerConfiguration.schema.laidOut + "\n",
            "write it anew: sceptic check-config --schema > docs/server.schema.json"
        )
    }

    @Test func schemaKnowsTheKeysThatAreRead() throws {
        let asked = AskedKeys()
        let root = try SettingsNode(yaml: Self.whole)
        _ = try ServerSettings(from: SettingsDecoder(node: root, codingPath: [], asked: asked))
        let described: [String: ObjectSchema] = [
            "": ServerConfiguration.description, "database": ServerConfiguration.file,
            "masterKey": ServerConfiguration.file, "log": ServerConfiguration.log,
            "listeners[0]": ServerConfiguration.listener, "listeners[0].limits": ServerConfiguration.limits,
            "listeners[1].tls": ServerConfiguration.tls,
        ]
        for (path, schema) in described {
            #expect(asked.asked[path] == Set(schema.properties.map(\.name)), "\(path)")
        }
        #expect(ServerConfiguration.description.violations(in: root.json).isEmpty)
        for property in ServerConfiguration.limits.properties {
            guard case .integer(let range) = property.schema else { continue }
            for (number, isRight) in [
                (range.lowerBound, true), (range.upperBound, true), (range.lowerBound - 1, false),
                (range.upperBound + 1, false),
            ] {
                let text = "listeners: [{address: 'a:1', limits: {\(property.name): \(number)}}]"
                #expect(((try? ServerConfiguration(yaml: text, file: "a")) != nil) == isRight, "\(text)")
            }
        }
        // What a listener does if nothing is said is what the schema says.
        let usual = ListenerLimits()
        #expect(ServerConfiguration.limits.property("bodyBytes")?.defaultValue == .integer(usual.bodyBytes))
        #expect(ServerConfiguration.limits.property("connections")?.defaultValue == .integer(usual.connections))
        #expect(
            ServerConfiguration.limits.property("requestLineBytes")?.defaultValue == .integer(usual.requestLineBytes)
        )
        #expect(ServerConfiguration.limits.property("headerBytes")?.defaultValue == .integer(usual.headerFieldBytes))
    }

    @Test func examplesOfTheGuideAreRead() throws {
        let blocks = try PublishedSchemaTests.blocks("configuration.md")
        #expect(!blocks.isEmpty)
        for block in blocks {
            _ = try ServerConfiguration(yaml: block, file: "a")
            let violations = ServerConfiguration.description.violations(in: try SettingsNode(yaml: block).json)
            #expect(violations.isEmpty, "\(violations)")
        }
    }

    @Test func namedFilesAreLookedAt() async throws {
        let openssl = try OpenSSL()
        for name in ["a", "b"] {
            try await openssl.run([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(name).key", "-subj", "/CN=\(name)",
                "-days",
                "5", "-out", "\(name).pem",
            ])
        }
        func findings(_ certificate: String, _ key: String, in days: Double = 0) throws -> [String] {
            let folder = openssl.folder
            let text = """
                state: \(folder.path)
                listeners:
                  - address: a:1
                    tls: {certificate: \(folder.file(certificate)), key: \(folder.file(key))}
                """
            let now = Date().addingTimeInterval(days * 86_400)
            return try ServerConfiguration(yaml: text, file: "a").findings(at: now)
                .map { "\($0.isError ? "error" : "warning"): \($0.sentence)" }
        }
        #expect(
            try findings("a.pem", "a.key").map { $0.hasPrefix("warning: Line 4, listeners[0].tls.certificate") } == [
                true
            ]
        )
        #expect(try findings("a.pem", "a.key", in: 6).first?.hasSuffix("has expired.") == true)
        #expect(try findings("a.pem", "b.key").first?.contains("do not make a TLS credential") == true)
        #expect(try findings("c.pem", "a.key").first?.contains("no readable PEM certificate chain") == true)
        #expect(try findings("a.pem", "c.key").first?.contains("private key") == true)
        let other = try ServerConfiguration(
            yaml: "state: /absent\nmasterKey: {file: /absent}\ndatabase: {file: /absent}",
            file: "a"
        )
        #expect(
            other.findings(at: Date()).map(\.sentence) == [
                "Line 1, state: there is no folder /absent.",
                "Line 3, database.file: the file /absent, which names the database, can't be read.",
                "Line 2, masterKey.file: the master key /absent can't be read.",
            ]
        )
    }

    @Test func whatNeedsARestartIsNamed() throws {
        let old = try ServerConfiguration(yaml: Self.whole, file: "a")
        func changed(_ text: String, _ other: String) throws -> [String] {
            try ServerConfiguration(yaml: Self.whole.replacing(text, with: other), file: "a").restartNeeded(after: old)
        }
        #expect(try changed("level: debug", "level: info").isEmpty)
        #expect(try changed("/var/lib/sceptic", "/b") == ["state"])
        #expect(try changed("/etc/url", "/b") == ["database"])
        #expect(try changed("/etc/key", "/b") == ["masterKey"])
        #expect(try changed("format: json", "format: text") == ["log.format"])
        #expect(try changed("127.0.0.1:8080", "127.0.0.1:8081") == ["listeners"])
        #expect(try changed("connections: 5", "connections: 6") == ["listeners"])
    }

    @Test func levelsOfAllCopiesOfALoggerChangeTogether() {
        let threshold = LogThreshold(.warning)
        let logger = Logger(label: "a") { _ in LineLogHandler(format: .text, threshold: threshold) }
        var copy = logger
        copy[metadataKey: "a"] = "b"
        #expect(copy.logLevel == .warning)
        for level in Logger.Level.allCases {
            threshold.level = level
            #expect(logger.logLevel == level && copy.logLevel == level)
        }
    }
}
