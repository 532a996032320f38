// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Opens connections within a time.
enum DirectorySocket {
    /// Connects to the first address of a host that can be reached, and gives the descriptor, which blocks.
    ///
    /// Only looking up a host's name blocks for as long as the system's resolver does.
    static func connect(
        _ host: String,
        _ port: Int,
        until deadline: ContinuousClock.Instant
    ) throws(DirectoryFailure) -> CInt {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, "\(port)", &hints, &list)
        guard status == 0, unsafe list != nil else { throw .unusable("the host '\(host)' is not known") }
        defer { unsafe freeaddrinfo(list) }
        var address = unsafe list
        var reason = "no address"
        while let next = unsafe address {
            let descriptor = unsafe socket(
                next.pointee.ai_family,
                CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue),
                0
            )
            if descriptor >= 0 {
                let begun = unsafe Glibc.connect(descriptor, next.pointee.ai_addr, next.pointee.ai_addrlen)
                let code = begun == 0 ? 0 : errno
                let outcome = code == EINPROGRESS ? awaitConnection(descriptor, until: deadline) : code
                if outcome == 0, fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK) == 0 {
                    return descriptor
                }
                close(descriptor)
                reason = unsafe String(cString: strerror(outcome))
            }
            unsafe address = next.pointee.ai_next
        }
        throw .unusable("'\(host)' can't be reached on port \(port): \(reason)")
    }

    /// Waits for a connection that has begun, and gives what came of it.
    private static func awaitConnection(_ descriptor: CInt, until deadline: ContinuousClock.Instant) -> CInt {
        while true {
            let rest = max(.zero, deadline - .now) / .milliseconds(1)
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            switch unsafe poll(&entry, 1, CInt(rest.rounded(.up))) {
            case 0: return ETIMEDOUT
            case -1 where errno == EINTR: continue
            case -1: return errno
            default:
                var code: CInt = 0
                var size = socklen_t(MemoryLayout<CInt>.size)
                guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { return errno }
                return code
            }
        }
    }
}

/// The means to end a connection from another thread, while libldap waits on it.
///
/// It holds a descriptor of its own for the same socket, so that a number that is used again can't be meant.
final class DirectoryLifeline: Sendable {
    private let descriptor: Mutex<CInt?>

    /// Takes hold of a connection.
    init(_ socket: CInt) {
        let copy = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        self.descriptor = Mutex(copy >= 0 ? copy : nil)
    }

    deinit { release() }

    /// Has whoever reads or writes on the connection find it closed.
    func cut() {
        descriptor.withLock { descriptor in
            if let descriptor { _ = shutdown(descriptor, CInt(SHUT_RDWR)) }
        }
    }

    /// Lets go of the connection.
    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }
}
