// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import Testing

/// The `sceptic` executable, run as a person would run it.
enum Command {
    struct Outcome: Sendable {
        var code: Int32
        var output: String
        var errors: String

        /// The object that `--json` printed.
        func json() throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] ?? [:]
        }
    }

    /// The executable that was built beside the tests.
    static var executable: URL? {
        var folder = URL(fileURLWithPath: CommandLine.arguments.first ?? "").deletingLastPathComponent()
        for _ in 0..<6 {
            let candidate = folder.appendingPathComponent("sceptic")
            var isFolder: ObjCBool = false
            if unsafe FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder),
                !isFolder.boolValue
            {
                return candidate
            }
            folder.deleteLastPathComponent()
        }
        return nil
    }

    static func run(
        _ arguments: [String],
        input: String = "",
        environment: [String: String] = [:],
        in folder: URL
    ) async throws -> Outcome {
        let process = Process()
        let found: URL = try #require(executable)
        process.executableURL = found
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = environment.merging(["PATH": "/usr/bin:/bin"]) { mine, _ in mine }
        let pipes = [Pipe(), Pipe(), Pipe()]
        process.standardInput = pipes[0]
        process.standardOutput = pipes[1]
        process.standardError = pipes[2]
        let ended = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in ended.continuation.finish() }
        try process.run()
        try pipes[0].fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try pipes[0].fileHandleForWriting.close()
        for await _ in ended.stream {}
        #expect(process.terminationReason == .exit)
        // All that the commands write fits into the pipes' buffers.
        let output = try pipes[1].fileHandleForReading.readToEnd() ?? Data()
        let errors = try pipes[2].fileHandleForReading.readToEnd() ?? Data()
        return Outcome(
            code: process.terminationStatus,
            output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: errors, as: UTF8.self)
        )
    }

    /// Runs something in a folder that is removed afterwards.
    static func inFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sceptic-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder)
    }
}
