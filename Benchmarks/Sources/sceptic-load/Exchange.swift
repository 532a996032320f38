// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOCore
import NIOHTTP1
import NIOPosix

/// What became of a request.
struct Outcome: Sendable {
    enum Ending: Sendable {
        case reply(ByteBuffer)
        /// A phrase says what came instead of a reply.
        case lost(String)
    }

    var ending: Ending
    var latency: TimeAmount
}

/// Sends requests over keep-alive connections, each connection taking the next request when it has its reply.
///
/// Everything happens on one event loop, so nothing is locked and the generator takes little from the server's cores.
final class Exchange {
    struct Result: Sendable {
        var outcomes: [Outcome]
        var duration: TimeAmount

        /// The latency in milliseconds that a share of the requests did not exceed, by nearest rank.
        func percentile(_ share: Double) -> Double {
            let sorted = outcomes.map { Double($0.latency.nanoseconds) / 1e6 }.sorted()
            return sorted.dropFirst(Int((share * Double(sorted.count)).rounded(.up)) - 1).first ?? 0
        }
    }

    /// How long all connections together may be without a reply.
    private static let patience = TimeAmount.seconds(30)

    private let target: Target
    private let concurrency: Int
    private let eventLoop: any EventLoop
    private let finished: EventLoopPromise<Result>
    private var queue: ArraySlice<OutgoingRequest>
    private var outcomes: [Int: Outcome] = [:]
    private let total: Int
    private var waiting: [LoadConnection] = []
    private var started: NIODeadline?
    private var lastProgress = NIODeadline.now()

    private init(
        _ requests: ArraySlice<OutgoingRequest>,
        _ target: Target,
        _ concurrency: Int,
        _ eventLoop: any EventLoop
    ) {
        self.target = target
        self.concurrency = min(concurrency, requests.count)
        self.eventLoop = eventLoop
        self.finished = eventLoop.makePromise()
        self.queue = requests
        self.total = requests.count
    }

    /// Sends all requests and waits for their replies; the clock starts when all connections are open.
    ///
    /// - Throws: when a connection can't be opened, or when no reply comes for half a minute.
    static func run(
        _ requests: ArraySlice<OutgoingRequest>,
        to target: Target,
        concurrency: Int,
        on eventLoop: any EventLoop
    ) async throws -> Result {
        guard !requests.isEmpty else { return Result(outcomes: [], duration: .zero) }
        return try await eventLoop.flatSubmit {
            Exchange(requests, target, concurrency, eventLoop).begin()
        }.get()
    }

    private func begin() -> EventLoopFuture<Result> {
        for _ in 0..<concurrency { connect() }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let finished = finished
        let watch = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            guard bound.value.lastProgress + Self.patience < .now() else { return }
            finished.fail(Unusable("No reply came for \(Self.patience.nanoseconds / 1_000_000_000) s."))
        }
        finished.futureResult.whenComplete { _ in watch.cancel() }
        return finished.futureResult
    }

    private func connect() {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let finished = finished
        ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(LoadConnection(bound.value))
                }
            }
            .connect(host: target.host, port: target.port)
            .whenFailure { finished.fail(Unusable("A connection cannot be opened: \($0)")) }
    }

    /// A connection is open or has its reply: it gets the next request, or is closed when there is none.
    func ready(_ connection: LoadConnection) {
        guard started != nil else {
            waiting.append(connection)
            guard waiting.count == concurrency else { return }
            started = .now()
            return waiting.forEach(ready)
        }
        let index = queue.startIndex
        guard let request = queue.popFirst() else { return connection.close() }
        connection.send(request, index: index)
    }

    /// Takes down what became of a request.
    func record(_ index: Int, _ ending: Outcome.Ending, since sent: NIODeadline) {
        lastProgress = .now()
        outcomes[index] = Outcome(ending: ending, latency: lastProgress - sent)
        guard outcomes.count == total, let started else { return }
        let inOrder = outcomes.sorted { $0.key < $1.key }.map(\.value)
        finished.succeed(Result(outcomes: inOrder, duration: lastProgress - started))
    }

    /// A connection ended: another takes its place while there is work, each time at the cost of a request.
    func ended() {
        if started == nil { finished.fail(Unusable("The server closed a connection before the first request.")) }
        if !queue.isEmpty { connect() }
    }
}
