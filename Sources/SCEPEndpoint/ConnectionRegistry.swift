// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOCore
import Synchronization

/// What a stopping listener tells its connections.
enum StopSignal: Sendable {
    /// Finish what is in flight, take nothing new.
    case finish
    /// Close now.
    case abort
}

/// The connections of one listener, counted and reachable for its stop.
///
/// A connection stays registered until it is closed *and* nothing works on its request any more.
final class ConnectionRegistry: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isStopping = false
        var whenEmpty: EventLoopPromise<Void>?
        /// Wakes the accepting side after it was told to wait.
        var whenBelowLimit: (@Sendable () -> Void)?
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// Adds a connection; false if the listener is stopping and the connection should close.
    func add(_ channel: any Channel) -> Bool {
        state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = channel
            return !state.isStopping
        }
    }

    func remove(_ channel: any Channel) {
        let (empty, wake) = state.withLock { state -> (EventLoopPromise<Void>?, (@Sendable () -> Void)?) in
            state.channels[ObjectIdentifier(channel)] = nil
            var empty: EventLoopPromise<Void>?
            if state.channels.isEmpty { swap(&empty, &state.whenEmpty) }
            var wake: (@Sendable () -> Void)?
            if state.channels.count < limit { swap(&wake, &state.whenBelowLimit) }
            return (empty, wake)
        }
        empty?.succeed()
        wake?()
    }

    /// Whether so many connections are open that keeping them alive would lock others out.
    var isCrowded: Bool {
        state.withLock { $0.channels.count > limit / 4 * 3 }
    }

    /// True if another connection may be accepted now; otherwise `wake` is called once that becomes so.
    func hasRoom(orElse wake: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.channels.count < limit { return true }
            state.whenBelowLimit = wake
            return false
        }
    }

    /// Tells every connection to finish or abort; the promise is kept when the last one has gone.
    func stop(_ signal: StopSignal, whenEmpty promise: EventLoopPromise<Void>) {
        let (channels, superseded, isEmpty) = state.withLock { state in
            state.isStopping = true
            let superseded = state.whenEmpty
            state.whenEmpty = state.channels.isEmpty ? nil : promise
            return (Array(state.channels.values), superseded, state.channels.isEmpty)
        }
        superseded?.succeed()
        if isEmpty { promise.succeed() }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(signal) }
    }
}

/// Stops accepting while too many connections are open, so that further clients wait in the system's queue.
final class AcceptLimiter: ChannelOutboundHandler {
    typealias OutboundIn = any Channel

    private let registry: ConnectionRegistry

    init(registry: ConnectionRegistry) {
        self.registry = registry
    }

    func read(context: ChannelHandlerContext) {
        let channel = context.channel
        if registry.hasRoom(orElse: { channel.read() }) { context.read() }
    }
}
