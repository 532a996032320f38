// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import TestSupport
internal import Testing

#if canImport(Glibc)
internal import Glibc
#endif

/// What a server takes up on SIGHUP while it serves.
@Suite struct ReloadTests {
    private static func certificate(_ name: String, _ openssl: OpenSSL) async throws {
        try await openssl.run([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(name).key", "-subj", "/CN=\(name)", "-days",
            "2",
            "-out", "\(name).pem",
        ])
    }

    /// Puts a certificate where the server looks for it.
    private static func use(_ name: String, _ openssl: OpenSSL) throws {
        for kind in ["pem", "key"] { try openssl.write("tls.\(kind)", try openssl.folder.read("\(name).\(kind)")) }
    }

    /// The subject of the certificate that the server shows.
    private static func shown(_ server: Server, _ openssl: OpenSSL) async throws -> String {
        let run = try await openssl.attempt(["s_client", "-connect", "127.0.0.1:\(server.tlsPort)", "-servername", "a"])
        let line = run.text.split(separator: "\n").first { $0.hasPrefix("subject=") }
        return line.map(String.init) ?? run.errors
    }

    private static func waits(_ server: Server, for text: String, count: Int = 1) async throws {
        for _ in 0..<500 {
            if server.log.components(separatedBy: text).count > count { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Sceptic.Failure(description: "'\(text)' is not logged: \(server.log.suffix(2000))")
    }

    @Test func certificatesAreTakenUpAndConnectionsGoOn() async throws {
        let openssl = try OpenSSL()
        for name in ["first", "second"] { try await Self.certificate(name, openssl) }
        try Self.use("first", openssl)
        let server = try await Server.start([
            "--tls-listen", "127.0.0.1:0", "--tls-certificate", openssl.folder.file("tls.pem"), "--tls-key",
            openssl.folder.file("tls.key"),
        ])
        #expect(try await Self.shown(server, openssl).contains("first"))
        let connection = try HeldConnection(port: server.tlsPort)
        #expect(try await connection.answers() == 1)

        // Devices enrol all the time.
        let enrolling = Task {
            var count = 0
            while !Task.isCancelled {
                let device = try await Device("device-\(count)", key: try TestKeys.client, of: server)
                let reply = try await server.post(try device.message(try await server.code(), "t-\(count)"))
                #expect(reply.isSuccess)
                count += 1
            }
            return count
        }
        try Self.use("second", openssl)
        server.signal(SIGHUP)
        try await Self.waits(server, for: "reloaded")
        #expect(try await Self.shown(server, openssl).contains("second"))
        #expect(try await connection.answers() == 2)

        // A pair that does not fit changes nothing.
        try openssl.write("tls.key", try openssl.folder.read("first.key"))
        server.signal(SIGHUP)
        try await Self.waits(server, for: "a TLS credential can't be used")
        #expect(try await Self.shown(server, openssl).contains("second"))
        try await Task.sleep(for: .milliseconds(500))
        enrolling.cancel()
        let result = await enrolling.result
        if case .success(let count) = result { #expect(count > 0) }
        #expect(try await connection.answers() == 3)
        connection.close()
        #expect(try await server.stop() == 0)
    }

    @Test func fileIsTakenUpAsFarAsThatGoes() async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("sceptic.yaml")
        func write(_ text: String) throws { try folder.write("sceptic.yaml", Array(text.utf8)) }
        let state = folder.file("state")
        try await Sceptic.initialise(state)
        let listeners = "listeners:\n  - address: 127.0.0.1:0\n  - {address: '127.0.0.1:0', roles: [admin]}\n"
        try write("state: \(state)\nlog: {level: info}\n" + listeners)
        let server = try await Server(folder: folder, state: state, configuration: file)
        #expect(try await server.get("/scep/default?operation=GetCACaps").status == 200)
        #expect(!server.log.contains(" debug "))

        try write("state: \(state)\nlog: {level: trace}\n" + listeners.replacing("[admin]", with: "[admin, scep]"))
        server.signal(SIGHUP)
        try await Self.waits(server, for: "some settings are taken up by a restart only settings=listeners")
        try await Self.waits(server, for: "reloaded")
        #expect(server.log.contains("level=trace"))

        try write("state: \(state)\nlog: {levl: info}\n" + listeners)
        server.signal(SIGHUP)
        try await Self.waits(server, for: "the configuration file can't be used; everything stays as it is")
        #expect(server.log.contains("there is no setting 'levl' here"))
        #expect(server.log.components(separatedBy: "reloaded").count == 2)
        #expect(try await server.get("/scep/default?operation=GetCACaps").status == 200)
        #expect(try await server.stop() == 0)
    }
}

/// A TLS connection that stays open, over which requests are sent one after the other.
private final class HeldConnection: Sendable {
    private let process: Process
    private let input: FileHandle
    private let output: String
    private let folder: TemporaryFolder

    init(port: Int) throws {
        folder = try TemporaryFolder()
        output = folder.file("out")
        try folder.write("out", [])
        let pipe = Pipe()
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl", "s_client", "-quiet", "-connect", "127.0.0.1:\(port)"]
        process.standardInput = pipe
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        process.standardError = FileHandle.nullDevice
        try process.run()
        input = pipe.fileHandleForWriting
    }

    /// Sends one more request, and tells how many answers there are in all.
    func answers() async throws -> Int {
        func count() -> Int {
            let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            return text.components(separatedBy: "HTTP/1.1 200 OK").count - 1
        }
        let before = count()
        try input.write(contentsOf: Data("GET /scep/default?operation=GetCACaps HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        for _ in 0..<500 where count() == before { try await Task.sleep(for: .milliseconds(10)) }
        return count()
    }

    func close() { process.terminate() }
}
