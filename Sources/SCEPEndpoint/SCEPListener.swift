// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Logging
public import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
public import ServiceLifecycle
import Synchronization

/// One listening socket with its roles, as a service: it serves until a graceful stop, and finishes what is in flight.
///
/// A stop closes the socket first, then waits for the requests being answered (at most
/// ``ListenerLimits/stopTimeout``), then closes what is left. Cancelling the task closes everything at once.
public final class SCEPListener: Service, Sendable {
    private enum Address {
        case unknown([CheckedContinuation<BoundAddress, any Error>])
        case known(Result<BoundAddress, any Error>)
    }

    private let configuration: ListenerConfiguration
    private let responders: ListenerResponders
    let group: any EventLoopGroup
    private let logger: Logger
    private let address = Mutex(Address.unknown([]))
    private let hasRun = Mutex(false)
    let isOpen = Atomic(false)
    /// The credential of connections that begin now; nil without TLS, and before it listens.
    private let tls = Mutex<NIOSSLContext?>(nil)

    /// Creates a listener, which binds its address only when it runs.
    ///
    /// The event loops are the process-wide ones unless others are given; the logger gets connections at level debug,
    /// and never a query or a body.
    public init(
        configuration: ListenerConfiguration,
        responders: ListenerResponders,
        group: (any EventLoopGroup)? = nil,
        logger: Logger
    ) {
        self.configuration = configuration
        self.responders = responders
        self.group = group ?? MultiThreadedEventLoopGroup.singleton
        self.logger = logger
    }

    /// Waits until the listener has bound its address, and gives it; throws what ``run()`` throws if it cannot.
    public func boundAddress() async throws -> BoundAddress {
        try await withCheckedThrowingContinuation { continuation in
            let known: Result<BoundAddress, any Error>? = address.withLock { address in
                switch address {
                case .unknown(let waiting):
                    address = .unknown(waiting + [continuation])
                    return nil
                case .known(let result):
                    return result
                }
            }
            if let known { continuation.resume(with: known) }
        }
    }

    /// Binds, serves and, at a graceful stop, finishes; throws a ``ListenerError`` if it cannot begin.
    public func run() async throws {
        let isFirst = hasRun.withLock { hasRun in
            defer { hasRun = true }
            return !hasRun
        }
        guard isFirst else { throw ListenerError.alreadyRun }
        let registry = ConnectionRegistry(limit: configuration.limits.connections)
        let server: any Channel
        do {
            try checkRoles()
            server = try await bind(registry)
        } catch {
            publish(.failure(error))
            throw error
        }
        let bound = BoundAddress(
            host: server.localAddress?.ipAddress ?? configuration.host,
            port: server.localAddress?.port ?? configuration.port
        )
        isOpen.store(true, ordering: .releasing)
        defer { isOpen.store(false, ordering: .releasing) }
        publish(.success(bound))
        logger.debug("listening", metadata: ["host": "\(bound.host)", "port": "\(bound.port)"])
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await server.closeFuture.get()
            } onGracefulShutdown: {
                server.close(promise: nil)
            }
        } onCancel: {
            server.close(promise: nil)
        }
        await finish(registry)
    }

    /// Whether it speaks TLS.
    public var isSecure: Bool { configuration.tls != nil }

    /// Reads the credential's files again: connections that begin from now on are served with what is in them.
    ///
    /// Those that are open go on. If the files can't be used, nothing changes. Without TLS there is nothing to do.
    public func renewCredential() throws(ListenerError) {
        guard let files = configuration.tls else { return }
        let context = try ServerTLS.context(files)
        tls.withLock { if $0 != nil { $0 = context } }
    }

    private func checkRoles() throws {
        if configuration.roles.contains(.scep), responders.scep == nil {
            throw ListenerError.roleWithoutResponder(.scep)
        }
        if configuration.roles.contains(.publication), responders.publication == nil {
            throw ListenerError.roleWithoutResponder(.publication)
        }
    }

    private func publish(_ result: Result<BoundAddress, any Error>) {
        let waiting = address.withLock { address -> [CheckedContinuation<BoundAddress, any Error>] in
            guard case .unknown(let waiting) = address else { return [] }
            address = .known(result)
            return waiting
        }
        for continuation in waiting { continuation.resume(with: result) }
    }

    // MARK: Starting

    private func bind(_ registry: ConnectionRegistry) async throws -> any Channel {
        let isSecure = configuration.tls != nil
        let first = try configuration.tls.map(ServerTLS.context)
        tls.withLock { $0 = first }
        let environment = ConnectionEnvironment(
            roles: configuration.roles,
            limits: configuration.limits,
            responders: responders,
            registry: registry,
            logger: logger,
            isSecure: isSecure,
            bodies: BodyBudget(bytes: configuration.limits.pendingBodyBytes)
        )
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptLimiter(registry: registry))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A request by POST comes in one piece of 2 to 6 KB, and nothing follows it before its answer.
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8192))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            // Some clients end their side after the request and still want the answer. Over TLS none does, and a
            // client that merely vanishes would be waited for.
            .childChannelOption(.allowRemoteHalfClosure, value: !isSecure)
            .childChannelInitializer { [self] channel in
                let tls = tls.withLock { $0 }
                return channel.eventLoop.makeCompletedFuture { try Self.assemble(channel, environment, tls) }
            }
        do {
            if let descriptor = configuration.descriptor {
                return try await bootstrap.withBoundSocket(descriptor).get()
            }
            return try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
        } catch {
            throw ListenerError.cannotBind(
                host: configuration.host,
                port: configuration.port,
                reason: String(describing: error)
            )
        }
    }

    /// Makes a channel that is none of a listener's a connection without TLS, with everything but the socket as in a listener.
    ///
    /// This is how connections are fed with bytes that nobody sent.
    package static func assemble(
        _ channel: any Channel,
        configuration: ListenerConfiguration,
        responders: ListenerResponders,
        logger: Logger
    ) throws {
        let environment = ConnectionEnvironment(
            roles: configuration.roles,
            limits: configuration.limits,
            responders: responders,
            registry: ConnectionRegistry(limit: configuration.limits.connections),
            logger: logger,
            isSecure: false,
            bodies: BodyBudget(bytes: configuration.limits.pendingBodyBytes)
        )
        try assemble(channel, environment, nil)
    }

    private static func assemble(
        _ channel: any Channel,
        _ environment: ConnectionEnvironment,
        _ tls: NIOSSLContext?
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        var limits = NIOHTTPDecoderLimitConfiguration()
        // The gate has enforced the limits on bytes; percent-encoding by the gate can triple a request line.
        limits.maxHeaderFieldSize = max(environment.limits.requestLineBytes * 3, environment.limits.headerFieldBytes)
        limits.maxHeaderListSize = limits.maxHeaderFieldSize + environment.limits.headerFieldBytes
        limits.maxHeaderFieldCount = environment.limits.headerFieldCount
        let gate = RequestGate(limits: environment.limits)
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        try pipeline.addHandler(gate)
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(HTTPConnection(environment: environment, gate: gate))
    }

    // MARK: Stopping

    private func finish(_ registry: ConnectionRegistry) async {
        let patience = Task.isCancelled ? Duration.zero : configuration.limits.stopTimeout
        if patience > .zero, await stop(registry, .finish, patience: patience) { return }
        // Closing sockets takes no time; a responder that ignores its cancellation is not waited for any longer.
        _ = await stop(registry, .abort, patience: .seconds(1))
    }

    /// Tells the connections, and waits for them to go; false if they have not when the patience is over.
    private func stop(_ registry: ConnectionRegistry, _ signal: StopSignal, patience: Duration) async -> Bool {
        let eventLoop = group.next()
        let gone = eventLoop.makePromise(of: Void.self)
        let outcome = eventLoop.makePromise(of: Bool.self)
        let timeout = eventLoop.scheduleTask(in: TimeAmount(patience)) { outcome.succeed(false) }
        gone.futureResult.whenComplete { _ in
            timeout.cancel()
            outcome.succeed(true)
        }
        registry.stop(signal, whenEmpty: gone)
        return (try? await outcome.futureResult.get()) ?? false
    }
}
