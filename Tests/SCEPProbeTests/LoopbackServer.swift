// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import NIOCore
internal import NIOPosix

/// An HTTP server on a loopback port that answers as a test says, one request a connection.
enum LoopbackServer {
    struct Question: Sendable {
        var method: String
        var target: String
        var version: String
        var contentType: String?
        var body: [UInt8]

        var path: String { String(target.prefix { $0 != "?" }) }

        /// A parameter of the query as it stands there, still escaped.
        func parameter(_ name: String) -> String? {
            target.drop { $0 != "?" }.dropFirst().split(separator: "&").first { $0.hasPrefix(name + "=") }
                .map { String($0.dropFirst(name.count + 1)) }
        }
    }

    struct Answer: Sendable {
        var status = 200
        var type: String? = "text/plain"
        var body: [UInt8] = []
        /// Whether the connection ends without an answer.
        var isSilent = false
    }

    /// Runs something beside a server, which is closed afterwards.
    static func run<Result>(
        _ respond: @escaping @Sendable (Question) -> Answer,
        _ body: (_ port: Int) async throws -> Result
    ) async throws -> Result {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 64)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(respond))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await body(channel.localAddress?.port ?? 0)
            try await channel.close()
            return result
        } catch {
            try await channel.close()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let respond: @Sendable (Question) -> Answer
        private var received: [UInt8] = []
        private var headEnd: Range<Int>?
        private var isDone = false

        init(_ respond: @escaping @Sendable (Question) -> Answer) {
            self.respond = respond
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            // The end of the head is looked for in what is new, and may have begun before: long requests come in many parts.
            let searched = max(0, received.count - 3)
            received += Array(buffer: unwrapInboundIn(data))
            headEnd = headEnd ?? received[searched...].firstRange(of: Array("\r\n\r\n".utf8))
            guard !isDone, let headEnd, let question = Self.read(received, headEnd) else { return }
            isDone = true
            let answer = respond(question)
            guard !answer.isSilent else { return context.close(promise: nil) }
            var head = "HTTP/1.1 \(answer.status) Something\r\nContent-Length: \(answer.body.count)\r\n"
            if let type = answer.type { head += "Content-Type: \(type)\r\n" }
            let bytes = Array((head + "Connection: close\r\n\r\n").utf8) + answer.body
            let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes))).whenComplete { _ in
                loopBound.value.close(promise: nil)
            }
        }

        private static func read(_ bytes: [UInt8], _ end: Range<Int>) -> Question? {
            let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
            let words = (lines.first ?? "").split(separator: " ")
            guard words.count == 3 else { return Question(method: "", target: "", version: "", body: []) }
            var fields: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                fields[parts.first?.lowercased() ?? ""] = String(parts.last?.drop { $0 == " " } ?? "")
            }
            let body = Array(bytes[end.upperBound...])
            let length = fields["content-length"].flatMap { Int($0) } ?? 0
            guard body.count >= length else { return nil }
            return Question(
                method: String(words[0]),
                target: String(words[1]),
                version: String(words[2]),
                contentType: fields["content-type"],
                body: body
            )
        }
    }
}
