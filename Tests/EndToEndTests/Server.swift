// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import SCEP
internal import Synchronization
internal import TestSupport
internal import Testing

#if canImport(Glibc)
internal import Glibc
#endif

/// A `sceptic serve` that runs; it is killed when nobody holds it any more.
final class Server: Sendable {
    /// The server of the running suite.
    @TaskLocal static var shared: Server?

    /// The shared server, which the trait `.serving` starts.
    static var current: Server {
        get throws { try #require(shared, "the suite lacks the trait .serving") }
    }

    let folder: TemporaryFolder
    /// The state folder.
    let state: String
    private let process: Process
    private let output: String
    private let errors: String
    private let addresses = Mutex<[String: Int]>([:])

    /// Makes a state folder and serves it.
    static func start(
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        initialising: [String] = []
    ) async throws -> Server {
        let folder = try TemporaryFolder()
        let state = folder.file("state")
        let run = try await Sceptic.attempt(
            ["init", "--data", state, "--name", "Example", "--public-url", "http://ca.example"] + initialising
        )
        guard run.succeeded else { throw Sceptic.Failure(description: run.errors) }
        return try await Server(folder: folder, state: state, arguments, environment: environment)
    }

    /// Serves a state folder that is there.
    init(
        folder: TemporaryFolder,
        state: String,
        _ arguments: [String] = [],
        configuration: String? = nil,
        environment: [String: String] = [:]
    ) async throws {
        let name = UUID().uuidString
        self.folder = folder
        self.state = state
        self.output = folder.file(name + ".out")
        self.errors = folder.file(name + ".log")
        for path in [output, errors] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        process = Process()
        process.executableURL = URL(fileURLWithPath: Sceptic.path)
        let usual = [
            "serve", "--data", state, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-level",
            "trace",
        ]
        // A file says all of it.
        process.arguments = (configuration.map { ["serve", "--config", $0] } ?? usual) + arguments
        process.environment = Sceptic.cleanEnvironment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let handles = try [output, errors].map { try FileHandle(forWritingTo: URL(fileURLWithPath: $0)) }
        // The process has its own; Foundation keeps ours, and with a thousand of them its `run` reads past the end of its list.
        defer { for handle in handles { try? handle.close() } }
        process.standardOutput = handles[0]
        process.standardError = handles[1]
        try process.run()
        try await waitUntilItListens()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// The same folder, served again.
    func restarted(_ arguments: [String] = [], environment: [String: String] = [:]) async throws -> Server {
        try await Server(folder: folder, state: state, arguments, environment: environment)
    }

    /// The port of the listener for SCEP.
    var port: Int { addresses.withLock { $0["http"] ?? 0 } }
    /// The port of the listener for metrics.
    var adminPort: Int { addresses.withLock { $0["admin"] ?? 0 } }
    /// The port of the TLS listener.
    var tlsPort: Int { addresses.withLock { $0["https"] ?? 0 } }

    /// What it has logged so far.
    var log: String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }
    var isRunning: Bool { process.isRunning }

    private func waitUntilItListens() async throws {
        for _ in 0..<1500 {
            let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("listening on ") }
            // Plain, TLS and metrics, in this order.
            let wanted = process.arguments?.contains("--tls-listen") == true ? 3 : 2
            if lines.count == wanted {
                let ports = lines.map { Int($0.split(separator: ":").last ?? "") ?? 0 }
                addresses.withLock { addresses in
                    addresses["http"] = ports.first
                    addresses["admin"] = ports.last
                    if wanted == 3 { addresses["https"] = ports.dropFirst().first }
                }
                return
            }
            guard process.isRunning else { throw Sceptic.Failure(description: "it ended: \(log)") }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Sceptic.Failure(description: "it does not listen: \(log)")
    }

    // MARK: - Its end

    func signal(_ number: Int32) {
        if process.isRunning { kill(process.processIdentifier, number) }
    }

    /// Waits until it has ended.
    ///
    /// - Returns: the exit code; 128 and the number of the signal that ended it.
    func ended(within seconds: Double = 20) async throws -> Int32 {
        for _ in 0..<Int(seconds * 100) {
            guard process.isRunning else {
                return process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Sceptic.Failure(description: "it does not end: \(log)")
    }

    @discardableResult
    func stop() async throws -> Int32 {
        signal(SIGTERM)
        return try await ended()
    }

    func kill9() async throws {
        signal(SIGKILL)
        _ = try await ended()
    }

    // MARK: - Its commands

    /// Fresh one-time codes.
    func codes(_ count: Int, profile: String = "default") async throws -> [String] {
        let run = try await Sceptic.run(
            "challenge",
            "new",
            "--data",
            state,
            "--count",
            "\(count)",
            "--profile",
            profile
        )
        return run.lines
    }

    func code(profile: String = "default") async throws -> String {
        try #require(try await codes(1, profile: profile).first)
    }

    /// The certificates that were issued.
    func certificates() async throws -> [[String: String]] {
        let run = try await Sceptic.run("certificate", "list", "--data", state, "--json", "--limit", "10000")
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: String]])
    }

    /// The states of the challenges, by how often each occurs.
    func challengeStates() async throws -> [String: Int] {
        let run = try await Sceptic.run("challenge", "list", "--data", state, "--json")
        let list = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: String]])
        return list.reduce(into: [:]) { $0[$1["state"] ?? "", default: 0] += 1 }
    }

    /// What `request explain` says, once the trace has reached the store.
    func explanation(_ transactionID: String, containing text: String = "") async throws -> String {
        var run = Sceptic.Run(status: 1, output: "", errors: "")
        for _ in 0..<50 {
            run = try await Sceptic.attempt(["request", "explain", "--data", state, "--", transactionID])
            if run.succeeded, text.isEmpty || run.output.contains(text) { return run.output }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Sceptic.Failure(description: run.errors)
    }

    /// The reason codes of the newest requests, newest first.
    func reasons(_ count: Int) async throws -> [String] {
        let run = try await Sceptic.run("request", "list", "--data", state, "--json", "--limit", "\(count)")
        let list = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
        return list.compactMap { $0["reason"] as? String }
    }

    // MARK: - Its answers

    /// The answer to GetCACert.
    func authorities(_ path: String = "/scep/default") async throws -> CACertificates {
        try CACertificates(body: try await get(path + "?operation=GetCACert").body)
    }

    func get(_ target: String) async throws -> HTTPReply {
        try await HTTPReply.exchange(port: port, "GET \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    }

    func post(
        _ body: [UInt8],
        _ target: String = "/scep/default?operation=PKIOperation",
        type: String? = "application/x-pki-message"
    ) async throws -> HTTPReply {
        try await HTTPReply.exchange(port: port, HTTPReply.post(body, target, type: type))
    }
}

/// Starts a server for a suite, and stops it afterwards.
struct ServingTrait: SuiteTrait, TestScoping {
    /// How many certificates there have to be at the end, if that is known.
    var certificateCount: Int?

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let server = try await Server.start()
        try await Server.$shared.withValue(server) { try await function() }
        #expect(server.isRunning)
        if let certificateCount { #expect(try await server.certificates().count == certificateCount) }
        #expect(try await server.stop() == 0, "the server did not stop as it should: \(server.log.suffix(1000))")
    }
}

extension Trait where Self == ServingTrait {
    /// A server for the suite.
    static var serving: Self { Self() }

    /// A server that issues so many certificates in the whole suite, and no more.
    static func serving(andIssuing count: Int) -> Self { Self(certificateCount: count) }
}

extension Server {
    /// Waits until a profile is served, which takes a second at the most.
    func servesSoon(_ profile: String, within seconds: Double = 1) async throws {
        let start = ContinuousClock.now
        while try await get("/scep/\(profile)?operation=GetCACaps").status != 200 {
            guard start.duration(to: .now) < .seconds(seconds) else {
                throw Sceptic.Failure(description: "'\(profile)' is not served after \(seconds) s")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
