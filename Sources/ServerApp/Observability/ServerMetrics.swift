// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import SCEP
internal import Synchronization

internal import struct Foundation.Date

/// Counts what the server does, for Prometheus.
///
/// Labels come from closed sets: profiles, message types, results and reason codes.
final class ServerMetrics: Sendable {
    private struct Label: Hashable {
        var profile: String
        var type: MessageType?
        var reason: ReasonCode

        var sortKey: (String, String, String) { (profile, type?.rawValue ?? "", reason.rawValue) }

        var labels: [MetricsText.Label] {
            [
                ("profile", profile), ("type", ServerMetrics.name(of: type)),
                ("result", Verdict(reason).metricLabel), ("reason", reason.rawValue),
            ]
        }
    }

    private struct Counts {
        var requests: [Label: Int] = [:]
        var times: [MessageType?: DurationHistogram] = [:]
        var unserved: [String: Int] = [:]
        var throttled: [String: Int] = [:]
        var droppedTraces = 0
        var recovered = 0
        /// By output, in seconds.
        var auditLag: [String: Double] = [:]
    }

    private let counts = Mutex(Counts())

    /// Counts one decided request.
    func count(_ summary: EnrollmentSummary) {
        let seconds = summary.decidedAt.timeIntervalSince(summary.receivedAt)
        counts.withLock { counts in
            let label = Label(profile: summary.profile, type: summary.messageType, reason: summary.reason)
            counts.requests[label, default: 0] += 1
            counts.times[summary.messageType, default: DurationHistogram()].add(seconds)
        }
    }

    /// Counts one request of a profile that is not served.
    func countUnserved(_ profile: String) {
        counts.withLock { $0.unserved[profile, default: 0] += 1 }
    }

    /// Counts a request that was not looked at, since too many of its address failed.
    func countThrottled(_ profile: String) {
        counts.withLock { $0.throttled[profile, default: 0] += 1 }
    }

    /// Counts traces that were dropped.
    func countDroppedTraces(_ number: Int) {
        counts.withLock { $0.droppedTraces += number }
    }

    /// Counts transactions that were finished for a node that is gone.
    func countRecovered(_ number: Int) {
        counts.withLock { $0.recovered += number }
    }

    /// Tells how far an output of the audit log is behind, in seconds.
    func setAuditLag(_ output: String, _ seconds: Double) {
        counts.withLock { $0.auditLag[output] = seconds }
    }

    /// Writes everything.
    func write(to text: inout MetricsText) {
        let counts = counts.withLock { $0 }
        text.begin(
            "sceptic_requests_total",
            .counter,
            "Requests decided, by profile, message type, result and reason code."
        )
        for (label, number) in counts.requests.sorted(by: { $0.key.sortKey < $1.key.sortKey }) {
            text.sample(label.labels, number)
        }
        text.begin("sceptic_request_duration_seconds", .histogram, "Time to decide a request, by message type.")
        for (type, times) in counts.times.sorted(by: { Self.name(of: $0.key) < Self.name(of: $1.key) }) {
            text.sample([("type", Self.name(of: type))], times)
        }
        text.begin("sceptic_unserved_requests_total", .counter, "Requests of profiles that are not served.")
        for (profile, number) in counts.unserved.sorted(by: { $0.key < $1.key }) {
            text.sample([("profile", profile)], number)
        }
        text.begin(
            "sceptic_requests_throttled_total",
            .counter,
            "Requests not looked at, since too many of their address failed."
        )
        for (profile, number) in counts.throttled.sorted(by: { $0.key < $1.key }) {
            text.sample([("profile", profile)], number)
        }
        text.add(
            "sceptic_traces_dropped_total",
            .counter,
            "Traces dropped because they came faster than the database took them.",
            counts.droppedTraces
        )
        text.add(
            "sceptic_lease_recoveries_total",
            .counter,
            "Transactions that this server finished for one that is gone.",
            counts.recovered
        )
        text.begin(
            "sceptic_audit_output_lag_seconds",
            .gauge,
            "Age of the oldest event that an output of the audit log did not take."
        )
        for (output, seconds) in counts.auditLag.sorted(by: { $0.key < $1.key }) {
            text.sample([("output", output)], seconds)
        }
    }

    /// What is no message of RFC 8894 has no type: peers must not make up labels.
    private static func name(of type: MessageType?) -> String { type?.description ?? "none" }
}

extension Verdict {
    /// What the peer heard, in a word for metrics.
    fileprivate var metricLabel: String {
        switch self {
        case .certificate: "success"
        case .pending: "pending"
        case .failure, .uniformFailure: "failure"
        case .unanswerable: "unreadable"
        case .unavailable: "unavailable"
        }
    }
}
