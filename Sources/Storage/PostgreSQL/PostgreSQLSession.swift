// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CLibPQ
import Enrollment

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A connection of libpq that waits for nothing longer than it is told.
///
/// Only looking up a host's name blocks as long as the system's resolver does.
///
/// This target's calls into libpq are here, in `PostgreSQLResult` and nowhere else.
///
/// Safe, because the handle is made and freed here. To be used by one thread at a time.
@safe
final class PostgreSQLSession {
    /// Makes what is going on end early, and the connection with it; asked some times a second.
    var isInterrupted: (@Sendable () -> Bool)?
    /// Whether the server has warned since this was last made false.
    var hasWarning = false
    private var handle: OpaquePointer?

    /// Connects to one host.
    ///
    /// - Parameters:
    ///   - parameters: libpq's parameters, complete.
    ///   - deadline: when to give up.
    /// - Throws: `refused` when the server said so, `lost` when there is none, `late` at the deadline.
    init(
        _ parameters: [(key: String, value: String)],
        until deadline: ContinuousClock.Instant
    ) throws(PostgreSQLFailure) {
        unsafe handle = Self.start(parameters)
        guard let handle = unsafe handle else { throw .lost("there is no memory for a connection") }
        do throws(PostgreSQLFailure) {
            // The only way to learn the SQLSTATE of a refused connection is to read it in the message.
            unsafe PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
            // By itself libpq writes notices to the standard error.
            let context = unsafe Unmanaged.passUnretained(self).toOpaque()
            unsafe PQsetNoticeReceiver(handle, noteNotice, context)
            try connect(until: deadline)
            guard unsafe PQsetnonblocking(handle, 1) == 0 else { throw .lost("the connection can't be set up") }
        } catch {
            close()
            throw error
        }
    }

    deinit { close() }

    /// Ends the connection; what the server does for it is undone.
    func close() {
        guard let open = unsafe handle else { return }
        unsafe PQfinish(open)
        unsafe handle = nil
    }

    /// Whether there is still a connection, as far as one knows.
    var isOpen: Bool { unsafe handle != nil }

    /// Looks whether the server has ended the connection meanwhile.
    func isAlive() -> Bool {
        guard let handle = unsafe handle else { return false }
        for _ in 0..<16 {
            var entry = unsafe pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
            guard entry.fd >= 0 else { break }
            if unsafe poll(&entry, 1, 0) == 0 { return true }
            // What comes unasked is a notice, a notification or the server's last words.
            guard unsafe PQconsumeInput(handle) == 1 else { break }
            _ = unsafe PQisBusy(handle)
            guard unsafe PQstatus(handle) == CONNECTION_OK else { break }
        }
        close()
        return false
    }

    /// Whether a transaction is open.
    var isInTransaction: Bool {
        guard let handle = unsafe handle else { return false }
        return unsafe PQtransactionStatus(handle) != PQTRANS_IDLE
    }

    /// What the server reports of itself without being asked.
    func report(_ name: String) -> String {
        guard let handle = unsafe handle, let value = unsafe PQparameterStatus(handle, name) else { return "" }
        return unsafe String(cString: value)
    }

    /// The server's version, 150018 for 15.18.
    var serverVersion: Int {
        guard let handle = unsafe handle else { return 0 }
        return Int(unsafe PQserverVersion(handle))
    }

    /// Runs statements without parameters; their columns come as text.
    @discardableResult
    func run(_ text: String, until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) -> PostgreSQLResult {
        let handle = try unsafe opened()
        guard unsafe PQsendQuery(handle, text) == 1 else { throw lost() }
        return try collect(until: deadline)
    }

    /// Prepares a statement.
    func prepare(
        _ name: String,
        _ text: String,
        _ types: [SQLType],
        until deadline: ContinuousClock.Instant
    ) throws(PostgreSQLFailure) {
        let handle = try unsafe opened()
        let types = types.map(PostgreSQLResult.objectID)
        guard unsafe PQsendPrepare(handle, name, text, CInt(types.count), types) == 1 else { throw lost() }
        _ = try collect(until: deadline)
    }

    /// Runs a prepared statement; its columns come in binary.
    func run(
        prepared name: String,
        _ values: PostgreSQLParameters,
        until deadline: ContinuousClock.Instant
    ) throws(PostgreSQLFailure) -> PostgreSQLResult {
        let handle = try unsafe opened()
        let isSent = unsafe values.withPointers { pointers, lengths, formats in
            unsafe PQsendQueryPrepared(handle, name, CInt(lengths.count), pointers, lengths, formats, 1) == 1
        }
        guard isSent else { throw lost() }
        return try collect(until: deadline)
    }

    /// Waits for a notification on a channel that this connection listens to.
    ///
    /// - Returns: whether there was one.
    func awaitNotification(until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) -> Bool {
        let handle = try unsafe opened()
        while true {
            var isNotified = false
            while let notification = unsafe PQnotifies(handle) {
                unsafe PQfreemem(notification)
                isNotified = true
            }
            if isNotified { return true }
            guard try isReady(Int16(POLLIN), until: deadline) else { return false }
            guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
        }
    }

    private func opened() throws(PostgreSQLFailure) -> OpaquePointer {
        guard let handle = unsafe handle else { throw .lost("the connection is closed") }
        return unsafe handle
    }

    private static func start(_ parameters: [(key: String, value: String)]) -> OpaquePointer? {
        let keys = unsafe parameters.map { unsafe strdup($0.key) }
        let values = unsafe parameters.map { unsafe strdup($0.value) }
        defer {
            for index in parameters.indices {
                unsafe free(keys[index])
                unsafe free(values[index])
            }
        }
        let keyPointers = unsafe keys.map { unsafe UnsafePointer($0) } + [nil]
        let valuePointers = unsafe values.map { unsafe UnsafePointer($0) } + [nil]
        return unsafe PQconnectStartParams(keyPointers, valuePointers, 0)
    }

    private func connect(until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) {
        let handle = try unsafe opened()
        guard unsafe PQstatus(handle) != CONNECTION_BAD else { throw refused() }
        var state = PGRES_POLLING_WRITING
        while state != PGRES_POLLING_OK {
            guard state != PGRES_POLLING_FAILED else { throw refused() }
            let events = Int16(state == PGRES_POLLING_READING ? POLLIN : POLLOUT)
            guard try isReady(events, until: deadline) else { throw .late }
            state = unsafe PQconnectPoll(handle)
        }
    }

    /// Sends what is still to be sent, and reads the answers to the end.
    private func collect(until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) -> PostgreSQLResult {
        var last: PostgreSQLResult?
        var refusal: PostgreSQLRefusal?
        do throws(PostgreSQLFailure) {
            try flush(until: deadline)
            while let result = try nextResult(until: deadline) {
                refusal = refusal ?? result.refusal
                last = result
            }
        } catch {
            close()
            // The server's last words say more than that it is gone.
            if case .lost = error, let refusal { throw .lost(refusal.message, refusal.state) }
            throw error
        }
        if let refusal {
            if refusal.isLast { close() }
            throw .refused(refusal)
        }
        guard let last else { throw lost() }
        return last
    }

    private func flush(until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) {
        let handle = try unsafe opened()
        while true {
            switch unsafe PQflush(handle) {
            case 0: return
            case 1:
                guard try isReady(Int16(POLLIN | POLLOUT), until: deadline) else { throw .late }
                // Whoever sends much must read as well: the server may not read on before it could answer.
                guard unsafe PQconsumeInput(handle) == 1 else { throw .lost(message) }
            default: throw .lost(message)
            }
        }
    }

    private func nextResult(until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) -> PostgreSQLResult? {
        let handle = try unsafe opened()
        while unsafe PQisBusy(handle) == 1 {
            guard try isReady(Int16(POLLIN), until: deadline) else { throw .late }
            guard unsafe PQconsumeInput(handle) == 1 else { throw .lost(message) }
        }
        guard let result = unsafe PQgetResult(handle) else { return nil }
        return unsafe PostgreSQLResult(result)
    }

    /// Waits until the socket can be read or written.
    ///
    /// - Returns: false when the time is over.
    private func isReady(
        _ events: Int16,
        until deadline: ContinuousClock.Instant
    ) throws(PostgreSQLFailure) -> Bool {
        let handle = try unsafe opened()
        while true {
            let rest = deadline - .now
            var entry = unsafe pollfd(fd: PQsocket(handle), events: events, revents: 0)
            guard entry.fd >= 0 else { throw .lost(message) }
            let slice = max(.zero, min(rest, .milliseconds(50)))
            switch unsafe poll(&entry, 1, CInt((slice / .milliseconds(1)).rounded(.up))) {
            case 1: return true
            case 0: break
            default: guard errno == EINTR else { throw .lost("the socket can't be waited for") }
            }
            if isInterrupted?() == true { throw .interrupted }
            if rest <= .zero { return false }
        }
    }

    /// Gives the connection up, and says why.
    private func lost() -> PostgreSQLFailure {
        let failure = PostgreSQLFailure.lost(message)
        close()
        return failure
    }

    /// Why the connection was refused.
    private func refused() -> PostgreSQLFailure {
        PostgreSQLFailure(connectionMessage: fullMessage)
    }

    private var fullMessage: String {
        guard let handle = unsafe handle, let text = unsafe PQerrorMessage(handle) else { return "" }
        return unsafe String(cString: text)
    }

    /// The first line of what libpq says; what follows may hold values.
    private var message: String {
        fullMessage.split(separator: "\n").first.map(String.init) ?? "the connection is gone"
    }
}

/// Takes a notice: libpq calls it on the thread that uses the connection.
private func noteNotice(context: UnsafeMutableRawPointer?, notice: OpaquePointer?) {
    guard let context = unsafe context, let notice = unsafe notice else { return }
    let session = unsafe Unmanaged<PostgreSQLSession>.fromOpaque(context).takeUnretainedValue()
    if unsafe PostgreSQLResult.isWarning(notice) { session.hasWarning = true }
}
