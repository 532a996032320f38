// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Dispatch
import Enrollment
import Foundation
import Synchronization

/// The connections, each with a thread of its own, and the calls that wait for one.
///
/// Threads are started when all others are busy. Each connects when there is something to do, runs one call after
/// another, and hangs up when there has been nothing to do for a while. While the server can't be reached, one thread tries again and again, with pauses that grow.
final class PostgreSQLPool: Sendable {
    /// A thread, as the others see it.
    private final class Worker: Sendable {
        let wake = DispatchSemaphore(value: 0)
    }

    private struct State {
        var waiting: [PostgreSQLJob] = []
        /// Those that sleep until they are woken; the last one is woken first.
        var idle: [Worker] = []
        /// How many threads there are.
        var workers = 0
        /// How many of them have a connection.
        var connected = 0
        var outage = PostgreSQLOutage()
        var isExpiryPlanned = false
        var isClosed = false
        var closers: [@Sendable () -> Void] = []
    }

    private enum Step {
        case run(PostgreSQLJob)
        case connect
        case pause(Duration)
        case sleep
        case end
    }

    private let location: PostgreSQLLocation
    private let options: PostgreSQLOptions
    private let ledger: AuditLedger
    private let state = Mutex(State())
    private let times = Mutex(DurationHistogram())

    init(_ location: PostgreSQLLocation, _ options: PostgreSQLOptions, _ ledger: AuditLedger) {
        self.location = location
        self.options = options
        self.ledger = ledger
    }

    /// Takes a job, or tells its caller at once that it can't be done.
    func add(_ job: PostgreSQLJob) {
        let refusal: StoreError? = state.withLock { state in
            if state.isClosed { return .unavailable("The store is closed.") }
            if job.cancellation.isCancelled { return .unavailable("The call was cancelled before it began.") }
            if state.waiting.count >= options.queueLength {
                return .unavailable("Too many calls wait for the database.")
            }
            // While it has been away for long, only those wait that have somebody try again.
            if state.connected == 0, let failure = state.outage.verdict(after: options.waitLimit) { return failure }
            state.waiting.append(job)
            wakeOne(&state)
            planExpiry(&state)
            return nil
        }
        if let refusal { job.fail(refusal) }
    }

    /// Takes the jobs that nobody waits for any more out of the queue.
    func dropCancelled() {
        drop(
            { $0.cancellation.isCancelled },
            { _ in .unavailable("The call was cancelled before it began.") }
        )
    }

    /// Takes no more jobs, and tells when those that wait are done and the connections are closed.
    func close(_ told: @escaping @Sendable () -> Void) {
        let isDone = state.withLock { state in
            state.isClosed = true
            for worker in state.idle { worker.wake.signal() }
            state.idle = []
            if state.workers == 0 { return true }
            state.closers.append(told)
            return false
        }
        if isDone { told() }
    }

    /// How many calls wait for a connection.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// How many connections there are.
    var connected: Int { state.withLock { $0.connected } }

    /// How long transactions that write took.
    var commits: DurationHistogram { times.withLock { $0 } }

    // MARK: The queue

    /// Has somebody look at the queue, if there is anybody who is not at it yet.
    private func wakeOne(_ state: inout State) {
        if let worker = state.idle.popLast() {
            worker.wake.signal()
        } else if state.workers < options.connections {
            state.workers += 1
            let thread = Thread { [self] in work(Worker()) }
            thread.name = "sceptic-postgres"
            thread.start()
        }
    }

    private func planExpiry(_ state: inout State) {
        guard !state.isExpiryPlanned, let first = state.waiting.first else { return }
        state.isExpiryPlanned = true
        let delay = max(.zero, first.deadline - .now) / .seconds(1)
        DispatchQueue.global().asyncAfter(deadline: .now() + delay) { [weak self] in self?.expire() }
    }

    /// Tells those who have waited for too long.
    private func expire() {
        let now = ContinuousClock.now
        drop(
            { $0.deadline <= now },
            { $0.outage.failure ?? .unavailable("All connections to the database are busy.") }
        )
        state.withLock { state in
            state.isExpiryPlanned = false
            planExpiry(&state)
        }
    }

    private func drop(_ isDropped: (PostgreSQLJob) -> Bool, _ reason: (borrowing State) -> StoreError) {
        let (dropped, error) = state.withLock { state in
            let dropped = state.waiting.filter(isDropped)
            if !dropped.isEmpty { state.waiting.removeAll(where: isDropped) }
            return (dropped, reason(state))
        }
        for job in dropped { job.fail(error) }
    }

    /// Has another connection run a job whose connection was dead.
    private func putBack(_ job: PostgreSQLJob) {
        var job = job
        job.losses += 1
        state.withLock { state in
            state.waiting.insert(job, at: 0)
            planExpiry(&state)
        }
    }

    // MARK: The threads

    private func work(_ worker: Worker) {
        var connection: PostgreSQLConnection?
        while true {
            if let lost = connection, !lost.isAlive() {
                lost.close()
                connection = nil
                state.withLock { $0.connected -= 1 }
            }
            switch next(worker, isConnected: connection != nil) {
            case .run(let job):
                if let connection, case .again = run(job, on: connection) { putBack(job) }
            case .connect:
                connection = connect()
            case .pause(let time):
                // Not all of it at once: the pool may be closed meanwhile.
                Thread.sleep(forTimeInterval: min(time, .milliseconds(250)) / .seconds(1))
            case .sleep:
                let isForgotten = sleep(worker)
                guard isForgotten, let idle = connection else { break }
                idle.close()
                connection = nil
                state.withLock { $0.connected -= 1 }
            case .end:
                connection?.close()
                end(wasConnected: connection != nil)
                return
            }
        }
    }

    private func run(_ job: PostgreSQLJob, on connection: PostgreSQLConnection) -> PostgreSQLConnection.Ending {
        guard job.kind == .write else { return connection.run(job, options) }
        let begin = ContinuousClock.now
        defer { times.withLock { $0.add((ContinuousClock.now - begin) / .seconds(1)) } }
        return connection.run(job, options)
    }

    /// What a thread is to do now.
    private func next(_ worker: Worker, isConnected: Bool) -> Step {
        state.withLock { state in
            if state.waiting.isEmpty {
                if state.isClosed { return .end }
                // Those with a connection are woken first.
                state.idle.insert(worker, at: isConnected ? state.idle.count : 0)
                return .sleep
            }
            if isConnected { return .run(state.waiting.removeFirst()) }
            // Who has no connection leaves the job to who may have one.
            if let other = state.idle.popLast() { other.wake.signal() }
            return state.outage.pause().map { .pause($0) } ?? .connect
        }
    }

    /// Waits to be woken.
    ///
    /// - Returns: whether nobody has had need of this thread for long: its connection is better given back.
    private func sleep(_ worker: Worker) -> Bool {
        let limit = DispatchTime.now() + options.idleConnectionLimit / .seconds(1)
        guard worker.wake.wait(timeout: limit) == .timedOut else { return false }
        let isStillIdle = state.withLock { state in
            guard let place = state.idle.firstIndex(where: { $0 === worker }) else { return false }
            state.idle.remove(at: place)
            return true
        }
        // Somebody has just taken it out of the list, and is about to signal.
        if !isStillIdle { worker.wake.wait() }
        return isStillIdle
    }

    private func connect() -> PostgreSQLConnection? {
        do throws(PostgreSQLFailure) {
            let connection = try PostgreSQLConnection(location, options)
            connection.trail = AuditTrail(ledger)
            state.withLock { state in
                state.connected += 1
                state.outage = PostgreSQLOutage()
            }
            return connection
        } catch {
            state.withLock { $0.outage.note(StoreError(postgreSQL: error), options) }
            return nil
        }
    }

    private func end(wasConnected: Bool) {
        let closers: [@Sendable () -> Void] = state.withLock { state in
            state.workers -= 1
            if wasConnected { state.connected -= 1 }
            guard state.workers == 0 else { return [] }
            defer { state.closers = [] }
            return state.closers
        }
        for told in closers { told() }
    }
}

/// What is known of a server that can't be reached.
struct PostgreSQLOutage {
    /// Why the last attempt failed.
    private(set) var failure: StoreError?
    private var failures = 0
    private var since = ContinuousClock.now
    private var retryAt = ContinuousClock.now
    private var isTrying = false

    /// How long to wait before connecting; nil when it is to be tried now, which is then expected.
    ///
    /// Where the last attempt failed, one tries for all.
    mutating func pause() -> Duration? {
        guard failure != nil else { return nil }
        let rest = retryAt - .now
        if rest > .zero { return rest }
        if isTrying { return .milliseconds(50) }
        isTrying = true
        return nil
    }

    /// Counts an attempt that failed.
    mutating func note(_ error: StoreError, _ options: PostgreSQLOptions) {
        if failure == nil { since = .now }
        failure = error
        isTrying = false
        failures += 1
        let longest = min(options.longestPause, options.firstPause * (1 << min(failures - 1, 16)))
        // Not all nodes at the same moment.
        retryAt = .now + longest * Double.random(in: 0.5...1)
    }

    /// The reason for not waiting any more; nil when it has not been away for so long, or an attempt is due.
    func verdict(after limit: Duration) -> StoreError? {
        guard let failure, ContinuousClock.now - since > limit, retryAt > .now else { return nil }
        return failure
    }
}
