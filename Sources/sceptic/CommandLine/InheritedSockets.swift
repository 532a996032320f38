// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SCEPEndpoint
internal import ServerApp

#if canImport(Glibc)
internal import Glibc
#endif

/// The sockets that systemd has bound for this process (sd_listen_fds(3)), by the names that its units give them.
struct InheritedSockets {
    /// What a socket is for.
    enum Name: String, CaseIterable {
        case scep
        case tls = "scep-tls"
        case admin
    }

    private static let firstDescriptor: CInt = 3

    /// The sockets in their order.
    let sockets: [(name: Name, descriptor: CInt)]

    /// Takes the sockets over, if there are any for this process.
    ///
    /// - Parameter environment: the variables `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`.
    /// - Throws: `AppError` when one is not what its name says.
    init(environment: [String: String]) throws(AppError) {
        guard environment["LISTEN_PID"].flatMap(Int32.init) == getpid(),
            let count = environment["LISTEN_FDS"].flatMap(CInt.init), (1...64).contains(count)
        else {
            sockets = []
            return
        }
        let names = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        var sockets: [(name: Name, descriptor: CInt)] = []
        for index in 0..<count {
            let text = names.indices.contains(Int(index)) ? String(names[Int(index)]) : "unknown"
            guard let name = Name(rawValue: text) else {
                let known = Name.allCases.map(\.rawValue).joined(separator: ", ")
                throw AppError(
                    .usage,
                    "A socket was handed over under the name '\(text)', which is none of: \(known).",
                    hint: "Set FileDescriptorName= in the socket unit."
                )
            }
            let descriptor = Self.firstDescriptor + index
            try Self.check(descriptor, name)
            sockets.append((name, descriptor))
        }
        self.sockets = sockets
    }

    /// Makes listeners of these sockets.
    ///
    /// - Parameter tls: the credential of those that speak TLS.
    /// - Returns: one for each.
    /// - Throws: `AppError` when one needs a credential and there is none.
    func listeners(tls: ListenerConfiguration.TLS?) throws(AppError) -> [ListenerConfiguration] {
        var list: [ListenerConfiguration] = []
        for (name, descriptor) in sockets {
            var listener = ListenerConfiguration(host: "the socket '\(name.rawValue)'", port: 0)
            listener.descriptor = descriptor
            switch name {
            case .scep: break
            case .admin:
                // Whoever handed it over was checked to have bound it to loopback.
                listener = .administration(host: "127.0.0.1", port: 0)
                listener.descriptor = descriptor
            case .tls:
                guard let tls else {
                    throw AppError(.usage, "The socket 'scep-tls' needs --tls-certificate and --tls-key.")
                }
                listener.tls = tls
            }
            list.append(listener)
        }
        return list
    }

    /// Checks that a descriptor is a listening TCP socket, and keeps programs that this one starts from inheriting it.
    private static func check(_ descriptor: CInt, _ name: Name) throws(AppError) {
        var isListening: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isAddressed = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard isAddressed, [sa_family_t(AF_INET), sa_family_t(AF_INET6)].contains(address.ss_family),
            unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) == 0, isListening == 1
        else {
            throw AppError(.usage, "What was handed over as the socket '\(name.rawValue)' is no listening TCP socket.")
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        guard name != .admin || isLoopback(address) else {
            throw AppError(
                .usage,
                "The admin listener speaks plain HTTP and listens on loopback only, but its socket does not.",
                hint: "Put a proxy with TLS and authentication in front of it."
            )
        }
    }

    private static func isLoopback(_ address: sockaddr_storage) -> Bool {
        let bytes = unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
        // After the family and the port: an IPv4 address at 4, an IPv6 address at 8.
        if address.ss_family == sa_family_t(AF_INET) { return bytes[4] == 127 }
        return bytes[8..<24].elementsEqual([UInt8](repeating: 0, count: 15) + [1])
    }
}
