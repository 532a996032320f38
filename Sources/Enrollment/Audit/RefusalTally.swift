// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import struct Foundation.Date

/// Turns refusals into events of the audit log, few enough that no flood fills the disk.
///
/// A request that was refused though its sender had authenticated has an event of its own, once an hour for a transactionID and reason: who
/// captured it can send it again. All others are summed: one event for a profile, a reason and a minute.
struct RefusalTally: Sendable {
    /// Whether the sender had authenticated before the request was refused.
    enum Stage: Sendable, Hashable {
        case anonymous
        case authenticated
    }

    private struct Kind: Hashable {
        var profile: String
        var reason: String
        var minute: Int
    }

    private struct Known: Hashable {
        var transactionID: String?
        var profile: String
        var reason: String
    }

    private struct Sum {
        var count = 0
        var firstAddress: String
    }

    /// How many authenticated refusals are remembered.
    private static let capacity = 1000
    /// How many sums wait while the database is away: several hours of a server with many profiles.
    private static let sumCapacity = 2000

    private var sums: [Kind: Sum] = [:]
    private var known: [Known: Date] = [:]
    private var single: [AuditEvent] = []

    /// Takes a refusal.
    mutating func count(_ trace: TraceRecord, _ stage: Stage, detail: String) {
        if stage == .authenticated, isNew(trace) {
            var details = AuditDetails()
            details.add("profile", trace.profile)
            details.add("transactionID", trace.transactionID)
            details.add("detail", detail)
            single.append(
                AuditEvent(
                    at: trace.at,
                    action: "enrollment.refused",
                    actor: "device",
                    origin: trace.remoteAddress,
                    target: "profile \(trace.profile)",
                    after: details.text,
                    outcome: trace.reasonCode
                )
            )
            return
        }
        let minute = Int((trace.at.timeIntervalSince1970 / 60).rounded(.down))
        var kind = Kind(profile: trace.profile, reason: trace.reasonCode, minute: minute)
        // With no room for another one, what comes is added to any of its kind that waits.
        if sums[kind] == nil, sums.count >= Self.sumCapacity {
            kind = sums.keys.first { $0.profile == kind.profile && $0.reason == kind.reason } ?? kind
        }
        sums[kind, default: Sum(firstAddress: trace.remoteAddress)].count += 1
    }

    private mutating func isNew(_ trace: TraceRecord) -> Bool {
        let key = Known(transactionID: trace.transactionID, profile: trace.profile, reason: trace.reasonCode)
        let isRecent = known[key].map { trace.at.timeIntervalSince($0) < 3600 } ?? false
        guard !isRecent, single.count < Self.capacity else { return false }
        if known.count >= Self.capacity {
            known = known.filter { trace.at.timeIntervalSince($0.value) < 3600 }
            guard known.count < Self.capacity else { return false }
        }
        known[key] = trace.at
        return true
    }

    /// What is to be written now: what has an event of its own, and the sums of the minutes that are over; all of them if no moment is named.
    mutating func take(before moment: Date?) -> [AuditEvent] {
        let minute = moment.map { Int(($0.timeIntervalSince1970 / 60).rounded(.down)) } ?? .max
        var events = single
        single = []
        guard sums.keys.contains(where: { $0.minute < minute }) else { return events }
        for (kind, sum) in sums where kind.minute < minute {
            sums[kind] = nil
            var details = AuditDetails()
            details.add("profile", kind.profile)
            details.add("count", sum.count)
            details.add("firstAddress", sum.firstAddress)
            events.append(
                AuditEvent(
                    at: Date(timeIntervalSince1970: Double(kind.minute) * 60),
                    action: "enrollment.refused",
                    actor: "device",
                    origin: "various",
                    target: "profile \(kind.profile)",
                    after: details.text,
                    outcome: kind.reason
                )
            )
        }
        return events
    }
}
