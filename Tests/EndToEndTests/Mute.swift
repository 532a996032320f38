// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#endif

/// A relay between a node and its database that can swallow what the database says to a COMMIT, and hang up.
final class Mute: Sendable {
    private struct State {
        var isArmed = false
        var swallowed = 0
    }

    private let state = Mutex(State())

    /// How often it has done so.
    var swallowed: Int { state.withLock { $0.swallowed } }

    /// Lets the next COMMIT of an enrolment reach the database, and its answer nobody.
    func swallowNextCommit() { state.withLock { $0.isArmed = true } }

    /// Listens on a port of its own.
    ///
    /// - Parameter url: of the database, by TCP.
    /// - Returns: the URL by which it is reached through this relay.
    /// - Throws: `Sceptic.Failure` when there is no port.
    func between(_ url: String) throws -> String {
        let components = try URLComponents(string: url).orThrow()
        let target = try components.port.orThrow()
        let listener = try Self.listener()
        Thread.detachNewThread {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                Thread.detachNewThread { self.relay(client, to: target) }
            }
        }
        var reached = components
        reached.port = try Self.port(of: listener)
        // In the clear, so that a COMMIT can be seen.
        reached.query = "sslmode=disable"
        return try reached.string.orThrow()
    }

    private func relay(_ client: Int32, to port: Int) {
        guard let server = Self.connect(port) else {
            close(client)
            return
        }
        let end: @Sendable () -> Void = {
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }
        let swallows = Mutex(false)
        let isDone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            Self.copy(from: server, to: client) { _ in
                guard swallows.withLock({ $0 }) else { return true }
                // The database has answered the COMMIT, so it is durable.
                self.state.withLock { $0.swallowed += 1 }
                return false
            }
            end()
            isDone.signal()
        }
        var size = 0
        Self.copy(from: client, to: server) { bytes in
            if Self.isBegin(bytes) { size = 0 }
            size += bytes.count
            guard Self.isCommit(bytes), size > Self.enrolment else { return true }
            let isNow = self.state.withLock { state in
                defer { state.isArmed = false }
                return state.isArmed
            }
            if isNow { swallows.withLock { $0 = true } }
            return true
        }
        end()
        isDone.wait()
        close(client)
        close(server)
    }

    /// How much a transaction sends at least that stores a request and its certificate; a node that says that it lives, which
    /// it does at any time, sends less.
    private static let enrolment = 1500

    private static func isBegin(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.firstRange(of: Array("BEGIN ISOLATION".utf8)) != nil
    }

    /// A whole command, not the COMMITTED of an isolation level.
    private static func isCommit(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.firstRange(of: Array("COMMIT\0".utf8)) != nil
    }

    /// Copies until one side ends or the passage is refused.
    private static func copy(from source: Int32, to sink: Int32, passes: (ArraySlice<UInt8>) -> Bool) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(source, $0.baseAddress, $0.count, 0) }
            guard count > 0, passes(buffer[..<count]) else { return }
            var rest = buffer[..<count]
            while !rest.isEmpty {
                let sent = unsafe rest.withUnsafeBytes {
                    unsafe send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard sent > 0 else { return }
                rest = rest.dropFirst(sent)
            }
        }
    }

    // MARK: - Sockets

    private static func withLoopback<Value>(
        _ port: Int,
        _ body: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> Value
    ) -> (Value, Int) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let value = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, &length) }
        }
        return (value, Int(UInt16(bigEndian: address.sin_port)))
    }

    private static func listener() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let (status, _) = unsafe withLoopback(0) { unsafe bind(descriptor, $0, $1) }
        guard status == 0, listen(descriptor, 64) == 0 else { throw Sceptic.Failure(description: "no listener") }
        return descriptor
    }

    private static func port(of listener: Int32) throws -> Int {
        let (status, port) = unsafe withLoopback(0) { unsafe getsockname(listener, $0, &$1) }
        guard status == 0 else { throw Sceptic.Failure(description: "no port") }
        return port
    }

    private static func connect(_ port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let (status, _) = unsafe withLoopback(port) { unsafe Glibc.connect(descriptor, $0, $1) }
        if status == 0 { return descriptor }
        close(descriptor)
        return nil
    }
}

extension Optional {
    fileprivate func orThrow() throws -> Wrapped {
        guard let self else { throw Sceptic.Failure(description: "nothing there") }
        return self
    }
}
