// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOCore
import NIOHTTP1

/// One connection of an exchange, with at most one request on its way.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let exchange: Exchange
    private var context: ChannelHandlerContext?
    private var inFlight: (index: Int, sent: NIODeadline)?
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()
    private var failure: String?

    init(_ exchange: Exchange) {
        self.exchange = exchange
    }

    func send(_ request: OutgoingRequest, index: Int) {
        guard let context else { return }
        inFlight = (index, .now())
        context.write(wrapOutboundOut(.head(request.head)), promise: nil)
        if let body = request.body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func close() {
        context?.close(promise: nil)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        exchange.ready(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ByteBuffer()
        case .body(var part):
            if body.readableBytes == 0 { body = part } else { body.writeBuffer(&part) }
        case .end:
            guard let head, let (index, sent) = inFlight else { return }
            inFlight = nil
            exchange.record(
                index,
                head.status == .ok ? .reply(body) : .lost("HTTP status \(head.status.code)"),
                since: sent
            )
            if head.isKeepAlive { exchange.ready(self) } else { close() }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = "\(error)"
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        if let (index, sent) = inFlight {
            exchange.record(index, .lost(failure ?? "the connection ended without a reply"), since: sent)
        }
        exchange.ended()
    }
}
