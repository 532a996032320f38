// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CSpawn
internal import Foundation
internal import Glibc

/// One run of a program without a shell, in a process group of its own, with bounded time, input and output.
///
/// Foundation's Process is not used: under load it crashes, and it waits for children on threads that others need.
struct ProgramRun: Sendable {
    /// The longest output that is kept, in bytes; what comes beyond it is read and dropped.
    static let maximumOutputByteCount = 65_536
    enum Outcome: Sendable, Equatable {
        case exited(Int32, output: [UInt8], errors: [UInt8])
        case killed(signal: Int32)
        case timedOut
        /// It ended, and somebody else took its status, as with an ignored SIGCHLD.
        case lost
        case notStarted(String)
    }

    var path: String
    var arguments: [String]
    /// All of the environment, as `NAME=value`.
    var environment: [String]
    var input: [UInt8]
    var time: Duration
    /// How long a program whose time is over may take to heed SIGTERM.
    var grace: Duration = .milliseconds(500)

    /// Runs the program on a thread of its own, since waiting for it blocks.
    ///
    /// - Parameter whenGone: is done when there is no process any more, which may be long after the outcome is known.
    /// - Returns: what it came to.
    func outcome(whenGone: @escaping @Sendable () -> Void = {}) async -> Outcome {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                // The thread ends before the signal that waits for it could be taken.
                var pipe = sigset_t()
                unsafe sigemptyset(&pipe)
                unsafe sigaddset(&pipe, SIGPIPE)
                unsafe pthread_sigmask(SIG_BLOCK, &pipe, nil)
                let end = ContinuousClock.now + time
                do throws(SpawnFailure) {
                    var child = try SpawnedProcess(path: path, arguments: arguments, environment: environment)
                    let isOver = child.converse(input, until: end, limit: Self.maximumOutputByteCount)
                    if isOver {
                        // Whoever waits needs not wait for the end of what does not want to end.
                        continuation.resume(returning: .timedOut)
                        child.end(grace: grace)
                        child.close()
                        whenGone()
                    } else {
                        let status = child.reap()
                        child.close()
                        whenGone()
                        continuation.resume(returning: child.outcome(status))
                    }
                } catch {
                    whenGone()
                    continuation.resume(returning: .notStarted(error.reason))
                }
            }
        }
    }
}

/// Why there is no process.
struct SpawnFailure: Error, Hashable {
    var reason: String

    init(errno code: Int32) {
        self.reason = unsafe String(cString: strerror(code)).lowercased()
    }
}

/// A child process with pipes to its standard streams.
struct SpawnedProcess {
    private let pid: pid_t
    private var input: Int32
    private var output: Int32
    private var errors: Int32
    private var outputBytes: [UInt8] = []
    private var errorBytes: [UInt8] = []

    init(path: String, arguments: [String], environment: [String]) throws(SpawnFailure) {
        let (input, output, errors) = try Self.pipes()
        let result = Self.spawn(path, arguments, environment, input, output, errors)
        for end in [input.reading, output.writing, errors.writing] { Glibc.close(end) }
        guard case .success(let pid) = result else {
            for end in [input.writing, output.reading, errors.reading] { Glibc.close(end) }
            throw SpawnFailure(errno: result.failureCode)
        }
        self.pid = pid
        (self.input, self.output, self.errors) = (input.writing, output.reading, errors.reading)
        // The other ends are the child's own business.
        for end in [self.input, self.output, self.errors] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }

    private enum Spawned {
        case success(pid_t)
        case failure(Int32)

        var failureCode: Int32 { if case .failure(let code) = self { code } else { 0 } }
    }

    /// A pipe that other children don't inherit.
    private struct Pipe {
        var reading: Int32
        var writing: Int32

        init() throws(SpawnFailure) {
            var ends: [Int32] = [-1, -1]
            guard unsafe pipe2(&ends, O_CLOEXEC) == 0, let reading = ends.first, let writing = ends.last else {
                throw SpawnFailure(errno: errno)
            }
            (self.reading, self.writing) = (reading, writing)
        }

        func close() {
            Glibc.close(reading)
            Glibc.close(writing)
        }
    }

    /// All three pipes or none: a server that is short of descriptors must not lose more of them by each try.
    private static func pipes() throws(SpawnFailure) -> (Pipe, Pipe, Pipe) {
        let input = try Pipe()
        do throws(SpawnFailure) {
            let output = try Pipe()
            do throws(SpawnFailure) {
                return (input, output, try Pipe())
            } catch {
                output.close()
                throw error
            }
        } catch {
            input.close()
            throw error
        }
    }

    private static func spawn(
        _ path: String,
        _ arguments: [String],
        _ environment: [String],
        _ input: Pipe,
        _ output: Pipe,
        _ errors: Pipe
    ) -> Spawned {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        guard unsafe posix_spawn_file_actions_init(&actions) == 0 else { return .failure(ENOMEM) }
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        guard unsafe posix_spawnattr_init(&attributes) == 0 else { return .failure(ENOMEM) }
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input.reading, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, errors.writing, 2)
        // Databases, connections and keys are open in this process.
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        unsafe posix_spawn_file_actions_addchdir_np(&actions, "/")
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        unsafe posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))
        var pid: pid_t = 0
        let code = unsafe withCStrings([path] + arguments) { argv in
            unsafe withCStrings(environment) { envp in
                unsafe posix_spawn(&pid, path, &actions, &attributes, argv, envp)
            }
        }
        return code == 0 ? .success(pid) : .failure(code)
    }

    // MARK: - While it runs

    /// Writes the input and reads what the program says, until it has ended or its time is over.
    ///
    /// - Returns: whether the time is over.
    mutating func converse(_ bytes: [UInt8], until end: ContinuousClock.Instant, limit: Int) -> Bool {
        var rest = bytes[...]
        var pause: Int32 = 1
        while !hasEnded {
            guard ContinuousClock.now < end else { return true }
            if rest.isEmpty { closeInput() }
            var watched = [
                pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
            ]
            // A process that ends wakes nobody who polls: a look every 10 ms is enough, and the first ones come sooner.
            unsafe poll(&watched, 3, pause)
            pause = min(pause * 2, 10)
            if !rest.isEmpty { write(&rest) }
            read(limit)
        }
        read(limit)
        return false
    }

    /// What it came to, once it is reaped.
    func outcome(_ status: Int32?) -> ProgramRun.Outcome {
        guard let status else { return .lost }
        // The macros of sys/wait.h: the low seven bits are the signal, the next byte the exit status.
        let signal = status & 0x7F
        return signal == 0
            ? .exited((status >> 8) & 0xFF, output: outputBytes, errors: errorBytes) : .killed(signal: signal)
    }

    private mutating func closeInput() {
        guard input >= 0 else { return }
        Glibc.close(input)
        input = -1
    }

    private mutating func write(_ rest: inout ArraySlice<UInt8>) {
        let count = unsafe rest.withUnsafeBytes { bytes in
            // A program that does not read must not end the server: SIGPIPE is blocked on this thread.
            unsafe Glibc.write(input, bytes.baseAddress, min(bytes.count, 4096))
        }
        if count > 0 {
            rest = rest.dropFirst(count)
        } else if errno != EAGAIN, errno != EINTR {
            // It does not want to read all of it, which is its right.
            rest = []
        }
    }

    private mutating func read(_ limit: Int) {
        read(&output, &outputBytes, limit)
        read(&errors, &errorBytes, limit)
    }

    /// Reads what is there; at most a few blocks at once, so that a flood does not keep the clock from being looked at.
    private func read(_ descriptor: inout Int32, _ kept: inout [UInt8], _ limit: Int) {
        var block = [UInt8](repeating: 0, count: 65_536)
        for _ in 0..<16 {
            guard descriptor >= 0 else { return }
            let count = unsafe Glibc.read(descriptor, &block, block.count)
            if count > 0 {
                kept += block.prefix(min(count, max(0, limit - kept.count)))
                continue
            }
            if count == 0 || (errno != EAGAIN && errno != EINTR) {
                Glibc.close(descriptor)
                descriptor = -1
            }
            return
        }
    }

    // MARK: - Its end

    /// Whether the process has ended; it stays a zombie until it is reaped, so that its number is nobody else's.
    private var hasEnded: Bool {
        var info = unsafe siginfo_t()
        guard unsafe waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { return errno == ECHILD }
        return unsafe info._sifields._sigchld.si_pid == pid
    }

    /// Whether nobody has reaped the process: as long as it is there, even as a zombie, no other group has its number.
    private var isOurs: Bool {
        var info = unsafe siginfo_t()
        return unsafe waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD
    }

    /// Sends a signal to its group, unless that may be another's by now.
    private func signal(_ number: Int32) {
        if isOurs { kill(-pid, number) }
    }

    /// Ends what is left of its group, and takes its status.
    ///
    /// - Returns: nil when there is none to be had.
    func reap() -> Int32? {
        // Before the process is reaped: afterwards the group's number may be another's.
        signal(SIGKILL)
        var status: Int32 = 0
        while true {
            let reaped = unsafe waitpid(pid, &status, 0)
            if reaped == pid { return status }
            guard reaped == -1, errno == EINTR else { return nil }
        }
    }

    /// Ends a process whose time is over: first politely.
    func end(grace: Duration) {
        signal(SIGTERM)
        let end = ContinuousClock.now + grace
        while !hasEnded, ContinuousClock.now < end { usleep(10_000) }
        _ = reap()
    }

    /// Closes the pipes.
    mutating func close() {
        closeInput()
        for end in [output, errors] where end >= 0 { Glibc.close(end) }
        (output, errors) = (-1, -1)
    }
}

/// Calls something with a list of C strings that ends in NULL, as argv and envp do.
private func withCStrings<Result>(
    _ texts: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    let copies = unsafe texts.map { unsafe strdup($0) }
    defer { unsafe _ = copies.map { unsafe free($0) } }
    return unsafe (copies + [nil]).withUnsafeBufferPointer { list in
        // The list has one element at least.
        guard let base = list.baseAddress else { return unsafe body([nil]) }
        return unsafe body(base)
    }
}
