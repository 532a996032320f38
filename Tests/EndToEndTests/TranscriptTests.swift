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
        let transcript = try Self.transcript(name)
        let folder = try TemporaryFolder()
        try await Self.play(transcript.steps, in: folder)
    }

    /// What can be done at a server as well.
    private static let remoteNouns: Set = [
        "audit", "ca", "certificate", "challenge", "operator", "profile", "ra-profile", "registration", "request",
        "token", "whoami",
    ]

    private static func transcript(_ name: String) throws -> Transcript {
        Transcript(try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8))
    }

    /// Runs commands, and compares what they say.
    private static func play(_ steps: [Transcript.Step], in folder: TemporaryFolder) async throws {
        let state = folder.file("state")
        var known = ["STATE": state]
        var server: Server?
        for step in steps {
            if server == nil, step.command.contains("$SERVER") || step.command.contains("$SCEP") {
                let started = try await Server(folder: folder, state: state)
                known["SERVER"] = "http://127.0.0.1:\(started.adminPort)"
                known["SCEP"] = "http://127.0.0.1:\(started.port)"
                server = started
            }
            var words = Transcript.words(step.command).map { Transcript.filled($0, known) }
            let isKept = words.count > 2 && words[words.count - 2] == ">"
            let file = isKept ? words.last : nil
            if isKept { words.removeLast(2) }
            let run = try await Sceptic.attempt(Array(words.dropFirst()), input: step.input)
            #expect(words.first == "sceptic")
            #expect(run.status == step.status, "$ \(step.command)\n\(run.errors)")
            let errors = Transcript.match(run.errors, step.errors, known)
            #expect(errors != nil, "$ \(step.command)\n\(run.errors)")
            if let file {
                try Data(run.output.utf8).write(to: URL(fileURLWithPath: file))
            } else {
                let output = Transcript.match(run.output, step.output, known)
                #expect(output != nil, "$ \(step.command)\n\(run.output)")
                known.merge(output ?? [:]) { $1 }
            }
        }
    }

    @Test(arguments: names.filter { (try? transcript($0).isAlsoRemote) ?? false })
    func serverSaysTheSame(name: String) async throws {
        var steps = try Self.transcript(name).steps
        var token = Transcript.Step(
            command: "sceptic token new remote --role administrator --data $STATE > $STATE-token"
        )
        token.errors = ["{*}"]
        let remote = "--server $SERVER --token-file $STATE-token"
        for index in steps.indices.dropFirst() {
            let words = steps[index].command.split(separator: " ", omittingEmptySubsequences: false)
            guard !steps[index].isLocal, !words.contains("--server"), words.count > 1,
                Self.remoteNouns.contains(String(words[1]))
            else { continue }
            // Another folder stays one: `$STATE-2`.
            steps[index].command = words.joined(separator: " ").replacing(/--data \$STATE(?= |$)/, with: remote)
                .replacing(#/ --by [a-z]+/#, with: "")
        }
        let folder = try TemporaryFolder()
        try await Self.play(Array(steps.prefix(1)) + [token] + steps.dropFirst(), in: folder)
    }

    @Test func transcriptsAreThere() {
        #expect(Self.names.count >= 6)
    }

    @Test(arguments: [
        [], ["init"], ["serve"], ["challenge"], ["profile"], ["ra-profile"], ["profile", "apply"], ["check-config"],
        ["doctor"], ["request"], ["operator"], ["token"], ["whoami"], ["audit"],
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
