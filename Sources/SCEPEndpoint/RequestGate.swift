// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOCore

/// Lets one request at a time through to the HTTP decoder, with a request line the decoder will accept.
///
/// It knows of HTTP only where a head ends. How a body is delimited it is told by ``HTTPConnection``, which has the
/// decoder's word for it, so that the two cannot disagree. While a request is being answered no more than one read's
/// worth is taken from the socket: pipelined requests wait, and a flood stops at the sender.
final class RequestGate: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How far the current request has come.
    enum Phase: Equatable {
        case requestLine
        case headerFields
        case body(remaining: Int)
        case chunkedBody
        case answering
        case discarding
    }

    private static let lineFeed = UInt8(ascii: "\n")

    private(set) var phase: Phase = .requestLine
    private let limits: ListenerLimits
    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    /// The readable bytes of `received` that are known to hold no line feed.
    private var scanned = 0
    private var head = ByteBuffer()
    private var headerFieldBytes = 0
    private var isProcessing = false
    private var hasReadWaiting = false
    private var hasEndWaiting = false

    init(limits: ListenerLimits) {
        self.limits = limits
    }

    /// Whether nothing of a next request has come yet.
    var isBetweenRequests: Bool { phase == .requestLine && received.readableBytes == 0 }

    // MARK: Told by the connection

    /// The head that was just let through announces a body of that many bytes.
    func expectBody(bytes: Int) {
        phase = .body(remaining: bytes)
    }

    /// The head that was just let through announces a chunked body.
    func expectChunkedBody() {
        phase = .chunkedBody
    }

    /// The request is complete and being answered.
    func hold() {
        phase = .answering
    }

    /// The answer is out: the next request may come through.
    func release() {
        phase = .requestLine
        guard let context, !isProcessing else { return }
        process(context)
        if phase != .answering { letEventsThrough(context) }
    }

    /// No further request is wanted: what still comes is dropped.
    func discard() {
        phase = .discarding
        received = ByteBuffer()
        scanned = 0
        if let context { letEventsThrough(context) }
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .discarding else { return }
        var incoming = unwrapInboundIn(data)
        if received.readableBytes == 0 {
            received = incoming
        } else {
            // Otherwise a connection that always has the beginning of a next request here would keep them all.
            received.discardReadBytes()
            received.writeBuffer(&incoming)
        }
        process(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if phase == .answering, case ChannelEvent.inputClosed = event {
            // The client has ended its side, but what it sent before may hold further requests.
            hasEndWaiting = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func read(context: ChannelHandlerContext) {
        // With nothing waiting, one read may go ahead: the usual client sends nothing before it has its answer, and
        // taking the socket out of the poll and putting it back would cost two system calls a request.
        if phase == .answering, received.readableBytes > 0 {
            hasReadWaiting = true
        } else {
            context.read()
        }
    }

    private func letEventsThrough(_ context: ChannelHandlerContext) {
        if hasReadWaiting {
            hasReadWaiting = false
            context.read()
        }
        if hasEndWaiting {
            hasEndWaiting = false
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }

    // MARK: Letting through

    private func process(_ context: ChannelHandlerContext) {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        do {
            while received.readableBytes > 0, try step(context) {}
        } catch {
            phase = .discarding
            context.fireErrorCaught(error)
        }
    }

    /// Does the next thing that the phase asks for; false if that needs more bytes or must wait.
    private func step(_ context: ChannelHandlerContext) throws(RequestDefect) -> Bool {
        switch phase {
        case .requestLine:
            return try takeRequestLine()
        case .headerFields:
            return try takeHeaderField(context)
        case .body(let remaining):
            guard remaining > 0, let part = received.readSlice(length: min(remaining, received.readableBytes)) else {
                // The decoder took all of the body and yet saw no end of the request.
                throw .malformed
            }
            phase = .body(remaining: remaining - part.readableBytes)
            context.fireChannelRead(wrapInboundOut(part))
            return true
        case .chunkedBody:
            let all = received
            received = ByteBuffer()
            context.fireChannelRead(wrapInboundOut(all))
            return true
        case .answering:
            return false
        case .discarding:
            received = ByteBuffer()
            return false
        }
    }

    private func takeRequestLine() throws(RequestDefect) -> Bool {
        // Empty lines before a request are leftovers of the one before (RFC 9112, section 2.2).
        if scanned == 0 {
            let blank = received.readableBytesView.prefix { $0 == UInt8(ascii: "\r") || $0 == Self.lineFeed }.count
            received.moveReaderIndex(forwardBy: blank)
        }
        guard let first = received.readableBytesView.first else { return false }
        // What begins like this is a TLS handshake or noise: no use waiting for its end.
        guard first.isUppercaseLetter || first.isLowercaseLetter else { throw .malformed }
        guard let line = try takeLine(limit: limits.requestLineBytes, excess: .requestLineTooLong) else { return false }
        head.clear()
        headerFieldBytes = 0
        try RequestLine.repair(Array(line), into: &head)
        phase = .headerFields
        return true
    }

    private func takeHeaderField(_ context: ChannelHandlerContext) throws(RequestDefect) -> Bool {
        let allowance = limits.headerFieldBytes - headerFieldBytes
        guard var line = try takeLine(limit: allowance, excess: .headerFieldsTooLarge) else { return false }
        headerFieldBytes += line.count + 1
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        if !line.isEmpty {
            // No upgrade is on offer here, and the decoder would stop after a request that asks for one (some Java
            // clients ask for HTTP/2 with every request).
            if !Self.isUpgradeField(line) {
                head.writeBytes(line)
                head.writeStaticString("\r\n")
            }
            return true
        }
        head.writeStaticString("\r\n")
        // What follows is dropped unless the connection, during this call, says what it is.
        phase = .discarding
        context.fireChannelRead(wrapInboundOut(head))
        return true
    }

    /// Takes the bytes before the next line feed, and the line feed itself; nil if it has not come yet.
    private func takeLine(limit: Int, excess: RequestDefect) throws(RequestDefect) -> ByteBufferView? {
        let view = received.readableBytesView
        guard let end = view.dropFirst(scanned).firstIndex(of: Self.lineFeed) else {
            scanned = view.count
            if scanned > limit { throw excess }
            return nil
        }
        scanned = 0
        let line = view[..<end]
        if line.count > limit { throw excess }
        received.moveReaderIndex(forwardBy: line.count + 1)
        return line
    }

    private static func isUpgradeField(_ line: ByteBufferView) -> Bool {
        line.prefix(8).elementsEqual("upgrade:".utf8) { $0 == $1 || $0 | 0x20 == $1 }
    }
}
