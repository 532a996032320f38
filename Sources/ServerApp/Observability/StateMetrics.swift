// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Enrollment
internal import Synchronization

internal import struct Foundation.Date

/// Tells what the state is like: certificates and CRLs with their ends, what waits, the database.
///
/// What only the database knows is asked at most every few seconds, however often it is scraped, and no scrape waits for it long.
final class StateMetrics: Sendable {
    /// How old what was asked of the database may be.
    private static let freshness: Duration = .seconds(15)
    /// How long a scrape waits; afterwards it gets what was known before.
    private static let patience: Duration = .seconds(1)
    /// How far what waits is counted.
    static let countLimit = 10_000

    private struct Known: Sendable {
        var backlog: StoreBacklog?
        var lists: [(name: String, thisUpdate: Date, nextUpdate: Date)] = []
        var askedAt: ContinuousClock.Instant?
    }

    private struct State {
        var known = Known()
        var asking: Task<Void, Never>?
    }

    private let configuration: ConfigurationSnapshot
    private let store: any StoreMeasuring
    private let lists: CertificateLists
    private let time: any TimeSource
    private let state = Mutex(State())

    init(
        configuration: ConfigurationSnapshot,
        store: any StoreMeasuring,
        lists: CertificateLists,
        time: any TimeSource
    ) {
        self.configuration = configuration
        self.store = store
        self.lists = lists
        self.time = time
    }

    /// Writes everything.
    func write(to text: inout MetricsText) async {
        await refresh()
        let current = configuration.current
        text.add(
            "sceptic_configuration_version",
            .gauge,
            "The version of the configuration that is served.",
            current.version
        )
        let disabled = current.refusals.values.count { $0 == ProfileRefusal.disabled.sentence }
        text.begin("sceptic_profiles", .gauge, "Profiles: served, disabled by somebody, or refused for what is wrong.")
        text.sample([("state", "served")], current.profiles.count)
        text.sample([("state", "disabled")], disabled)
        text.sample([("state", "refused")], current.refusals.count - disabled)
        text.begin(
            "sceptic_certificate_expiry_timestamp_seconds",
            .gauge,
            "The end of the server's own certificates, by role."
        )
        for own in current.ownCertificates { text.sample([("role", own.role), ("name", own.name)], own.notAfter) }
        writeLists(current, to: &text)
        writeStore(to: &text)
    }

    private func writeLists(_ current: ServedConfiguration, to text: inout MetricsText) {
        let lists =
            state.withLock { $0.known.lists }.map { (role: "own", list: $0) }
            + current.alternateLists.map { (role: "alternate", list: $0) }
        text.begin("sceptic_crl_this_update_timestamp_seconds", .gauge, "When the newest CRL was made, by CA.")
        for (role, list) in lists { text.sample([("role", role), ("name", list.name)], list.thisUpdate) }
        text.begin("sceptic_crl_next_update_timestamp_seconds", .gauge, "The end of the newest CRL, by CA.")
        for (role, list) in lists { text.sample([("role", role), ("name", list.name)], list.nextUpdate) }
    }

    private func writeStore(to text: inout MetricsText) {
        if let backlog = state.withLock({ $0.known.backlog }) {
            text.add(
                "sceptic_approvals_pending",
                .gauge,
                "Requests that wait for a decision, \(Self.countLimit) at most.",
                backlog.pendingApprovals
            )
            text.add(
                "sceptic_lease_recoveries_outstanding",
                .gauge,
                "Transactions whose server is gone and that nobody has finished, \(Self.countLimit) at most.",
                backlog.expiredLeases
            )
        }
        let measures = store.measures
        text.add("sceptic_store_waiting", .gauge, "Calls that wait for the database.", measures.waiting)
        if let connections = measures.connections {
            text.add("sceptic_store_connections", .gauge, "Open connections to the database server.", connections)
        }
        text.begin(
            "sceptic_store_commit_duration_seconds",
            .histogram,
            "Time of a transaction that writes, until it is durable."
        )
        text.sample([], measures.commits)
    }

    // MARK: Asking

    /// Asks the database, unless that was done just now; waits a moment for the answer.
    private func refresh() async {
        state.withLock { state in
            guard state.asking == nil else { return }
            if let last = state.known.askedAt, last.duration(to: .now) < Self.freshness { return }
            state.asking = Task { await self.ask() }
        }
        let end = ContinuousClock.now + Self.patience
        while state.withLock({ $0.asking != nil }), ContinuousClock.now < end {
            // Not by the task's value, which would be waited for however long it takes.
            do { try await Task.sleep(for: .milliseconds(5)) } catch { return }
        }
    }

    private func ask() async {
        let backlog = try? await store.backlog(at: time.now, limit: Self.countLimit)
        var found: [(name: String, thisUpdate: Date, nextUpdate: Date)] = []
        let former = state.withLock { $0.known.lists }
        for (id, authority) in configuration.current.authorities {
            let points = authority.publication
            for shard in 0...max(0, authority.crlShard) {
                let name = "\(points.issuerName)-\(points.keyGeneration)-\(shard)"
                // Has it made when it is due: a CRL that can't be made shows by its age, whether somebody fetches it or not.
                if let list = try? await lists.current(issuerID: id, shard: shard) {
                    found.append((name, list.thisUpdate, list.nextUpdate))
                } else if let last = former.first(where: { $0.name == name }) {
                    found.append(last)
                }
            }
        }
        found.sort { $0.name < $1.name }
        state.withLock { state in
            state.known = Known(backlog: backlog, lists: found, askedAt: .now)
            state.asking = nil
        }
    }
}
