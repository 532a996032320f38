// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Dispatch

public import class Foundation.ProcessInfo

#if canImport(Glibc)
internal import Glibc
#endif

/// Tells whoever started the process how it does, by systemd's protocol (sd_notify(3)): a datagram to the socket in `NOTIFY_SOCKET`.
///
/// Nothing is told where nobody listens, and nothing that goes wrong here disturbs the server.
public struct ServiceNotifier: Sendable {
    /// Where datagrams go: a path, or a name that begins with `@` in the abstract namespace; nil when nobody wants any.
    private let socketName: String?
    /// How often the process has to say that it lives; nil when nobody counts.
    let watchdogInterval: Duration?

    /// Reads who listens from the environment.
    ///
    /// - Parameters:
    ///   - environment: the variables `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    ///   - process: the number of this process.
    public init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        process: Int32 = ProcessInfo.processInfo.processIdentifier
    ) {
        let name = environment["NOTIFY_SOCKET"]
        socketName = name.flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isMeant = environment["WATCHDOG_PID"].map { Int32($0) == process } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init) ?? 0
        watchdogInterval = isMeant && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// Tells that the server serves, at the start and after `reloading`.
    public func ready(status: String) { send("READY=1\nSTATUS=\(Self.line(status))") }

    /// Tells that the server reads its configuration anew; `ready` has to follow.
    public func reloading() {
        // The time of Dispatch is that of CLOCK_MONOTONIC, which systemd expects.
        send("RELOADING=1\nMONOTONIC_USEC=\(DispatchTime.now().uptimeNanoseconds / 1000)")
    }

    /// Tells that the server ends.
    public func stopping() { send("STOPPING=1\nSTATUS=finishing what is in flight") }

    /// Tells that the server lives.
    func alive() { send("WATCHDOG=1") }

    private static func line(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    /// Sends a datagram, without waiting.
    private func send(_ text: String) {
        guard let socketName, var address = Self.address(socketName) else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        // A path ends where its zero byte is; a name in the abstract namespace ends where the length says.
        let length = MemoryLayout<sa_family_t>.size + socketName.utf8.count + (socketName.hasPrefix("@") ? 0 : 1)
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, socklen_t(length))
            }
        }
    }

    private static func address(_ name: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        guard bytes.count > 1, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        if name.hasPrefix("@") { bytes[0] = 0 }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            unsafe path.copyBytes(from: bytes)
        }
        return address
    }
}
