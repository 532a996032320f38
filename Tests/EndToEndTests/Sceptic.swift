// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import TestSupport

/// The binary under test.
enum Sceptic {
    /// `SCEPTIC_BINARY`, or what was built beside this test bundle.
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["SCEPTIC_BINARY"] { return path }
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            ?? CommandLine.arguments.first
        return URL(fileURLWithPath: own ?? "").deletingLastPathComponent().appendingPathComponent("sceptic").path
    }()

    /// What a command gave.
    struct Run: Sendable {
        let status: Int32
        let output: String
        let errors: String

        var succeeded: Bool { status == 0 }
        /// The first line of its standard output.
        var firstLine: String { String(output.prefix { $0 != "\n" }) }
        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a command to its end.
    static func attempt(
        _ arguments: [String],
        input: String = "",
        environment: [String: String] = [:],
        program: String = path
    ) async throws -> Run {
        let folder = try TemporaryFolder()
        for name in ["out", "err"] { try folder.write(name, []) }
        try folder.write("in", Array(input.utf8))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = cleanEnvironment.merging(environment) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        let handles = [
            try FileHandle(forReadingFrom: URL(fileURLWithPath: folder.file("in"))),
            try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("out"))),
            try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("err"))),
        ]
        // A process that has ended keeps them open, and with some thousand of them Foundation's `run` reads past the end of its list.
        defer { for handle in handles { try? handle.close() } }
        process.standardInput = handles[0]
        process.standardOutput = handles[1]
        process.standardError = handles[2]
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { process in
                // A signal is shown as shells do.
                let isSignal = process.terminationReason == .uncaughtSignal
                continuation.resume(returning: process.terminationStatus + (isSignal ? 128 : 0))
            }
            do {
                try process.run()
            } catch {
                continuation.resume(throwing: error)
            }
        }
        func text(_ name: String) throws -> String { String(decoding: try folder.read(name), as: UTF8.self) }
        return Run(status: status, output: try text("out"), errors: try text("err"))
    }

    /// Runs a command that has to work.
    @discardableResult
    static func run(_ arguments: String..., input: String = "") async throws -> Run {
        let run = try await attempt(arguments, input: input)
        guard run.succeeded else {
            throw Failure(description: "sceptic \(arguments.joined(separator: " ")): \(run.status): \(run.errors)")
        }
        return run
    }

    /// The environment without what would change what the binary does.
    static let cleanEnvironment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("SCEPTIC_") }

    /// Makes a state folder.
    static func initialise(_ state: String, _ more: String...) async throws {
        let arguments = ["init", "--data", state, "--name", "Example", "--public-url", "http://ca.example"] + more
        let run = try await attempt(arguments)
        guard run.succeeded else { throw Failure(description: run.errors) }
    }
}
