// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation

/// Runs the `openssl` command, the independent opinion in these tests.
package struct OpenSSL: Sendable {
    /// What a run gave.
    package struct Outcome: Sendable {
        /// The exit status.
        package let status: Int32
        /// What it wrote to its standard output.
        package let output: [UInt8]
        /// What it wrote to its standard error.
        package let errors: String

        /// Whether it was content.
        package var succeeded: Bool { status == 0 }

        /// The output as text.
        package var text: String { String(decoding: output, as: UTF8.self) }
    }

    /// A run that should have worked and did not.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Where its files lie.
    package let folder: TemporaryFolder

    /// Makes a runner with a folder of its own.
    package init() throws {
        self.folder = try TemporaryFolder()
    }

    /// Runs the command in the folder and gives whatever comes of it.
    package func attempt(_ arguments: [String]) async throws -> Outcome {
        await Self.turnstile.enter()
        do {
            let outcome = try await run(once: arguments)
            await Self.turnstile.leave()
            return outcome
        } catch {
            await Self.turnstile.leave()
            throw error
        }
    }

    // All tests run at the same time. With hundreds of processes, each with a handful of descriptors on this side, Foundation's
    // Process.run crashes while it lists more than 1,300 of them.
    private static let turnstile = Turnstile(free: 16)

    private func run(once arguments: [String]) async throws -> Outcome {
        let run = UUID().uuidString
        let (output, errors) = (folder.file(run + ".out"), folder.file(run + ".err"))
        for path in [output, errors] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.standardInput = FileHandle.nullDevice
        let handles = try [output, errors].map { try FileHandle(forWritingTo: URL(fileURLWithPath: $0)) }
        defer { for handle in handles { try? handle.close() } }
        process.standardOutput = handles[0]
        process.standardError = handles[1]
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                continuation.resume(throwing: error)
            }
        }
        let words = String(decoding: try folder.read(run + ".err"), as: UTF8.self)
        return Outcome(status: status, output: try folder.read(run + ".out"), errors: words)
    }

    /// Runs the command and gives its output.
    ///
    /// - Throws: `Failure` when it exits with anything but 0.
    @discardableResult
    package func run(_ arguments: [String]) async throws -> Outcome {
        let outcome = try await attempt(arguments)
        guard outcome.succeeded else {
            throw Failure(
                description: "openssl \(arguments.joined(separator: " ")): \(outcome.status): \(outcome.errors)"
            )
        }
        return outcome
    }

    /// Writes a file into the folder and gives its name.
    @discardableResult
    package func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        try folder.write(name, bytes)
        return name
    }

    /// Makes a key and gives its PKCS#8 encoding; it stays in the folder as PEM under the name.
    package func makeKey(_ name: String, _ options: [String]) async throws -> [UInt8] {
        try await run(["genpkey", "-quiet", "-out", name] + options)
        return try await run(["pkcs8", "-topk8", "-nocrypt", "-in", name, "-outform", "DER"]).output
    }
}

/// Lets some pass at once and the others in their turn.
private actor Turnstile {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(free: Int) {
        self.free = free
    }

    func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
        guard !waiting.isEmpty else {
            free += 1
            return
        }
        waiting.removeFirst().resume()
    }
}
