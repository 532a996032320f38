// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Dispatch
internal import Enrollment
internal import Foundation
internal import Synchronization

/// One question, until it is answered: by a thread, or by its time limit.
final class DirectoryJob: Sendable {
    /// What a thread does for it, with the session that it may have kept.
    typealias Work = @Sendable (inout DirectorySession?, DirectoryJob) -> ChallengeAnswer

    private struct State {
        var continuation: CheckedContinuation<ChallengeAnswer, Never>?
        var work: Work?
        var lifelines: [DirectoryLifeline] = []
    }

    /// When nobody waits for it any more.
    let deadline: ContinuousClock.Instant
    private let state: Mutex<State>

    init(
        deadline: ContinuousClock.Instant,
        _ work: @escaping Work,
        _ continuation: CheckedContinuation<ChallengeAnswer, Never>
    ) {
        self.deadline = deadline
        self.state = Mutex(State(continuation: continuation, work: work))
    }

    /// Has a connection end with the job's time.
    ///
    /// - Throws: `unusable` when it is over.
    func watch(_ lifeline: DirectoryLifeline) throws(DirectoryFailure) {
        let isOpen = state.withLock { state in
            if state.continuation != nil { state.lifelines.append(lifeline) }
            return state.continuation != nil
        }
        guard isOpen else { throw .unusable("the time is over") }
    }

    /// Answers, unless that was done before; from then on the job ends nobody's connection.
    func finish(_ answer: ChallengeAnswer) {
        let continuation = state.withLock { state in
            defer { state = State() }
            return state.continuation
        }
        continuation?.resume(returning: answer)
    }

    /// Answers that the time is over, and ends what still goes on for the job.
    func expire() {
        state.withLock { state in
            for lifeline in state.lifelines { lifeline.cut() }
        }
        finish(.unavailable("the directory did not answer in time"))
    }

    /// Whether nobody waits for it.
    var isOver: Bool { state.withLock { $0.continuation == nil } }

    /// Does the work, unless nobody waits for it.
    func run(_ session: inout DirectorySession?) {
        guard let work = state.withLock({ $0.work }) else { return }
        finish(work(&session, self))
    }
}

/// A few threads of its own for a directory, since libldap's calls block.
///
/// Threads are started when all others are busy, and end, with their connections, when there has been nothing to do for a while.
final class DirectoryPool: Sendable {
    private struct State {
        var waiting: [DirectoryJob] = []
        var threads = 0
        var idle = 0
    }

    /// More would not make a directory answer faster.
    static let maximumThreads = 4
    /// What waits beyond this would not be answered in time.
    static let maximumWaiting = 64
    private let idleLimit: Double
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    init(idleSeconds: Double = 30) {
        self.idleLimit = idleSeconds
    }

    /// Has a thread do something, within a time.
    func run(within limit: Duration, _ work: @escaping DirectoryJob.Work) async -> ChallengeAnswer {
        await withCheckedContinuation { continuation in
            let job = DirectoryJob(deadline: .now + limit, work, continuation)
            guard add(job) else { return job.finish(.unavailable("too many questions wait for the directory")) }
            DispatchQueue.global().asyncAfter(deadline: .now() + limit / .seconds(1)) { [weak job] in job?.expire() }
        }
    }

    /// How many threads there are.
    var threads: Int { state.withLock { $0.threads } }

    private func add(_ job: DirectoryJob) -> Bool {
        let isTaken = state.withLock { state in
            if state.waiting.count >= Self.maximumWaiting { state.waiting.removeAll { $0.isOver } }
            guard state.waiting.count < Self.maximumWaiting else { return false }
            state.waiting.append(job)
            if state.waiting.count > state.idle, state.threads < Self.maximumThreads {
                state.threads += 1
                let thread = Thread { [self] in work() }
                thread.name = "sceptic-ldap"
                thread.start()
            }
            return true
        }
        if isTaken { wake.signal() }
        return isTaken
    }

    private func work() {
        DirectorySession.ignoreBrokenPipes()
        var session: DirectorySession?
        while let job = next() { job?.run(&session) }
        session?.close()
    }

    /// The next job; nil in nil when it was another's, nil when there is none and the thread is to end.
    private func next() -> DirectoryJob?? {
        state.withLock { $0.idle += 1 }
        let outcome = wake.wait(timeout: .now() + idleLimit)
        return state.withLock { state in
            state.idle -= 1
            if !state.waiting.isEmpty { return .some(state.waiting.removeFirst()) }
            guard outcome == .timedOut else { return .some(nil) }
            state.threads -= 1
            return nil
        }
    }
}
