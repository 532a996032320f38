// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// An HTTP/1.1 server on a loopback port that answers as a test says, and remembers what it was asked.
final class LoopbackServer: Sendable {
    struct Request: Sendable {
        var method: HTTPMethod
        var uri: String
        var headers: HTTPHeaders
        var body: [UInt8]

        var path: String { String(uri.prefix { $0 != "?" }) }

        /// A parameter of the query as it stands there, still escaped.
        func parameter(_ name: String) -> String? {
            uri.drop { $0 != "?" }.dropFirst().split(separator: "&").first { $0.hasPrefix(name + "=") }
                .map { String($0.dropFirst(name.count + 1)) }
        }
    }

    enum Answer: Sendable {
        case reply(HTTPResponseStatus = .ok, [(String, String)] = [], [UInt8])
        /// The connection is closed instead of an answer.
        case close
        /// Nothing comes.
        case silence

        static func bytes(_ bytes: [UInt8]) -> Answer { .reply(.ok, [], bytes) }

        static func text(_ text: String, _ status: HTTPResponseStatus = .ok) -> Answer {
            .reply(status, [("Content-Type", "text/plain")], Array(text.utf8))
        }
    }

    private let log = Mutex<[Request]>([])
    private let respond: @Sendable (Request) -> Answer
    private let port = Mutex(0)

    private init(_ respond: @escaping @Sendable (Request) -> Answer) {
        self.respond = respond
    }

    /// Everything that was asked so far.
    var requests: [Request] { log.withLock { $0 } }

    /// `http://127.0.0.1:PORT` and a path.
    func url(_ path: String = "/scep") -> String {
        "http://127.0.0.1:\(port.withLock { $0 })\(path)"
    }

    /// Runs something beside a server, which is closed afterwards.
    static func run<Result>(
        _ respond: @escaping @Sendable (Request) -> Answer,
        _ body: (LoopbackServer) async throws -> Result
    ) async throws -> Result {
        let server = LoopbackServer(respond)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.port.withLock { $0 = channel.localAddress?.port ?? 0 }
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try await channel.close()
            throw error
        }
    }

    private func answer(_ request: Request) -> Answer {
        log.withLock { $0.append(request) }
        return respond(request)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let server: LoopbackServer
        private var request = Request(method: .GET, uri: "", headers: [:], body: [])

        init(_ server: LoopbackServer) {
            self.server = server
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                request = Request(method: head.method, uri: head.uri, headers: head.headers, body: [])
            case .body(let buffer): request.body += Array(buffer: buffer)
            case .end: write(server.answer(request), context)
            }
        }

        private func write(_ answer: Answer, _ context: ChannelHandlerContext) {
            switch answer {
            case .silence: break
            case .close: context.close(promise: nil)
            case .reply(let status, let fields, let body):
                var head = HTTPResponseHead(version: .http1_1, status: status, headers: HTTPHeaders(fields))
                head.headers.replaceOrAdd(name: "Content-Length", value: "\(body.count)")
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
