// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Why there is no answer.
enum ConnectionTrouble: Error, Sendable, Equatable {
    case notReached(String)
    case closed
    case timedOut
    case tooLong
    case unreadable

    var sentence: String {
        switch self {
        case .notReached(let why): "the server can't be reached (\(why))"
        case .closed: "the connection was closed without an answer"
        case .timedOut: "no answer in time"
        case .tooLong: "an answer of more than \(RawConnection.maximumAnswerBytes) bytes"
        case .unreadable: "what came is no HTTP response"
        }
    }
}

/// Sends bytes over a connection of their own and reads one HTTP response.
enum RawConnection {
    /// The longest answer that is read, in bytes: a dozen certificates fill a hundredth of it.
    static let maximumAnswerBytes = 1 << 20

    /// Whom TLS trusts: the system's roots, or those in the file that `SSL_CERT_FILE` names, as OpenSSL's tools do.
    private static let tls = Result {
        var configuration = TLSConfiguration.clientDefault
        if let file = ProcessInfo.processInfo.environment["SSL_CERT_FILE"], !file.isEmpty {
            configuration.trustRoots = .file(file)
        }
        return try NIOSSLContext(configuration: configuration)
    }

    static func exchange(
        _ bytes: [UInt8],
        with url: ProbeURL,
        timeout: Duration
    ) async throws(ConnectionTrouble) -> HTTPAnswer {
        let limit = TimeAmount.milliseconds(Int64(timeout.components.seconds * 1000 + timeout.milliseconds))
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let promise = loop.makePromise(of: HTTPAnswer.self)
        let alarm = loop.scheduleTask(in: limit) { promise.fail(ConnectionTrouble.timedOut) }
        defer { alarm.cancel() }
        do {
            let tls = url.isSecure ? try tls.get() : nil
            let channel = try await ClientBootstrap(group: loop)
                .connectTimeout(limit)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let tls {
                            // An address is no server name.
                            let isAddress = url.host.contains(":") || url.host.allSatisfy { $0.isNumber || $0 == "." }
                            let handler = try NIOSSLClientHandler(
                                context: tls,
                                serverHostname: isAddress ? nil : url.host
                            )
                            try channel.pipeline.syncOperations.addHandler(handler)
                        }
                        try channel.pipeline.syncOperations.addHandler(Reader(bytes, promise))
                    }
                }
                .connect(host: url.host, port: url.port).get()
            defer { channel.close(promise: nil) }
            return try await promise.futureResult.get()
        } catch let trouble as ConnectionTrouble {
            throw trouble
        } catch {
            let trouble = ConnectionTrouble.notReached(reason(error))
            // A promise that nobody keeps would be an error in the program; failing it twice is none.
            promise.fail(trouble)
            throw trouble
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { "\($0.error)" } ?? "no address for the name \(error.host)"
        default: tlsReason(error) ?? "\(error)"
        }
    }

    /// Why TLS failed; nil when the error is none of TLS.
    private static func tlsReason(_ error: any Error) -> String? {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "TLS failed: the server's certificate is for another name"
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            // BoringSSL's codes come as text only.
            let isUntrusted = "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
            return "TLS failed" + (isUntrusted ? ": the server's certificate is not trusted" : "")
        default: return nil
        }
    }

    /// Writes the request and collects the response.
    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let request: [UInt8]
        private let promise: EventLoopPromise<HTTPAnswer>
        private var received: [UInt8] = []

        init(_ request: [UInt8], _ promise: EventLoopPromise<HTTPAnswer>) {
            self.request = request
            self.promise = promise
        }

        func channelActive(context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: request)), promise: nil)
            context.fireChannelActive()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += Array(buffer: unwrapInboundIn(data))
            guard received.count <= RawConnection.maximumAnswerBytes + 65_536 else {
                return promise.fail(ConnectionTrouble.tooLong)
            }
            settle(ended: false)
        }

        func channelInactive(context: ChannelHandlerContext) {
            if received.isEmpty { promise.fail(ConnectionTrouble.closed) } else { settle(ended: true) }
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            // A server may end the connection before it has read everything; what it said before that counts.
            if received.isEmpty {
                let reason = RawConnection.tlsReason(error)
                promise.fail(reason.map { ConnectionTrouble.notReached($0) } ?? ConnectionTrouble.closed)
            } else {
                settle(ended: true)
            }
            context.close(promise: nil)
        }

        private func settle(ended: Bool) {
            switch HTTPAnswer.read(received, ended: ended) {
            case .incomplete: break
            case .complete(let answer): promise.succeed(answer)
            case .unreadable: promise.fail(ConnectionTrouble.unreadable)
            }
        }
    }
}

extension Duration {
    /// The part below a second, in milliseconds.
    fileprivate var milliseconds: Int64 { components.attoseconds / 1_000_000_000_000_000 }
}
