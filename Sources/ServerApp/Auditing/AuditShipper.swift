// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Logging
internal import ServiceLifecycle

internal import struct Foundation.Date
internal import struct Foundation.UUID

/// Hands the audit log to one output, from the table and at least once.
///
/// How far it has come stands in the database, by streams: commits come in another order than their events' moments, so that one moment
/// could not say. Of several nodes with the same output one at a time serves it.
struct AuditShipper: Service {
    /// How many events are handed over at once, and held in memory.
    private static let portion = 200
    private static let interval = 1.0
    /// How often it is looked for what other processes have written.
    private static let scanInterval = 15.0
    private static let lease = 30.0
    private static let longestPause = 60.0

    let sink: any AuditSink
    let audit: any AuditStore
    /// Who holds the output: the node, or the same id for all where there can be but one.
    let owner: UUID
    let metrics: ServerMetrics
    let time: any TimeSource
    let logger: Logger

    private struct Progress {
        /// How far the output has come in the streams that were looked at.
        var reached: [UUID: Int64] = [:]
        var scanAt = Date.distantPast
        var heldUntil = Date.distantPast
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await self.ship() }
    }

    private func ship() async {
        var progress = Progress()
        var pause = Self.interval
        var hasComplained = false
        while !Task.isCancelled {
            do {
                if try await hold(&progress) { try await handOver(&progress) }
                metrics.setAuditLag(sink.name, 0)
                pause = Self.interval
                if hasComplained {
                    logger.notice("the audit log's output works again", metadata: ["output": "\(sink.name)"])
                }
                hasComplained = false
            } catch {
                guard !Task.isCancelled else { break }
                pause = min(Self.longestPause, pause * 2)
                if !hasComplained {
                    logger.warning(
                        "an output of the audit log does not work",
                        metadata: ["output": "\(sink.name)", "error": "\(error)"]
                    )
                }
                hasComplained = true
            }
            try? await Task.sleep(for: .seconds(pause))
        }
    }

    /// Whether this node serves the output.
    private func hold(_ progress: inout Progress) async throws -> Bool {
        let now = time.now
        guard progress.heldUntil.timeIntervalSince(now) < Self.lease / 2 else { return true }
        let lease = Lease(owner: owner, until: now.addingTimeInterval(Self.lease))
        guard try await audit.holdAuditOutput(sink.name, lease, at: now) else {
            // Whoever has it meanwhile has moved on: everything is looked at anew later.
            progress = Progress()
            return false
        }
        progress.heldUntil = lease.until
        return true
    }

    private func handOver(_ progress: inout Progress) async throws {
        for position in try await positions(&progress) {
            var reached = position
            while true {
                let page = try await audit.auditEvents(after: reached, in: reached.stream, limit: Self.portion)
                guard let first = page.first, let last = page.last else { break }
                do {
                    try await sink.take(page)
                } catch {
                    metrics.setAuditLag(sink.name, max(0, time.now.timeIntervalSince(first.event.at)))
                    throw error
                }
                try await audit.advanceAuditOutput(sink.name, to: [last.position])
                reached = last.position
                progress.reached[reached.stream] = reached.sequence
                guard try await hold(&progress) else { return }
            }
        }
    }

    /// From where on there is something to hand over.
    private func positions(_ progress: inout Progress) async throws -> [AuditPosition] {
        let now = time.now
        let reached = progress.reached
        var found = audit.ownAuditHeads.compactMap { head -> AuditPosition? in
            // Before the first look at the database it is not known how far one has come.
            guard progress.scanAt > .distantPast else { return nil }
            let sequence = reached[head.stream] ?? 0
            return sequence < head.sequence ? AuditPosition(stream: head.stream, sequence: sequence) : nil
        }
        guard now >= progress.scanAt else { return found }
        let limit = 1000
        let backlog = try await audit.auditBacklog(of: sink.name, limit: limit)
        progress.scanAt = backlog.count < limit ? now.addingTimeInterval(Self.scanInterval) : now
        found = backlog
        // What is remembered stays small: own streams, and those with news.
        let own = Set(audit.ownAuditHeads.map(\.stream))
        progress.reached = progress.reached.filter { own.contains($0.key) }
        return found
    }
}
