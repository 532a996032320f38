// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import PKIX
import StrictJSON
import TestSupport
import Testing

@testable import Connectors

@Suite(.serialized)
struct ProgramSourceTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Writes a shell script that may be run.
    private func script(_ body: String) throws -> String {
        let name = "program-\(UUID().uuidString)"
        try folder.write(name, Array("#!/bin/sh\n\(body)\n".utf8))
        let path = folder.file(name)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        return path
    }

    private func judge(
        _ body: String,
        _ question: ChallengeQuestion? = nil,
        _ change: (inout ProgramSourceSettings) -> Void = { _ in }
    ) async throws -> ChallengeAnswer {
        var settings = ProgramSourceSettings(name: "verify", path: try script(body))
        settings.timeout = 30
        change(&settings)
        return await ProgramSource(settings).judge(try question ?? Questions.make())
    }

    private func run(
        _ path: String,
        _ arguments: [String] = [],
        input: [UInt8] = [],
        seconds: Double = 60
    ) async
        -> ProgramRun.Outcome
    {
        await ProgramRun(path: path, arguments: arguments, environment: [], input: input, time: .seconds(seconds))
            .outcome()
    }

    // MARK: - Yes and no

    @Test func saysYesByItsExitStatusAfterItReadTheRequest() async throws {
        let question = try Questions.make()
        let answer = try await judge("cat > '\(folder.file("csr"))'; exit 0", question)
        #expect(answer == .accept(claims: [], strength: .unknown))
        #expect(try folder.read("csr") == question.request.der)
    }

    @Test(arguments: [1, 2, 126, 127, 255]) func saysNoByAnyOtherStatus(_ status: Int) async throws {
        let answer = try await judge("cat > /dev/null; exit \(status)")
        #expect(answer.summary == "reject challenge.refused exit status \(status)")
    }

    @Test func tellsItsReasonInOneShownLine() async throws {
        let said = try await judge(#"printf 'device \033[31mred\nsecond line\n' >&2; exit 3"#)
        #expect(said.summary == "reject challenge.refused exit status 3: device")
        let long = try await judge(#"head -c 5000 /dev/zero | tr '\0' x >&2; exit 3"#)
        #expect(long.summary == "reject challenge.refused exit status 3: \(String(repeating: "x", count: 200))…")
        // A trace tells no challenge.
        let echo = try await judge("echo \"no entry for 'the challenge' (the challenge)\" >&2; exit 3")
        #expect(echo.summary == "reject challenge.refused exit status 3: no entry for '…' (…)")
    }

    @Test func keepsWhatItSaysOfTheDeviceIfThatIsJSON() async throws {
        let answer = try await judge(#"echo '{"data":{"serial":"C02","n":7}}'"#)
        #expect(answer.attributes == ["program.serial": ["C02"], "program.n": ["7"]])
        #expect(try await judge("echo accepted") == .accept(claims: [], strength: .unknown))
    }

    // MARK: - What it gets

    @Test func getsItsArgumentsAndAPlainEnvironmentOnly() async throws {
        let question = try Questions.make(transactionID: "TX $(id)\n;é" + String(repeating: "x", count: 1000))
        let body =
            #"printf '{"data":{"environment":"%s","arguments":"%s|%s|%s"}}' "$(tr '\0' '~' < /proc/$$/environ)" "$#" "$1" "$2""#
        let answer = try await judge(body, question) { $0.arguments = ["a b", "$(id)"] }
        #expect(answer.attributes["program.arguments"] == ["2|a b|$(id)"])
        let lines = answer.attributes["program.environment"]?.first?.split(separator: "~").map(String.init)
        #expect(
            lines == [
                "PATH=/usr/local/bin:/usr/bin:/bin", "SCEPTIC_PROFILE=phones", "SCEPTIC_RA_PROFILE=default",
                "SCEPTIC_TRANSACTION_ID=" + ProgramSource.plain(question.transactionID),
            ]
        )
        #expect(ProgramSource.plain(question.transactionID).utf8.count == 256)
        #expect(!ProgramSource.plain(question.transactionID).contains { "$() \n;".contains($0) })
    }

    @Test func inheritsNoOpenFilesAndNoWorkingFolder() async throws {
        let held = try #require(FileHandle(forReadingAtPath: "/dev/null"))
        // A copy is not closed by starting a program, unless somebody sees to it.
        let copy = dup(held.fileDescriptor)
        defer {
            close(copy)
            try? held.close()
        }
        // The fourth is the folder that ls reads.
        #expect(await run("/bin/ls", ["/proc/self/fd"]) == .exited(0, output: Array("0\n1\n2\n3\n".utf8), errors: []))
        #expect(await run("/bin/pwd") == .exited(0, output: Array("/\n".utf8), errors: []))
    }

    // MARK: - Trouble

    @Test func isNotAskedInADryRun() async throws {
        let mark = folder.file("asked")
        let answer = try await judge("touch '\(mark)'", try Questions.make(isDryRun: true))
        #expect(answer == .unavailable("not asked in a dry run"))
        #expect(!FileManager.default.fileExists(atPath: mark))
    }

    @Test func isUnavailableWhenItCanNotBeStarted() async throws {
        let question = try Questions.make()
        for (path, reason) in [
            ("/no/such/program", "no such file"), ("/etc", "permission denied"), ("/etc/passwd", "permission denied"),
        ] {
            let source = ProgramSource(ProgramSourceSettings(name: "verify", path: path))
            #expect(await source.judge(question).summary.hasPrefix("unavailable it could not be started: \(reason)"))
        }
        #expect(try await judge("kill -9 $$").summary == "unavailable it was ended by signal 9")
    }

    @Test func isNoYesWhenNobodyKnowsHowItEnded() async {
        await #expect(processExitsWith: .exitCode(7)) {
            signal(SIGCHLD, SIG_IGN)
            let run = ProgramRun(path: "/bin/true", arguments: [], environment: [], input: [], time: .seconds(30))
            exit(await run.outcome() == .lost ? 7 : 1)
        }
    }

    @Test func needsNotReadItsInputAndMayWriteMuch() async throws {
        let input = [UInt8](repeating: 7, count: 4 << 20)
        #expect(await run("/bin/true", input: input) == .exited(0, output: [], errors: []))
        let closing = try script("exec 0<&-; sleep 0.2; exit 4")
        #expect(await run(closing, input: input) == .exited(4, output: [], errors: []))
        let all = try script("cat | wc -c")
        #expect(await run(all, input: input) == .exited(0, output: Array("\(input.count)\n".utf8), errors: []))
        let flood = try script("head -c 10485760 /dev/zero; head -c 10485760 /dev/zero >&2; exit 5")
        guard case .exited(5, let output, let errors) = await run(flood, input: input) else { throw MalformedJSON() }
        #expect(output.count == ProgramRun.maximumOutputByteCount)
        #expect(errors.count == ProgramRun.maximumOutputByteCount)
    }

    @Test func isEndedWhenItsTimeIsOverFirstPolitely() async throws {
        let begin = ContinuousClock.now
        let mark = folder.file("bye")
        let polite = try script("trap 'echo bye > \(mark); exit 0' TERM; sleep 100 & wait")
        #expect(await run(polite, seconds: 0.5) == .timedOut)
        let pid = folder.file("pid")
        let deaf = try script("trap '' TERM; echo $$ > \(pid); while :; do sleep 0.1; done")
        #expect(await run(deaf, seconds: 0.5) == .timedOut)
        #expect(ContinuousClock.now - begin < .seconds(50))
        #expect(try await eventually { FileManager.default.fileExists(atPath: mark) })
        let number = String(decoding: try folder.read("pid"), as: UTF8.self).trimmingCharacters(
            in: .whitespacesAndNewlines
        )
        #expect(try await eventually { !FileManager.default.fileExists(atPath: "/proc/\(number)") })
    }

    @Test func leavesNothingOfItsGroupBehind() async throws {
        let begin = ContinuousClock.now
        // The child holds the pipes open.
        let forking = try script("sleep 100 & echo $!; exit 0")
        guard case .exited(0, let output, _) = await run(forking, seconds: 58) else { throw MalformedJSON() }
        #expect(ContinuousClock.now - begin < .seconds(50))
        let number = String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(Int(number) != nil)
        #expect(
            try await eventually {
                let status = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8)
                // Whoever adopted it may take its time to reap it.
                return status?.contains(") Z ") ?? true
            }
        )
    }

    @Test func leaksNeitherDescriptorsNorZombies() async throws {
        let before = pipes()
        var numbers: [String] = []
        for path in ["/bin/true", "/no/such/program", try script("echo $$; exit 1")] {
            for _ in 0..<40 {
                if case .exited(1, let output, _) = await run(path) {
                    numbers.append(String(decoding: output, as: UTF8.self).trimmingCharacters(in: .newlines))
                }
            }
        }
        #expect(numbers.count == 40)
        #expect(numbers.allSatisfy { !FileManager.default.fileExists(atPath: "/proc/\($0)") })
        #expect(pipes() - before < 20)
    }

    @Test func keepsNoDescriptorsWhenThereAreTooFewForItsPipes() async {
        await #expect(processExitsWith: .exitCode(7)) {
            var limit = rlimit()
            _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = 128
            _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            var held: [Int32] = []
            let fill = { while case let copy = dup(0), copy >= 0 { held.append(copy) } }
            fill()
            let run = ProgramRun(path: "/bin/true", arguments: [], environment: [], input: [], time: .seconds(30))
            for free in 0..<6 {
                for copy in held.suffix(free) { close(copy) }
                held.removeLast(free)
                guard case .notStarted = await run.outcome() else { exit(1) }
                let before = held.count
                fill()
                guard held.count - before == free else { exit(2) }
            }
            exit(7)
        }
    }

    @Test func refusesMoreThanMayRunAtOnce() async throws {
        let (go, runs) = (folder.file("go"), folder.file("runs"))
        let waiting = try script("echo x >> '\(runs)'; while [ ! -e '\(go)' ]; do sleep 0.05; done")
        var settings = ProgramSourceSettings(name: "verify", path: waiting)
        settings.parallel = 2
        settings.timeout = 30
        let (source, question) = (ProgramSource(settings), try Questions.make())
        async let first = source.judge(question).summary
        async let second = source.judge(question).summary
        while (try? folder.read("runs").count) != 4 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(await source.judge(question).summary == "unavailable 2 of it run already")
        try folder.write("go", [])
        #expect(await [first, second] == ["accept", "accept"])
        #expect(await source.judge(question).summary == "accept")
    }

    @Test func aProgramThatDoesNotEndKeepsItsPlace() async throws {
        let go = folder.file("go")
        var settings = ProgramSourceSettings(
            name: "verify",
            path: try script("trap '' TERM; while [ ! -e '\(go)' ]; do sleep 0.05; done")
        )
        settings.parallel = 1
        settings.timeout = 1
        let (source, question) = (ProgramSource(settings, grace: .seconds(120)), try Questions.make())
        #expect(await source.judge(question).summary == "unavailable it did not end in 1 s")
        let full = "unavailable 1 of it run already"
        #expect(await source.judge(question).summary == full)
        try folder.write("go", [])
        var summary = full
        for _ in 0..<100 where summary == full {
            try await Task.sleep(for: .milliseconds(50))
            summary = await source.judge(question).summary
        }
        #expect(summary != full)
        settings.path = "/no/such/program"
        let none = ProgramSource(settings)
        for _ in 0..<3 { #expect(await none.judge(question).summary.contains("could not be started")) }
    }

    @Test func leavesAGroupAloneThatMayBeAnothers() async throws {
        await #expect(processExitsWith: .exitCode(7)) {
            // The program's status is lost, and with it who has its number.
            signal(SIGCHLD, SIG_IGN)
            let folder = try TemporaryFolder()
            let run = ProgramRun(
                path: "/bin/sh",
                arguments: ["-c", "sleep 100 & echo $! > '\(folder.file("pid"))'"],
                environment: ["PATH=/usr/bin:/bin"],
                input: [],
                time: .seconds(30)
            )
            guard await run.outcome() == .lost else { exit(1) }
            try await Task.sleep(for: .milliseconds(500))
            let text = String(decoding: try folder.read("pid"), as: UTF8.self)
            guard let pid = pid_t(text.trimmingCharacters(in: .newlines)) else { exit(2) }
            let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            kill(pid, SIGKILL)
            exit(status.map { !$0.contains(") Z ") } ?? false ? 7 : 3)
        }
    }

    /// How many ends of pipes this process holds.
    private func pipes() -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.count { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)"))?.hasPrefix("pipe:")
                ?? false
        }
    }

    private func eventually(_ condition: () -> Bool) async throws -> Bool {
        for _ in 0..<100 {
            if condition() { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return condition()
    }
}
