// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment
internal import Foundation
internal import Logging
internal import StrictJSON
internal import Synchronization
internal import TestSupport
internal import Testing

@testable internal import ServerApp

/// An output that fails as often as a test wants, after it has taken half of what it was given.
private final class Sink: AuditSink {
    let name = "test"
    private let state: Mutex<(taken: [AuditPosition], failures: Int)>

    init(failures: Int = 0) { state = Mutex((taken: [], failures: failures)) }

    var taken: [AuditPosition] { state.withLock { $0.taken } }
    var failuresLeft: Int { state.withLock { $0.failures } }

    func fail(_ times: Int) { state.withLock { $0.failures = times } }

    func take(_ records: [AuditRecord]) async throws {
        let isFailing = state.withLock { state in
            let isFailing = state.failures > 0
            if isFailing { state.failures -= 1 }
            state.taken += records.prefix(isFailing ? (records.count + 1) / 2 : records.count).map(\.position)
            return isFailing
        }
        if isFailing { throw AppError(.failure, "Nobody is there.") }
    }
}

extension [AuditPosition] {
    /// The newest of each stream.
    fileprivate var ends: [AuditPosition] {
        Dictionary(grouping: self, by: \.stream).values.compactMap { $0.max { $0.sequence < $1.sequence } }
    }
}

@Suite struct AuditShipperTests {
    private func shipping(
        _ sink: any AuditSink,
        _ state: State,
        _ metrics: ServerMetrics = ServerMetrics(),
        while body: () async throws -> Void
    ) async throws {
        let shipper = AuditShipper(
            sink: sink,
            audit: state.opened.audit,
            owner: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)),
            metrics: metrics,
            time: SystemTimeSource(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let task = Task { try await shipper.run() }
        try await body()
        task.cancel()
        _ = await task.result
    }

    private func write(_ count: Int, _ state: State) async throws {
        for _ in 0..<count {
            _ = try await Administration(state.opened).perform(
                NewChallenges.self,
                NewChallenges.Input(profile: "default"),
                as: Principal(name: "a", origin: "-", roles: [.administrator])
            )
        }
    }

    private func positions(_ state: State) async throws -> Set<AuditPosition> {
        Set(try await state.opened.audit.auditEvents(after: nil, in: nil, limit: 1000).map(\.position))
    }

    private func wait(_ holds: () async throws -> Bool) async throws {
        for _ in 0..<600 {
            if try await holds() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("It did not happen within half a minute.")
    }

    @Test(.timeLimit(.minutes(2))) func everyEventIsHandedOverWhateverFails() async throws {
        let state = try await State()
        try await write(20, state)
        let sink = Sink(failures: 2)
        try await shipping(sink, state) {
            try await wait { Set(sink.taken).count == 21 }
            // Of this process's own streams it hears at once.
            try await write(3, state)
            try await wait { Set(sink.taken).count == 24 }
        }
        #expect(try await positions(state) == Set(sink.taken))
        #expect(sink.taken.count > 24, "what was taken before a failure comes again")
        // After a restart there is nothing to do but what is new, and what was under way when the other one ended.
        try await write(1, state)
        let next = Sink()
        try await shipping(next, state) { try await wait { Set(next.taken).subtracting(sink.taken).count == 1 } }
        #expect(next.taken.count < 5)
    }

    @Test(.timeLimit(.minutes(2))) func whatOthersWroteIsTriedAgainSoonAndIsLateUntilThen() async throws {
        let state = try await State()
        let sink = Sink()
        let metrics = ServerMetrics()
        func lag() -> Double? {
            var text = MetricsText()
            metrics.write(to: &text)
            return text.text.split(separator: "\n").first { $0.hasPrefix("sceptic_audit_output_lag_seconds{") }
                .flatMap { Double($0.split(separator: " ")[1]) }
        }
        try await shipping(sink, state, metrics) {
            try await wait { sink.taken.count == 1 }
            // Another process writes, and the output fails when it is found: at the next look at the database.
            sink.fail(2)
            let other = try await state.opened.folder.open()
            _ = try await Administration(other).perform(
                NewChallenges.self,
                NewChallenges.Input(profile: "default"),
                as: Principal(name: "a", origin: "-", roles: [.administrator])
            )
            try await wait { sink.failuresLeft < 2 }
            let begin = ContinuousClock.now
            try await wait { lag() ?? 0 > 0 }
            try await wait { sink.failuresLeft <= 0 && Set(sink.taken).count == 2 }
            // 2 s and 4 s, and not the 15 s until the next look.
            #expect(ContinuousClock.now - begin < .seconds(11))
            try await wait { lag() == 0 }
            try await other.store.close()
        }
    }

    @Test(.timeLimit(.minutes(2))) func whatAnotherNodeHandedOverIsNotBegunAnew() async throws {
        let state = try await State()
        try await write(5, state)
        // Another node had the output, and has handed over all there is.
        let lease = Lease(owner: UUID(), until: Date().addingTimeInterval(-1))
        _ = try await state.opened.audit.holdAuditOutput("test", lease, at: Date().addingTimeInterval(-60))
        try await state.opened.audit.advanceAuditOutput("test", to: Array(positions(state)).ends)
        let sink = Sink()
        try await shipping(sink, state) {
            try await Task.sleep(for: .seconds(2))
            try await write(1, state)
            try await wait { !sink.taken.isEmpty }
        }
        #expect(sink.taken.count == 1)
    }

    @Test func aFileThatIsFullKeepsNoPartOfALine() async throws {
        let state = try await State()
        try await write(3, state)
        let records = try await state.opened.audit.auditEvents(after: nil, in: nil, limit: 9)
        let path = try state.folder.get().file("audit.jsonl")
        func bytes() -> Data { FileManager.default.contents(atPath: path) ?? Data() }
        try AuditFile(path: path).take(Array(records.prefix(1)))
        let first = bytes()
        #expect(throws: AppError.self) {
            try AuditFile(path: path, maximumSize: first.count + 100).take(records)
        }
        #expect(bytes() == first)
        // A process that was killed can't tidy up.
        try (first + Data("{\"kind\":".utf8)).write(to: URL(fileURLWithPath: path))
        try AuditFile(path: path).take(records)
        let lines = bytes().split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == records.count + 2)
        for line in lines.suffix(records.count) { #expect(throws: Never.self) { try JSONValue(strictly: Array(line)) } }
        #expect(bytes().last == UInt8(ascii: "\n"))
    }

    @Test(.timeLimit(.minutes(2))) func theFileIsItsOwnersAndIsMadeAnewWhenItIsMovedAway() async throws {
        let state = try await State()
        let folder = try TemporaryFolder()
        let path = folder.file("audit.jsonl")
        func lines(_ path: String) -> [String] {
            let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
            return text.split(separator: "\n").map(String.init)
        }
        try await shipping(AuditFile(path: path), state) {
            try await wait { lines(path).count == 1 }
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
            try await write(2, state)
            try await wait { lines(path).count == 2 }
        }
        for line in lines(path + ".1") + lines(path) {
            let value = try JSONValue(strictly: Array(line.utf8))
            #expect(value["kind"]?.text == "event" && value["sequence"]?.number != nil)
        }
    }

    @Test func settingsThatCanNotBeAreNamed() {
        #expect(AuditOutputs(syslog: ["udp://a:514", "x"]).problems.count == 1)
        #expect(AuditOutputs(file: "").problems.count == 1)
        #expect(AuditOutputs(file: "/a", syslog: ["udp://a:514"]).problems.isEmpty)
    }
}
