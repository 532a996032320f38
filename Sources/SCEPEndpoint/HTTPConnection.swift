// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Logging
import NIOCore
import NIOHTTP1

/// What all connections of one listener share.
struct ConnectionEnvironment: Sendable {
    let roles: Set<ListenerRole>
    let limits: ListenerLimits
    let responders: ListenerResponders
    let registry: ConnectionRegistry
    let logger: Logger
    let isSecure: Bool
    let bodies: BodyBudget
}

/// The end of a connection's pipeline: takes the decoder's parts, has complete requests answered, writes the answers
/// and decides when the connection closes.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    enum State {
        /// No complete head yet.
        case awaiting
        /// A head has come and its body is under way.
        case receiving(IncomingRequest)
        /// A responder is at work.
        case responding
        /// An answer is on its way out.
        case sending
        /// The last answer is out; what the client still sends is dropped.
        case closing
        case closed
    }

    /// What a request's head told.
    struct IncomingRequest {
        let method: HTTPMethod
        let target: RequestTarget
        let route: Route
        /// For administration only; old clients send them by the dozen, and nobody looks.
        var fields: [(name: String, value: String)] = []
    }

    /// What this connection's body has of the listener's memory for large ones.
    var takenBytes = 0

    let environment: ConnectionEnvironment
    let gate: RequestGate
    var state: State = .awaiting
    /// The body so far; not part of the state, so that it has one owner and grows in place.
    var body: ByteBuffer?
    var framing = Answer.Framing()
    var context: ChannelHandlerContext?
    var remoteAddress = ""
    var work: Task<Void, Never>?
    var inputIsClosed = false
    var isStopping = false
    var timer = ConnectionTimer()
    var dateCache = DateCache()

    init(environment: ConnectionEnvironment, gate: RequestGate) {
        self.environment = environment
        self.gate = gate
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        remoteAddress = Self.textualAddress(context.remoteAddress)
    }

    func channelActive(context: ChannelHandlerContext) {
        environment.logger.debug("connection opened", metadata: ["peer": "\(remoteAddress)"])
        if environment.registry.add(context.channel) {
            updateTimer()
        } else {
            isStopping = true
            close()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        state = .closed
        timer.cancel()
        environment.logger.debug("connection closed", metadata: ["peer": "\(remoteAddress)"])
        if work == nil {
            environment.registry.remove(context.channel)
            putBodyBack()
        }
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .awaiting):
            begin(head, context)
        case (.body(let part), .receiving(let incoming)):
            let count = body.setOrAppend(part)
            if let defect = defect(ofBody: count, of: incoming) { refuse(defect) }
        case (.end, .receiving(let incoming)):
            gate.hold()
            state = .responding
            respond(to: incoming)
        default:
            // Parts of requests that came behind the last one this connection answers.
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        updateTimer()
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            inputIsClosed = true
            closeIfNothingMoreComes()
        case StopSignal.finish:
            isStopping = true
            if case .awaiting = state, gate.isBetweenRequests { close() }
        case StopSignal.abort:
            work?.cancel()
            close()
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (state, error) {
        case (.awaiting, let defect as RequestDefect), (.receiving, let defect as RequestDefect):
            refuse(defect)
        case (.awaiting, let error as HTTPParserError), (.receiving, let error as HTTPParserError):
            refuse(error == .headerOverflow ? .headerFieldsTooLarge : .malformed)
        case (.responding, is HTTPParserError), (.sending, is HTTPParserError), (.closing, is HTTPParserError):
            // Something behind a chunked body, which the connection does not outlive anyway.
            break
        default:
            environment.logger.debug(
                "connection failed",
                metadata: ["peer": "\(remoteAddress)", "error": "\(type(of: error))"]
            )
            close()
        }
    }

    // MARK: Reading

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        framing = Answer.Framing(
            version: head.version == .http1_0 ? .http1_0 : .http1_1,
            keepsAlive: head.isKeepAlive,
            isHead: head.method == .HEAD
        )
        let target = RequestTarget(head.uri)
        let route = Route(path: target.path, roles: environment.roles)
        body = nil
        var incoming = IncomingRequest(method: head.method, target: target, route: route)
        if [.admin, .metrics].contains(route) {
            incoming.fields = head.headers.map { ($0.name.lowercased(), $0.value) }
        }
        state = .receiving(incoming)
        switch BodyFraming(head.headers) {
        case .none:
            return
        case .length(let length):
            if let defect = defect(ofBody: length, of: incoming) { return refuse(defect) }
            gate.expectBody(bytes: length)
        case .chunked:
            // Where its last chunk ends only the decoder knows, so nothing can follow on this connection.
            framing.keepsAlive = false
            gate.expectChunkedBody()
        case .invalid:
            return refuse(.malformed)
        }
        if framing.version == .http1_1, head.headers.first(name: "expect")?.lowercased() == "100-continue" {
            context.writeAndFlush(
                wrapOutboundOut(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")),
                promise: nil
            )
        }
    }

    // MARK: Writing and closing

    func refuse(_ defect: RequestDefect) {
        environment.logger.debug(
            "request refused",
            metadata: ["peer": "\(remoteAddress)", "status": "\(defect.status)"]
        )
        framing.keepsAlive = false
        body = nil
        gate.discard()
        if case .receiving(let incoming) = state, incoming.route == .admin, let admin = environment.responders.admin {
            send(Answer(admin.refusal(status: defect.status, sentence: defect.sentence)))
        } else {
            send(Answer(defect))
        }
    }

    func send(_ answer: Answer) {
        putBodyBack()
        guard let context else { return }
        if isStopping || (framing.keepsAlive && environment.registry.isCrowded) { framing.keepsAlive = false }
        state = .sending
        var buffer = context.channel.allocator.buffer(capacity: answer.body.count + 512)
        answer.write(into: &buffer, framing: framing, date: dateCache.now())
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success: sent()
            case .failure: close()
            }
        }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: promise)
        if case .sending = state { updateTimer() }
    }

    private func sent() {
        guard case .sending = state else { return }
        guard framing.keepsAlive, !isStopping else { return startClosing() }
        state = .awaiting
        framing = Answer.Framing()
        timer.requestFinished()
        gate.release()
        updateTimer()
    }

    private func closeIfNothingMoreComes() {
        guard inputIsClosed else { return }
        switch state {
        case .awaiting, .receiving, .closing: close()
        case .responding, .sending, .closed: break
        }
    }

    /// Says good-bye after an answer: ends our side, and waits a little for the client to end its own.
    func startClosing() {
        guard let context else { return }
        state = .closing
        gate.discard()
        if environment.isSecure || inputIsClosed {
            // TLS says good-bye by itself, and waits for the client's.
            context.close(promise: nil)
        } else {
            context.close(mode: .output, promise: nil)
            updateTimer()
        }
    }

    func close() {
        if case .closed = state { return }
        context?.close(promise: nil)
    }

    private static func textualAddress(_ address: SocketAddress?) -> String {
        let text = address?.ipAddress ?? "unknown"
        let mappedPrefix = "::ffff:"
        guard text.hasPrefix(mappedPrefix), text.utf8.contains(UInt8(ascii: ".")) else { return text }
        return String(text.dropFirst(mappedPrefix.count))
    }
}

extension ByteBuffer? {
    /// Appends a part, or keeps it as it is if it is the first; gives the number of bytes so far.
    fileprivate mutating func setOrAppend(_ part: ByteBuffer) -> Int {
        guard self != nil else {
            self = part
            return part.readableBytes
        }
        self?.writeImmutableBuffer(part)
        return self?.readableBytes ?? 0
    }
}
