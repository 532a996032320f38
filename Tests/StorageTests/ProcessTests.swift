// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import StorageConformance
import Testing

@testable import Storage

/// What another process does to the same database; each runs as an exit test's child.
enum OtherProcess {
    /// Writes with many tasks, and notes each serial number once it was told that it is durable.
    static func issue(_ folder: String, times: Int) async throws {
        let store = try SQLiteStore(path: folder + "/sceptic.db", mode: .existing)
        let notes = unsafe open(folder + "/notes", O_WRONLY | O_APPEND | O_CREAT, 0o600)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    for _ in 0..<times {
                        let challenge = Records.challenge()
                        var reservation = Records.reservation()
                        reservation.claims = [.oneTimeChallenge(challenge.id)]
                        try await store.add([challenge])
                        try await store.issue(reservation)
                        // One write call for each line, so that lines don't mix.
                        let line = Array(hexadecimal(reservation.order.serialNumber).utf8) + [UInt8(ascii: "\n")]
                        _ = unsafe line.withUnsafeBytes { unsafe write(notes, $0.baseAddress, $0.count) }
                    }
                }
            }
            try await group.waitForAll()
        }
        try await store.close()
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 0xF, radix: 16) }.joined()
    }

    /// What was noted.
    static func notes(_ folder: URL) throws -> Set<String> {
        let text = try String(contentsOf: folder.appending(path: "notes"), encoding: .utf8)
        return Set(text.split(separator: "\n").map(String.init))
    }
}

struct ProcessTests {
    @Test func losesNothingThatWasConfirmedWhenKilled() async throws {
        let fixture = try SQLiteFixture()
        let first = try fixture.open(.create)
        try await first.apply([.addIssuer(Records.issuer)])
        try await first.close()
        // Long enough to open the database, at least the last time.
        for delay in [0.04, 0.11, 0.23] {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [folder = fixture.folder.path as String, delay = delay as Double] in
                Thread.detachNewThread {
                    Thread.sleep(forTimeInterval: 0.2 + delay)
                    kill(getpid(), SIGKILL)
                }
                try await OtherProcess.issue(folder, times: 100_000)
            }
        }
        let again = try fixture.open(.existing)
        #expect(try again.pragma("integrity_check") == "ok")
        #expect(try again.pragma("foreign_key_check") == "")
        let confirmed = try OtherProcess.notes(fixture.folder)
        #expect(!confirmed.isEmpty)
        let certificates = try await again.certificates(after: nil, limit: 1_000_000)
        let stored = Set(certificates.map { OtherProcess.hexadecimal($0.serialNumber) })
        #expect(confirmed.isSubset(of: stored))
        #expect(try await again.certificateCount() == stored.count)
        // A challenge is used exactly if there is a certificate for it.
        let challenges = try await again.challenges(profile: nil, after: nil, limit: 1_000_000)
        #expect(challenges.count { $0.usedAt != nil } == certificates.count)
        try await again.close()
    }

    @Test func sharesTheDatabaseWithAnotherProcess() async throws {
        let fixture = try SQLiteFixture()
        let store = try fixture.open(.create)
        try await store.apply([.addIssuer(Records.issuer)])
        let mine = Task {
            var count = 0
            while !Task.isCancelled {
                try await store.issue()
                count += 1
            }
            return count
        }
        await #expect(processExitsWith: .success) {
            [folder = fixture.folder.path as String] in
            try await OtherProcess.issue(folder, times: 20)
        }
        mine.cancel()
        let count = try await mine.value
        #expect(count > 0)
        #expect(try OtherProcess.notes(fixture.folder).count == 320)
        #expect(try await store.certificateCount() == count + 320)
        try await store.close()
    }

    /// A command beside a busy server gets its turn soon: SQLite alone would let it starve.
    @Test func takesTurnsWithABusyWriter() async throws {
        let fixture = try SQLiteFixture()
        let server = try fixture.open(.create)
        try await server.apply([.addIssuer(Records.issuer)])
        let isBusy = Switch()
        isBusy.isOn = true
        let load = Task {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        while isBusy.isOn {
                            let reservation = Records.reservation()
                            _ = try? await server.reserve(reservation) {
                                usleep(1000)
                                return Records.certificate(for: reservation)
                            }
                        }
                    }
                }
            }
        }
        let command = try fixture.open(.existing)
        var longest = Duration.zero
        for _ in 0..<10 {
            let time = try await ContinuousClock().measure { try await command.add([Records.challenge()]) }
            longest = max(longest, time)
        }
        isBusy.isOn = false
        await load.value
        #expect(longest < .seconds(2))
        try await command.close()
        try await server.close()
    }

    @Test(.enabled(if: Strace.isInstalled, "strace is not installed."))
    func flushesTheDiskForEveryCommit() async throws {
        let fixture = try SQLiteFixture()
        let calls = try Strace.flushes(of: "ProcessTests/commitsForWhoeverWatches", in: fixture.folder)
        #expect(calls.count { $0.contains(fixture.path + "-wal>") } >= 20)
    }

    /// Runs under strace for the test above.
    @Test(.enabled(if: Strace.watchedFolder != nil, "Nobody watches."))
    func commitsForWhoeverWatches() async throws {
        let folder = try #require(Strace.watchedFolder)
        let store = try SQLiteStore(path: folder + "/sceptic.db", mode: .create)
        try await store.apply([.addIssuer(Records.issuer)])
        for _ in 0..<20 { try await store.issue() }
        #expect(try await store.certificateCount() == 20)
        try await store.close()
    }
}

/// Runs a test in another process and watches it flush files, by name.
enum Strace {
    private static let path = "/usr/bin/strace"
    private static let variable = "SCEPTIC_TEST_WATCHED_FOLDER"

    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// Where the watched test is to write; nil when nobody watches.
    static var watchedFolder: String? { ProcessInfo.processInfo.environment[variable] }

    /// The calls of fsync and fdatasync that a test makes.
    static func flushes(of test: String, in folder: URL) throws -> [String] {
        let output = folder.appending(path: "strace")
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-f", "-y", "-e", "trace=fsync,fdatasync", "-o", output.path, program]
        process.arguments? += ["--testing-library", "swift-testing", "--filter", test]
        process.environment = ProcessInfo.processInfo.environment.merging([variable: folder.path]) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try String(contentsOf: output, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}
