// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Crypto
internal import Foundation
internal import NIOCore
package import NIOHTTP1
internal import NIOPosix
package import NIOSSL
internal import SwiftASN1
internal import Synchronization
internal import X509

/// Somebody else's system on a loopback port: it answers as a test says, and remembers what it was asked.
package final class StandIn: Sendable {
    /// What it was asked.
    package struct Request: Sendable {
        package var method: HTTPMethod
        package var uri: String
        package var headers: HTTPHeaders
        package var body: [UInt8]

        /// The body as text.
        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// What it answers.
    package enum Answer: Sendable {
        /// A status, further fields and the body.
        case reply(HTTPResponseStatus, [(String, String)] = [], String)
        /// The answer comes after a while.
        case late(Duration, String)
        /// The answer comes as soon as it may.
        case held(@Sendable () -> Bool, String)
        /// The connection is closed instead of an answer.
        case close
        /// Nothing comes.
        case silence
        /// More is promised than comes before the connection ends.
        case half(String)
        /// So many bytes without end being promised.
        case flood(Int)
        /// Beginning, but never ending.
        case drip

        /// A body of JSON.
        package static func json(_ text: String) -> Answer { .reply(.ok, [("Content-Type", "application/json")], text) }
    }

    private let log = Mutex<[Request]>([])
    private let respond: @Sendable (Int, Request) -> Answer
    private let port = Mutex(0)
    private let scheme: String

    private init(_ scheme: String, _ respond: @escaping @Sendable (Int, Request) -> Answer) {
        self.scheme = scheme
        self.respond = respond
    }

    /// Everything that was asked so far.
    package var requests: [Request] { log.withLock { $0 } }

    /// The URL of a path.
    package func url(_ path: String = "/hook") -> String { "\(scheme)://127.0.0.1:\(port.withLock { $0 })\(path)" }

    /// Runs something beside a server that is asked for the first, second … time, and which is closed afterwards.
    package static func run<Result>(
        tls: TestIdentity? = nil,
        _ respond: @escaping @Sendable (Int) -> Answer,
        during body: (StandIn) async throws -> Result
    ) async throws -> Result {
        try await run(tls: tls, answering: { count, _ in respond(count) }, during: body)
    }

    /// The same, with answers that depend on what is asked.
    package static func run<Result>(
        tls: TestIdentity? = nil,
        answering respond: @escaping @Sendable (Int, Request) -> Answer,
        during body: (StandIn) async throws -> Result
    ) async throws -> Result {
        let server = StandIn(tls == nil ? "http" : "https", respond)
        let context = try tls.map { try $0.context() }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: false)
                    try pipeline.addHandler(Handler(server))
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
        let count = log.withLock { log in
            log.append(request)
            return log.count
        }
        return respond(count, request)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let server: StandIn
        private var request = Request(method: .GET, uri: "", headers: [:], body: [])

        init(_ server: StandIn) {
            self.server = server
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): request = Request(method: head.method, uri: head.uri, headers: head.headers, body: [])
            case .body(let buffer): request.body += Array(buffer: buffer)
            case .end: write(server.answer(request), context)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func begin(_ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ fields: [(String, String)])
        {
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: HTTPHeaders(fields))
            context.write(wrapOutboundOut(.head(head)), promise: nil)
        }

        private func send(_ context: ChannelHandlerContext, _ bytes: [UInt8]) {
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        }

        private func whole(
            _ context: ChannelHandlerContext,
            _ status: HTTPResponseStatus,
            _ fields: [(String, String)],
            _ text: String
        ) {
            begin(context, status, fields + [("Content-Length", "\(text.utf8.count)")])
            send(context, Array(text.utf8))
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }

        private func hold(_ context: ChannelHandlerContext, _ text: String, _ isFree: @escaping @Sendable () -> Bool) {
            guard !isFree() else { return whole(context, .ok, [], text) }
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(20)) {
                bound.value.0.hold(bound.value.1, text, isFree)
            }
        }

        private func write(_ answer: Answer, _ context: ChannelHandlerContext) {
            switch answer {
            case .silence: break
            case .close: context.close(promise: nil)
            case .reply(let status, let fields, let text): whole(context, status, fields, text)
            case .late(let delay, let text):
                let end = ContinuousClock.now + delay
                hold(context, text) { ContinuousClock.now >= end }
            case .held(let isFree, let text): hold(context, text, isFree)
            case .half(let text):
                begin(context, .ok, [("Content-Length", "\(text.utf8.count * 2)")])
                send(context, Array(text.utf8))
                context.close(promise: nil)
            case .flood(let count):
                begin(context, .ok, [])
                for _ in 0..<(count / 65_536) { send(context, Array(repeating: 0x20, count: 65_536)) }
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            case .drip:
                begin(context, .ok, [("Content-Length", "100")])
                send(context, Array("{".utf8))
            }
        }
    }
}

/// A TLS certificate of a test for 127.0.0.1, signed by itself.
package struct TestIdentity: Sendable {
    private let certificate: NIOSSLCertificate
    private let key: NIOSSLPrivateKey
    /// The certificate as PEM.
    package let pem: String

    /// Makes one for an address.
    package init(address: [UInt8] = [127, 0, 0, 1]) throws {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("a hook") }
        let made = try Certificate(
            version: .v3,
            serialNumber: .init(),
            publicKey: .init(key.publicKey),
            notValidBefore: Date(timeIntervalSinceNow: -3600),
            notValidAfter: Date(timeIntervalSinceNow: 3600),
            issuer: name,
            subject: name,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                SubjectAlternativeNames([.ipAddress(ASN1OctetString(contentBytes: address[...]))])
            },
            issuerPrivateKey: .init(key)
        )
        self.pem = try made.serializeAsPEM().pemString
        self.certificate = try NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem)
        self.key = try NIOSSLPrivateKey(bytes: Array(key.pemRepresentation.utf8), format: .pem)
    }

    /// What a server needs that shows it.
    package func context() throws -> NIOSSLContext {
        try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [.certificate(certificate)],
                privateKey: .privateKey(key)
            )
        )
    }
}
