// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import Glibc

/// A TCP connection to loopback that sends exactly the bytes it is given; its calls block, so tests wrap them in
/// `offPool`.
final class RawClient: Sendable {
    struct Failure: Error {
        let call: String
        let code: Int32
    }

    private let descriptor: Int32

    /// Connects; reads time out after 10 s, and writes after that many milliseconds.
    init(port: Int, sendTimeout: Int = 10_000) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        var sendLimit = timeval(tv_sec: sendTimeout / 1_000, tv_usec: sendTimeout % 1_000 * 1_000)
        var noDelay: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &sendLimit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<Int32>.size))
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
        }
        guard connected == 0 else { throw Failure(call: "connect", code: errno) }
    }

    deinit {
        Glibc.close(descriptor)
    }

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(call: "send", code: errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// Ends our side of the connection, as `nc -N` does.
    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Whatever has come, at most 64 KiB; empty when the server has ended its side.
    func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
        }
        guard count >= 0 else { throw Failure(call: "recv", code: errno) }
        return Array(buffer.prefix(count))
    }

    /// Everything until the server ends its side.
    func receiveAll() throws -> String {
        var all: [UInt8] = []
        while true {
            let part = try receive()
            if part.isEmpty { return String(decoding: all, as: UTF8.self) }
            all += part
        }
    }

    /// One whole response, by its Content-Length; `leftover` keeps what came behind it.
    func receiveResponse(_ leftover: inout [UInt8]) throws -> RawResponse {
        while true {
            if let response = RawResponse(consuming: &leftover) { return response }
            let part = try receive()
            if part.isEmpty { throw Failure(call: "end of stream within a response", code: 0) }
            leftover += part
        }
    }

    func receiveResponse() throws -> RawResponse {
        var leftover: [UInt8] = []
        return try receiveResponse(&leftover)
    }
}

/// A response as it stood on the wire.
struct RawResponse: Sendable {
    let statusLine: String
    let fields: [String: String]
    let body: [UInt8]

    var status: Int { Int(statusLine.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    var text: String { String(decoding: body, as: UTF8.self) }

    /// Takes the first response off the bytes, if it is all there.
    init?(consuming bytes: inout [UInt8]) {
        let blank = Array("\r\n\r\n".utf8)
        guard let headEnd = bytes.firstRange(of: blank) else { return nil }
        var lines = String(decoding: bytes[..<headEnd.lowerBound], as: UTF8.self).split(separator: "\r\n")
        guard !lines.isEmpty else { return nil }
        statusLine = String(lines.removeFirst())
        var fields: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard let name = parts.first, let value = parts.dropFirst().first else { return nil }
            fields[name.lowercased()] = value.drop { $0 == " " }.description
        }
        let length = Int(fields["content-length"] ?? "0") ?? 0
        let after = bytes[headEnd.upperBound...]
        guard after.count >= length else { return nil }
        self.fields = fields
        body = Array(after.prefix(length))
        bytes = Array(after.dropFirst(length))
    }

    init?(_ text: String) {
        var bytes = Array(text.utf8)
        self.init(consuming: &bytes)
    }
}

/// Runs blocking calls on a thread of their own: async code has few, and shares them with Dispatch.
func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
