// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Logging
internal import NIOCore
internal import NIOEmbedded
internal import SCEPEndpoint
internal import Synchronization

/// What became of the bytes that a client sent on one connection.
struct Dialogue: Equatable {
    /// Narrower than those of a listener, so that inputs of a fuzzer's size reach them.
    static let limits = {
        var limits = ListenerLimits()
        limits.requestLineBytes = 24 * 1024
        limits.headerFieldBytes = 2048
        limits.headerFieldCount = 16
        limits.bodyBytes = 12 * 1024
        return limits
    }()

    /// What the responder was asked, in order.
    let requests: [SCEPHTTPRequest]
    /// What was written, one answer each, without the date.
    let answers: [[UInt8]]

    /// Feeds the handlers of a connection, one piece after the other, with everything done in between that there is to do.
    init(_ pieces: some Sequence<ArraySlice<UInt8>>) throws(FuzzFinding) {
        let recorder = Recorder()
        let channel = EmbeddedChannel()
        try require("a connection can be set up") {
            try SCEPListener.assemble(
                channel,
                configuration: ListenerConfiguration(port: 0, roles: [.scep, .publication], limits: Self.limits),
                responders: ListenerResponders(scep: recorder, publication: NoDocuments(), health: AlwaysReady()),
                logger: Logger(label: "fuzzing") { _ in SwiftLogNoOpLogHandler() }
            )
            try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        }
        for piece in pieces where channel.isActive {
            try require("no error leaves the pipeline") { _ = try channel.writeInbound(ByteBuffer(bytes: piece)) }
            channel.embeddedEventLoop.run()
        }
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        channel.embeddedEventLoop.run()
        var answers: [[UInt8]] = []
        while let answer = try? channel.readOutbound(as: ByteBuffer.self) { answers.append(Self.undated(answer)) }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        self.answers = answers
        self.requests = recorder.requests
    }

    static func == (one: Dialogue, other: Dialogue) -> Bool {
        one.answers == other.answers && one.requests.count == other.requests.count
            && zip(one.requests, other.requests).allSatisfy {
                $0.profile == $1.profile && $0.operation == $1.operation && $0.message == $1.message
            }
    }

    private static func undated(_ answer: ByteBuffer) -> [UInt8] {
        let bytes = Array(answer.readableBytesView)
        guard let start = bytes.firstRange(of: Array("\r\nDate: ".utf8)),
            let end = bytes[start.upperBound...].firstIndex(of: 0x0D)
        else { return bytes }
        return Array(bytes[..<start.lowerBound] + bytes[end...])
    }
}

/// Keeps what it was asked, and answers as a server does.
private final class Recorder: SCEPResponder {
    private let recorded = Mutex<[SCEPHTTPRequest]>([])

    var requests: [SCEPHTTPRequest] { recorded.withLock { $0 } }

    func respond(to request: SCEPHTTPRequest) async -> SCEPHTTPResponse {
        recorded.withLock { $0.append(request) }
        return switch request.operation {
        case .getCACaps: .success(body: Array("POSTPKIOperation\n".utf8), contentType: "text/plain")
        case .getCACert, .getNextCACert: .success(body: [0x30, 0], contentType: "application/x-x509-ca-cert")
        case .pkiOperation: .success(body: [0x30, 0], contentType: "application/x-pki-message")
        case .unknown, .missing: .refusal(status: 501, sentence: "Not known here.", retryAfter: .seconds(1))
        }
    }
}

private struct NoDocuments: PublicationResponder {
    func document(at path: String) async -> Publication {
        if path.hasSuffix("/1.crl") {
            return .document(PublishedDocument(body: [0x30, 0], contentType: "application/pkix-crl"))
        }
        return path.hasSuffix("/2.crl") ? .unavailable(retryAfter: .seconds(1)) : .absent
    }
}

private struct AlwaysReady: HealthResponder {
    func isReady() async -> Bool { true }
    func metrics() async -> String { "" }
}
