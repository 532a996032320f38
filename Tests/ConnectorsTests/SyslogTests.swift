// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Connectors
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization
internal import TestPeers
internal import TestSupport
internal import Testing

/// A receiver of syslog messages on loopback, which keeps the bytes that come.
private final class Receiver: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    var received: [UInt8] { bytes.withLock { $0 } }

    fileprivate func take(_ buffer: ByteBuffer) { bytes.withLock { $0 += Array(buffer.readableBytesView) } }

    /// Waits until so many bytes are there.
    func waitFor(_ count: Int) async throws {
        for _ in 0..<500 where received.count < count { try await Task.sleep(for: .milliseconds(10)) }
    }

    func listenTCP(_ identity: TestIdentity? = nil) async throws -> any Channel {
        let context = try identity?.context()
        return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
                    try pipeline.addHandler(StreamHandler(receiver: self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func listenUDP() async throws -> any Channel {
        try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramHandler(receiver: self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }
}

private final class StreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    let receiver: Receiver

    init(receiver: Receiver) { self.receiver = receiver }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { receiver.take(unwrapInboundIn(data)) }
}

private final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    let receiver: Receiver

    init(receiver: Receiver) { self.receiver = receiver }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { receiver.take(unwrapInboundIn(data).data) }
}

@Suite struct SyslogTests {
    private func message(_ text: String = "{}", target: String = "profile a") -> SyslogMessage {
        SyslogMessage(
            severity: 5,
            timestamp: "2026-11-25T14:00:00.123Z",
            host: "node 1",
            application: "sceptic",
            process: "7",
            kind: "enrollment.issued",
            parameters: [(name: "target", value: target)],
            text: text
        )
    }

    @Test func writesAMessageAsRFC5424HasIt() {
        let text = String(decoding: message().bytes, as: UTF8.self)
        #expect(
            text == "<109>1 2026-11-25T14:00:00.123Z node_1 sceptic 7 enrollment.issued "
                + "[sceptic@32473 target=\"profile a\"] \u{FEFF}{}"
        )
    }

    @Test func aSubjectCanNeitherEndALineNorAValue() {
        let hostile = "CN=\"]\\\n<109>1 - - - - - -\r\u{2028}\0\u{1B}[2J"
        let bytes = message("{\(hostile)}", target: hostile).bytes
        #expect(!bytes.contains { $0 < 0x20 || $0 == 0x7F })
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains("\u{2028}"))
        #expect(text.contains(#"target="CN=\"\]\\"#))
    }

    @Test func aDatagramIsCutBetweenCharacters() {
        for length in 1900..<1910 {
            let datagram = message(String(repeating: "ä", count: length)).datagram
            #expect(datagram.count <= SyslogMessage.maximumDatagramByteCount)
            #expect(datagram.count > SyslogMessage.maximumDatagramByteCount - 4)
            #expect(String(validating: datagram, as: UTF8.self) != nil)
        }
    }

    @Test(arguments: [
        "tls://logs.example", "http://logs.example:514", "udp://:514", "udp://a b:514", "udp://a:0", "udp://a:65536",
        "",
        "tcp://a:1\n",
    ])
    func refusesWhatIsNoReceiver(_ url: String) {
        #expect(SyslogDestination(url: url) == nil)
    }

    @Test func readsAddresses() {
        #expect(SyslogDestination(url: "tls://[::1]:6514")?.host == "::1")
        #expect(SyslogDestination(url: "tls://[::1]:6514")?.url == "tls://[::1]:6514")
    }

    @Test(arguments: ["tcp", "udp"]) func sendsToAReceiver(_ transport: String) async throws {
        let receiver = Receiver()
        let channel = try await transport == "tcp" ? receiver.listenTCP() : receiver.listenUDP()
        let port = try #require(channel.localAddress?.port)
        let sender = SyslogSender(
            try #require(SyslogDestination(url: "\(transport)://127.0.0.1:\(port)")),
            authorities: nil
        )
        let messages = [message("one"), message("two")]
        try await sender.send(messages)
        let expected = messages.flatMap { transport == "tcp" ? $0.frame : $0.datagram }
        try await receiver.waitFor(expected.count)
        #expect(receiver.received == expected)
        await sender.close()
        try await channel.close()
    }

    @Test func sendsOverTLSToWhomItKnowsOnly() async throws {
        let (receiver, folder) = (Receiver(), try TemporaryFolder())
        let (identity, other) = (try TestIdentity(), try TestIdentity())
        try folder.write("ca.pem", Array(identity.pem.utf8))
        try folder.write("other.pem", Array(other.pem.utf8))
        let channel = try await receiver.listenTCP(identity)
        let port = try #require(channel.localAddress?.port)
        let destination = try #require(SyslogDestination(url: "tls://127.0.0.1:\(port)"))
        let sender = SyslogSender(destination, authorities: folder.file("ca.pem"))
        try await sender.send([message()])
        try await receiver.waitFor(message().frame.count)
        #expect(receiver.received == message().frame)
        await sender.close()
        let stranger = SyslogSender(destination, authorities: folder.file("other.pem"))
        await #expect(throws: SyslogFailure.self) { try await stranger.send([message()]) }
        #expect(receiver.received == message().frame)
        try await channel.close()
    }

    @Test func tellsThatNobodyIsThere() async throws {
        let channel = try await Receiver().listenTCP()
        let port = try #require(channel.localAddress?.port)
        try await channel.close()
        let sender = SyslogSender(try #require(SyslogDestination(url: "tcp://127.0.0.1:\(port)")), authorities: nil)
        await #expect(throws: SyslogFailure.self) { try await sender.send([message()]) }
    }
}
