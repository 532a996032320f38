// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOCore
import NIOHTTP1
import NIOPosix

/// A request over a connection of its own, with time limits, as a device makes it.
enum SingleExchange {
    enum Ending: Sendable {
        case reply(status: UInt, retryAfter: String?, body: [UInt8])
        case refused(String)
        case cut(String)
        case silent
    }

    /// How long a device waits for a connection, and how long for its reply.
    private static let connectLimit = TimeAmount.seconds(3)
    private static let replyLimit = TimeAmount.seconds(10)
    /// More than any reply has.
    private static let largestReply = 1 << 20

    static func run(_ request: OutgoingRequest, to target: Target, on eventLoop: any EventLoop) async -> Ending {
        let ended = eventLoop.makePromise(of: Ending.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: eventLoop)
                .connectTimeout(connectLimit)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandlers([
                            NIOHTTPClientResponseAggregator(maxContentLength: largestReply), ReplyReader(ended),
                        ])
                    }
                }
                .connect(host: target.host, port: target.port)
                .get()
        } catch {
            // Nobody else completes it: a handler that was never added says nothing.
            ended.succeed(.refused("\(error)"))
            return .refused("\(error)")
        }
        let limit = eventLoop.scheduleTask(in: replyLimit) { ended.succeed(.silent) }
        send(request, channel)
        let ending = (try? await ended.futureResult.get()) ?? .silent
        limit.cancel()
        try? await channel.close()
        return ending
    }

    private static func send(_ request: OutgoingRequest, _ channel: any Channel) {
        var head = request.head
        head.headers.replaceOrAdd(name: "Connection", value: "close")
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if let body = request.body { channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil) }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }
}

/// Takes the one reply of a connection, or its end.
private final class ReplyReader: ChannelInboundHandler {
    typealias InboundIn = NIOHTTPClientResponseFull

    private let ended: EventLoopPromise<SingleExchange.Ending>
    private var failure = "the connection ended without a reply"

    init(_ ended: EventLoopPromise<SingleExchange.Ending>) {
        self.ended = ended
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let reply = unwrapInboundIn(data)
        ended.succeed(
            .reply(
                status: reply.head.status.code,
                retryAfter: reply.head.headers.first(name: "Retry-After"),
                body: reply.body.map { Array($0.readableBytesView) } ?? []
            )
        )
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = "\(error)"
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended.succeed(.cut(failure))
    }
}
