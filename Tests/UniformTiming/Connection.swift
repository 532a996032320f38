// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// One kept-alive connection to the loopback, on a thread of its own.
final class Connection {
    /// What went wrong with a connection.
    struct Failure: Error {
        var reason: String
    }

    private let descriptor: CInt
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(reason: "no socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(reason: "no connection") }
        var on: CInt = 1
        _ = unsafe setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Sends a request and waits for the whole answer.
    ///
    /// - Returns: the body.
    func exchange(_ request: [UInt8]) throws -> [UInt8] {
        var rest = request[...]
        while !rest.isEmpty {
            let sent = unsafe rest.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, 0) }
            guard sent > 0 else { throw Failure(reason: "not sent") }
            rest = rest.dropFirst(sent)
        }
        var answer: [UInt8] = []
        while true {
            if let body = try Self.body(answer) { return body }
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw Failure(reason: "no answer") }
            answer += buffer.prefix(count)
        }
    }

    /// The body, when it is all there.
    private static func body(_ answer: [UInt8]) throws -> [UInt8]? {
        let text = String(decoding: answer.prefix(1024), as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let head = text[..<end.lowerBound]
        guard head.hasPrefix("HTTP/1.1 200") else { throw Failure(reason: String(head.prefix(80))) }
        let field = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        guard let length = field.flatMap({ Int($0.drop { !$0.isNumber }) }) else {
            throw Failure(reason: "no Content-Length")
        }
        let start = text.utf8.distance(from: text.startIndex, to: end.upperBound)
        return answer.count >= start + length ? Array(answer[start..<(start + length)]) : nil
    }
}
