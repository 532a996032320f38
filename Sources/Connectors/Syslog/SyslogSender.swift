// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Where syslog messages go.
public struct SyslogDestination: Sendable, Hashable {
    /// How they get there.
    public enum Transport: String, Sendable, Hashable, CaseIterable {
        /// Datagrams (RFC 5426): nobody hears of those that get lost.
        case udp
        /// A connection (RFC 6587, octet counting).
        case tcp
        /// A connection with TLS (RFC 5425).
        case tls
    }

    /// How they get there.
    public let transport: Transport
    /// A name or an address.
    public let host: String
    /// The port.
    public let port: Int

    /// Reads an address such as `tls://logs.example:6514`; nil if it is none.
    public init?(url: String) {
        guard let separator = url.firstRange(of: "://"),
            let transport = Transport(rawValue: String(url[..<separator.lowerBound]))
        else { return nil }
        let rest = url[separator.upperBound...]
        guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        let host = rest[..<colon].filter { !"[]".contains($0) }
        guard !host.isEmpty, host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-:_%".contains($0)) })
        else {
            return nil
        }
        self.transport = transport
        self.host = host
        self.port = port
    }

    /// The address.
    public var url: String { "\(transport.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

/// Why messages could not be sent.
public struct SyslogFailure: Error, Sendable, CustomStringConvertible {
    /// A few words.
    public let description: String
}

/// Sends messages to one destination, over one connection that is made when it is needed.
public actor SyslogSender {
    /// How long connecting may take.
    private static let patience = TimeAmount.seconds(10)
    /// How long a connection has to stay open after messages were written to it: TCP tells only later that nobody was there.
    private static let settling: Duration = .milliseconds(200)

    private let destination: SyslogDestination
    private let authorities: String?
    private var channel: (any Channel)?

    /// Makes a sender.
    ///
    /// - Parameters:
    ///   - destination: where to.
    ///   - authorities: a PEM file with the CAs that a TLS receiver's certificate may be from; the system's if nil.
    public init(_ destination: SyslogDestination, authorities: String?) {
        self.destination = destination
        self.authorities = authorities
    }

    /// Sends messages in their order.
    ///
    /// - Throws: when not all of them were taken; some may have been.
    public func send(_ messages: [SyslogMessage]) async throws(SyslogFailure) {
        do {
            let channel = try await open()
            switch destination.transport {
            case .udp:
                guard let address = channel.remoteAddress else { throw SyslogFailure(description: "no address") }
                for message in messages {
                    let data = ByteBuffer(bytes: message.datagram)
                    try await channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: data))
                }
            case .tcp, .tls:
                var data = ByteBuffer()
                for message in messages { data.writeBytes(message.frame) }
                try await Self.limited(channel.writeAndFlush(data), channel)
                try await Task.sleep(for: Self.settling)
                guard channel.isActive else { throw SyslogFailure(description: "the receiver closed the connection") }
            }
        } catch {
            await close()
            throw (error as? SyslogFailure) ?? SyslogFailure(description: "\(error)")
        }
    }

    /// Ends the connection.
    public func close() async {
        try? await channel?.close()
        channel = nil
    }

    /// A receiver that reads no more must not hold anybody up for ever.
    private static func limited(_ written: EventLoopFuture<Void>, _ channel: any Channel) async throws {
        let timer = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        defer { timer.cancel() }
        try await written.get()
    }

    private func open() async throws -> any Channel {
        if let channel, channel.isActive { return channel }
        channel = nil
        let group = MultiThreadedEventLoopGroup.singleton
        let new: any Channel
        switch destination.transport {
        case .udp:
            new = try await DatagramBootstrap(group: group)
                .connect(host: destination.host, port: destination.port).get()
        case .tcp:
            new = try await ClientBootstrap(group: group).connectTimeout(Self.patience)
                .connect(host: destination.host, port: destination.port).get()
        case .tls:
            var configuration = TLSConfiguration.makeClientConfiguration()
            if let authorities { configuration.trustRoots = .file(authorities) }
            let context = try NIOSSLContext(configuration: configuration)
            let host = destination.host
            let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
            new = try await ClientBootstrap(group: group).connectTimeout(Self.patience)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .connect(host: host, port: destination.port).get()
        }
        channel = new
        return new
    }
}
