// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import TestSupport
internal import Testing

@Suite struct TranscriptTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Transcripts"
    )

    private static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".txt") }.sorted()

    @Test(arguments: names) func commandSaysWhatItsTranscriptSays(name: String) async throws {
        let text = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
        let folder = try TemporaryFolder()
        let state = folder.file("state")
        for step in Transcript(text).steps {
            let words = Transcript.words(step.command).map { $0.replacing("$STATE", with: state) }
            let run = try await Sceptic.attempt(Array(words.dropFirst()), input: step.input)
            #expect(words.first == "sceptic")
            #expect(run.status == step.status, "$ \(step.command)\n\(run.errors)")
            #expect(Transcript.matches(run.output, step.output, state: state), "$ \(step.command)\n\(run.output)")
            #expect(Transcript.matches(run.errors, step.errors, state: state), "$ \(step.command)\n\(run.errors)")
        }
    }

    @Test func transcriptsAreThere() {
        #expect(Self.names.count >= 6)
    }

    @Test(arguments: [
        [], ["init"], ["serve"], ["challenge"], ["profile"], ["ra-profile"], ["profile", "apply"], ["request"],
        ["certificate"], ["ca"], ["enroll"],
        ["renew"], ["poll"], ["get-ca"], ["get-next-ca"], ["get-caps"], ["get-cert"], ["get-crl"],
        ["migrate-store"],
    ])
    func helpIsPrintedWithExitCode0(command: [String]) async throws {
        let run = try await Sceptic.attempt(command + ["--help"])
        #expect(run.status == 0)
        #expect(run.output.contains("OVERVIEW: "))
        #expect(run.errors.isEmpty)
    }
}
