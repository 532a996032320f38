// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation

#if canImport(Glibc)
internal import Glibc
#endif

/// An answer as it stood on the wire.
struct HTTPReply: Sendable {
    var status: Int
    var fields: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var contentType: String? { fields["content-type"] }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads a whole answer.
    init(_ bytes: [UInt8]) throws {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw Failure(description: "no answer, but \(bytes.count) bytes")
        }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard let status = words.dropFirst().first.flatMap({ Int($0) }) else {
            throw Failure(description: "no status line: \(lines.first ?? "")")
        }
        self.status = status
        self.fields = lines.dropFirst().reduce(into: [:]) { fields, line in
            let parts = line.split(separator: ":", maxSplits: 1)
            fields[parts.first?.lowercased() ?? ""] = parts.last?.trimmingCharacters(in: .whitespaces)
        }
        self.body = Array(bytes[end.upperBound...])
        let length = fields["content-length"].flatMap { Int($0) }
        guard length == nil || length == body.count else {
            throw Failure(description: "\(body.count) bytes instead of \(length ?? 0)")
        }
    }

    /// The bytes of a POST.
    static func post(_ body: [UInt8], _ target: String, type: String?) -> [UInt8] {
        let type = type.map { "Content-Type: \($0)\r\n" } ?? ""
        let head =
            "POST \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(type)Content-Length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + body
    }

    /// Sends a request and reads the answer up to the end of the connection.
    static func exchange(port: Int, _ request: String) async throws -> HTTPReply {
        try await exchange(port: port, Array(request.utf8))
    }

    static func exchange(port: Int, _ request: [UInt8]) async throws -> HTTPReply {
        try HTTPReply(try await raw(port: port, request))
    }

    /// Sends bytes and gives whatever comes until the other side ends.
    static func raw(port: Int, _ request: [UInt8]) async throws -> [UInt8] {
        // Blocking calls get a thread of their own: the pool has as few as there are cores.
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try blockingExchange(port, request) }) }
        }
    }

    private static func blockingExchange(_ port: Int, _ request: [UInt8]) throws -> [UInt8] {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "socket: \(errno)") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
        }
        guard connected == 0 else { throw Failure(description: "connect: \(errno)") }
        var rest = request[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                uninterrupted { unsafe send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
            }
            // A server may answer and end before it has read everything (413).
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                uninterrupted { unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0) }
            }
            let code = errno
            if count < 0, answer.isEmpty { throw Failure(description: "recv: \(code)") }
            guard count > 0 else { return answer }
            answer += buffer.prefix(count)
        }
    }

    /// Calls again when a signal came in between: sockets with time limits are not restarted by the system.
    private static func uninterrupted(_ call: () -> Int) -> Int {
        while true {
            let count = call()
            guard count < 0, errno == EINTR else { return count }
        }
    }
}
