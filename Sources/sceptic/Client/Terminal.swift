// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Foundation
internal import SCEPClient

/// Where commands write: results to standard output, everything else to standard error.
enum Terminal {
    /// Writes a line to standard error.
    static func note(_ line: String) {
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }

    /// Writes a question to standard error, without ending the line.
    static func prompt(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// Writes an error as one sentence and a hint.
    static func report(_ failure: ClientFailure) {
        note("error: \(failure.sentence)")
        if let hint = failure.hint { note("hint: \(hint)") }
    }

    /// Writes an object as JSON to standard output.
    static func print(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        Swift.print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Runs a command's body; what it throws is reported and becomes the exit code.
    static func run(
        reporting: (ClientFailure) throws -> Void = { _ in },
        _ body: () async throws -> Void
    ) async throws {
        let failure: ClientFailure
        do {
            return try await body()
        } catch let error as ClientFailure {
            failure = error
        } catch let error as SCEPClientError {
            failure = ClientFailure(error)
        }
        report(failure)
        try reporting(failure)
        throw ExitCode(failure.exit.rawValue)
    }
}

extension Date {
    /// The moment in UTC, as `2026-01-31T12:00:00Z`.
    var text: String { formatted(.iso8601) }
}

/// Bytes as upper-case hexadecimal digits.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
}
