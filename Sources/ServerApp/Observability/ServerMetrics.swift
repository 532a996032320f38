// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import SCEP
internal import Synchronization

internal import struct Foundation.Date

/// Counts what the server does, in the Prometheus text format.
///
/// Labels come from closed sets: profiles, message types and reason codes.
final class ServerMetrics: Sendable {
    /// The upper bounds of the histogram of times, in seconds.
    private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

    private struct Label: Hashable {
        var profile: String
        var type: MessageType?
        var reason: ReasonCode

        var sortKey: (String, String, String) { (profile, type?.rawValue ?? "", reason.rawValue) }

        var text: String {
            // What is no message of RFC 8894 has no type: peers must not make up labels.
            "{profile=\"\(profile)\",type=\"\(type?.description ?? "none")\",reason=\"\(reason.rawValue)\"}"
        }
    }

    private struct Counts {
        var requests: [Label: Int] = [:]
        var unserved: [String: Int] = [:]
        var buckets = [Int](repeating: 0, count: ServerMetrics.bounds.count)
        var sum = 0.0
        var count = 0
        var droppedTraces = 0
        var throttled: [String: Int] = [:]
    }

    private let counts = Mutex(Counts())

    /// Counts one decided request.
    func count(_ summary: EnrollmentSummary) {
        let seconds = summary.decidedAt.timeIntervalSince(summary.receivedAt)
        counts.withLock { counts in
            let label = Label(profile: summary.profile, type: summary.messageType, reason: summary.reason)
            counts.requests[label, default: 0] += 1
            for (index, bound) in Self.bounds.enumerated() where seconds <= bound { counts.buckets[index] += 1 }
            counts.sum += seconds
            counts.count += 1
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

    /// Everything as text.
    func text() -> String {
        let counts = counts.withLock { $0 }
        var lines = [
            "# HELP sceptic_requests_total Requests decided, by profile, message type and reason code.",
            "# TYPE sceptic_requests_total counter",
        ]
        for (label, number) in counts.requests.sorted(by: { $0.key.sortKey < $1.key.sortKey }) {
            lines.append("sceptic_requests_total\(label.text) \(number)")
        }
        lines += [
            "# HELP sceptic_unserved_requests_total Requests of profiles that are not served.",
            "# TYPE sceptic_unserved_requests_total counter",
        ]
        for (profile, number) in counts.unserved.sorted(by: { $0.key < $1.key }) {
            lines.append("sceptic_unserved_requests_total{profile=\"\(profile)\"} \(number)")
        }
        lines += [
            "# HELP sceptic_requests_throttled_total Requests not looked at, since too many of their address failed.",
            "# TYPE sceptic_requests_throttled_total counter",
        ]
        for (profile, number) in counts.throttled.sorted(by: { $0.key < $1.key }) {
            lines.append("sceptic_requests_throttled_total{profile=\"\(profile)\"} \(number)")
        }
        lines += [
            "# HELP sceptic_request_duration_seconds Time to decide a request.",
            "# TYPE sceptic_request_duration_seconds histogram",
        ]
        for (bound, number) in zip(Self.bounds, counts.buckets) {
            lines.append("sceptic_request_duration_seconds_bucket{le=\"\(bound)\"} \(number)")
        }
        lines += [
            "sceptic_request_duration_seconds_bucket{le=\"+Inf\"} \(counts.count)",
            "sceptic_request_duration_seconds_sum \(counts.sum)",
            "sceptic_request_duration_seconds_count \(counts.count)",
            "# HELP sceptic_traces_dropped_total Traces dropped because they came faster than the disk took them.",
            "# TYPE sceptic_traces_dropped_total counter",
            "sceptic_traces_dropped_total \(counts.droppedTraces)",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}
