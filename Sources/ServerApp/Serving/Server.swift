// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import CMalloc
internal import Enrollment
public import Logging
public import SCEPEndpoint
internal import ServiceLifecycle
internal import Storage
internal import UnixSignals

internal import struct Foundation.Date
internal import struct Foundation.UUID

#if canImport(Glibc)
internal import Glibc
#endif

/// Serves a state folder: the composition root of `sceptic serve`.
public struct Server: Sendable {
    /// How long to wait for a database at the start.
    private static let patience: Duration = .seconds(30)

    /// How long traces are kept, in days, unless somebody says otherwise: a year, and the weeks in which one asks about it.
    public static let defaultTraceDays = 400
    /// How long they may be kept, in days.
    public static let traceDaysRange = 1...36_500

    private let folder: StateFolder
    private let listeners: [ListenerConfiguration]
    private let traceDays: Int
    private let adminFailuresPerMinute: Int
    private let audit: AuditOutputs
    private let logger: Logger
    private let fault: @Sendable (FaultPoint) -> Void
    private let notifier = ServiceNotifier()
    private let reloading: Reloading

    /// What a server may take up again while it runs.
    public struct Reloading: Sendable {
        /// The configuration file as it was read at the start; nil without one.
        public var configuration: ServerConfiguration?
        /// Whether the log level is the file's to say.
        public var takesLogLevel: Bool
        /// The level of the server's log lines.
        public var threshold: LogThreshold

        /// Puts it together.
        public init(
            configuration: ServerConfiguration? = nil,
            takesLogLevel: Bool = false,
            threshold: LogThreshold = LogThreshold()
        ) {
            self.configuration = configuration
            self.takesLogLevel = takesLogLevel
            self.threshold = threshold
        }
    }

    /// Puts a server together.
    ///
    /// - Parameters:
    ///   - folder: the state to serve.
    ///   - listeners: where to listen, and for what.
    ///   - traceDays: how long traces are kept.
    ///   - adminFailuresPerMinute: after how many failures to sign in an address has to wait; 0 for never.
    ///   - audit: where the audit log goes beside the database.
    ///   - logger: where log lines go.
    ///   - reloading: what is taken up again on SIGHUP.
    ///   - faultPoint: the name of a `FaultPoint` at which the process kills itself; for tests.
    public init(
        folder: StateFolder,
        listeners: [ListenerConfiguration],
        traceDays: Int = Self.defaultTraceDays,
        adminFailuresPerMinute: Int? = nil,
        audit: AuditOutputs = AuditOutputs(),
        logger: Logger,
        reloading: Reloading = Reloading(),
        faultPoint: String? = nil
    ) {
        self.reloading = reloading
        self.folder = folder
        self.listeners = listeners
        self.traceDays = traceDays
        self.adminFailuresPerMinute = adminFailuresPerMinute ?? Authenticator.usualFailuresPerMinute
        self.audit = audit
        self.logger = logger
        let deadly = faultPoint.flatMap(FaultPoint.init(rawValue:))
        self.fault = { point in
            if point == deadly { kill(getpid(), SIGKILL) }
        }
    }

    /// Lets the allocator keep up to 16 MB of what is freed in each arena, and grow by 1 MB at a time: otherwise it gives memory
    /// back and asks for it again more than once an enrolment, which costs a change of the process's page tables each time.
    private static func keepFreedMemory() {
        mallopt(M_TRIM_THRESHOLD, 16 << 20)
        mallopt(M_TOP_PAD, 1 << 20)
    }

    /// Raises the limit on open files to what the system allows, and gives it.
    private static func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }

    /// Leaves descriptors for the database and the log: without one to accept a connection with, a listener would spin.
    private func bounded(_ listener: ListenerConfiguration, by descriptors: Int) -> ListenerConfiguration {
        var listener = listener
        let share = max(16, (descriptors - 64) / max(1, listeners.count))
        listener.limits.connections = min(listener.limits.connections, share)
        return listener
    }

    /// Serves until the process is told to stop; what is in flight is finished first.
    ///
    /// - Parameter started: called when all listeners have bound their addresses.
    /// - Throws: `AppError` when it can not begin.
    public func run(started: @escaping @Sendable ([BoundAddress]) -> Void) async throws {
        Self.keepFreedMemory()
        // Before opening, which may bring the schema up to date: not under a server that is running.
        if let problem = audit.problems.first { throw AppError(.usage, "\(problem).") }
        try folder.checkState()
        try folder.lockForServing()
        let state = try await open()
        for warning in state.store.warnings { logger.warning("\(warning)") }
        let time = SystemTimeSource()
        let configuration = try await ConfigurationSnapshot(state, logger: logger)
        try checkServesSomething(configuration.current)
        try await checkAdministration(state, at: time.now)
        let presence = NodePresence(nodes: state.store, configuration: configuration, time: time, logger: logger)
        let result: Result<Void, any Error>
        do {
            try await presence.begin()
            // Before it was known to be there, nobody waited for it with a change.
            await configuration.refresh()
            result = .success(try await serve(state, configuration, presence, time, started: started))
        } catch {
            result = .failure(error)
        }
        // Also when it did not get to listen: others would wait for it.
        await presence.end()
        try? await state.store.close()
        try result.get()
    }

    /// Serves an open state until the process is told to stop.
    private func serve(
        _ state: OpenedState,
        _ configuration: ConfigurationSnapshot,
        _ presence: NodePresence,
        _ time: SystemTimeSource,
        started: @escaping @Sendable ([BoundAddress]) -> Void
    ) async throws {
        let listeners = listeners.map { bounded($0, by: Self.raiseDescriptorLimit()) }
        let metrics = ServerMetrics()
        let traces = TraceRecorder(store: state.store)
        let lists = CertificateLists(store: state.store, time: time) { id in configuration.current.authorities[id] }
        let enrollment = enrollmentService(
            state,
            node: presence.id,
            lists: lists,
            traces: traces,
            metrics: metrics,
            time: time
        )
        let recovery = LeaseRecovery(
            enrollment: enrollment,
            configuration: configuration,
            time: time,
            metrics: metrics,
            logger: logger
        )
        // Whatever a lone server finds reserved was left by its predecessor.
        try await recovery.recover(before: state.database.isShared ? time.now : .distantFuture)
        let authenticator = Authenticator(
            store: state.store,
            masterKey: state.masterKey,
            time: time,
            logger: logger,
            failuresPerMinute: adminFailuresPerMinute
        )
        let responders = ListenerResponders(
            scep: ProtocolService(
                configuration: configuration,
                enrollment: enrollment,
                unserved: UnservedRequests(logger: logger, metrics: metrics)
            ),
            publication: PublicationService(configuration: configuration, lists: lists),
            admin: AdminService(administration: Administration(state), logger: logger) { request in
                await authenticator.authenticate(request)
            },
            health: HealthService(
                store: state.store,
                presence: presence,
                metrics: metrics,
                state: StateMetrics(configuration: configuration, store: state.store, lists: lists, time: time),
                process: ProcessMetrics(startedAt: time.now)
            )
        )
        let running = listeners.map { SCEPListener(configuration: $0, responders: responders, logger: logger) }
        let announcer = StartAnnouncer(listeners: running) { [notifier] addresses in
            started(addresses)
            notifier.ready(status: Self.status(configuration.current))
        }
        let watchdog = Watchdog(notifier: notifier, listeners: running, logger: logger)
        let flusher = TraceFlusher(traces: traces, metrics: metrics, time: time, logger: logger)
        let expiry = ApprovalExpiry(approvals: state.store, time: time, logger: logger)
        let forgetting = [
            Forgetting.usedChallenges(state.store, time: time, logger: logger),
            Forgetting.answers(state.store, time: time, logger: logger),
            Forgetting.traces(state.store, days: traceDays, time: time, logger: logger),
        ]
        let replacement = ReplacementRevocation(replacements: state.store, time: time, logger: logger)
        let checkpoints = AuditCheckpoints(audit: state.store, time: time, logger: logger)
        let search = SearchCompletion(certificates: state.store, logger: logger)
        let housekeeping: [any Service] = [
            configuration, presence, recovery, flusher, expiry, replacement, checkpoints, search,
        ]
        let reload = ConfigurationReload(
            configuration: reloading.configuration,
            takesLogLevel: reloading.takesLogLevel,
            threshold: reloading.threshold,
            listeners: running,
            notifier: notifier,
            status: { Self.status(configuration.current) },
            logger: logger
        )
        let shippers = shippers(state, node: presence.id, metrics: metrics, time: time)
        let services = housekeeping + forgetting + shippers + running
        try await runUntilStopped(services + [announcer, watchdog, reload])
        _ = try? await traces.flush()
        await checkpoints.write()
    }

    /// What `systemctl status` shows.
    private static func status(_ configuration: ServedConfiguration) -> String {
        let others = configuration.refusals.count
        return "serving \(configuration.profiles.count) profiles" + (others == 0 ? "" : ", \(others) not served")
    }

    /// What hands the audit log to its outputs.
    private func shippers(
        _ state: OpenedState,
        node: UUID,
        metrics: ServerMetrics,
        time: SystemTimeSource
    ) -> [any Service] {
        // Where there can be but one server, none has to wait for a dead one's lease.
        let lone = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        let owner = state.database.isShared ? node : lone
        return audit.sinks.map { sink in
            AuditShipper(
                sink: sink,
                audit: state.store,
                owner: owner,
                metrics: metrics,
                time: time,
                logger: logger
            )
        }
    }

    /// Opens the state; a database that other machines share may start later than this server.
    private func open() async throws -> OpenedState {
        let end = ContinuousClock.now + Self.patience
        var isTold = false
        while true {
            do {
                return try await folder.open(as: "server")
            } catch let error as AppError where error.kind == .failure {
                guard try folder.isShared, ContinuousClock.now < end else { throw error }
                if !isTold { logger.warning("waiting for the database", metadata: ["error": "\(error.sentence)"]) }
                isTold = true
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Refuses to begin where every request would be answered by 404, and says why.
    ///
    /// Where somebody disabled a profile that is what they want, and CRLs have to go on.
    private func checkServesSomething(_ configuration: ServedConfiguration) throws {
        let isWanted = configuration.refusals.values.contains(ProfileRefusal.disabled.sentence)
        guard configuration.profiles.isEmpty, !isWanted else { return }
        let reasons = configuration.refusals.map { "'\($0.key)': \($0.value)" }.sorted()
        guard !reasons.isEmpty else {
            throw AppError(
                .state,
                "There is no SCEP profile in \(folder.path).",
                hint: "If 'sceptic init' was interrupted, remove the folder and run it again."
            )
        }
        throw AppError(.state, "No SCEP profile can be served (\(reasons.joined(separator: "; "))).")
    }

    /// Whether a host, as a listener or a peer has it, is this machine alone: all of 127/8, `::1` and `localhost`.
    public static func isLoopback(_ host: String) -> Bool {
        let text = host.lowercased()
        if ["::1", "localhost"].contains(text) { return true }
        let numbers = text.trimmingPrefix("::ffff:").split(separator: ".", omittingEmptySubsequences: false)
        // A name may begin with the same digits: 127.0.0.1.example is anybody's.
        return numbers.count == 4 && numbers.first == "127"
            && numbers.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt8($0) != nil }
    }

    /// Refuses to show the admin API to others where nobody could use it but whoever finds a way around.
    private func checkAdministration(_ state: OpenedState, at now: Date) async throws {
        guard let exposed = listeners.first(where: { $0.roles.contains(.admin) && !Self.isLoopback($0.host) }) else {
            return
        }
        let isThere: Bool
        do {
            isThere = try await state.store.hasAdministrator(at: now)
        } catch {
            throw AppError(error)
        }
        guard exposed.tls != nil, isThere else {
            throw AppError(
                .state,
                "The admin listener can't listen on \(exposed.host): there is nobody who may do everything, or no TLS.",
                hint: "Make somebody with: sceptic operator new NAME --role administrator"
            )
        }
    }

    private func enrollmentService(
        _ state: OpenedState,
        node: UUID,
        lists: CertificateLists,
        traces: TraceRecorder,
        metrics: ServerMetrics,
        time: SystemTimeSource
    ) -> EnrollmentService {
        EnrollmentService(
            stores: EnrollmentService.Stores(
                transactions: state.store,
                approvals: state.store,
                certificates: state.store,
                health: state.store
            ),
            lists: lists,
            traces: traces,
            observer: DecisionLog(logger: logger, metrics: metrics),
            time: time,
            masterKey: state.masterKey,
            node: node,
            fault: fault
        )
    }

    /// Runs the services until one of them ends or a signal comes.
    private func runUntilStopped(_ services: [any Service]) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        do {
            try await group.run()
        } catch let error as ListenerError {
            throw AppError(.busy, error.description)
        }
    }
}
