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
                let isServing = try await hold(&progress)
                let isDone = try await isServing ? handOver(&progress) : true
                pause = Self.interval
                if hasComplained, !isDone {
                    // Only when a look at the database finds nothing more is it known that all has come over.
                    progress.scanAt = .distantPast
                } else {
                    metrics.setAuditLag(sink.name, 0)
                }
                if hasComplained, isDone {
                    // Whoever has the output tells of it.
                    if isServing {
                        logger.notice("the audit log's output works again", metadata: ["output": "\(sink.name)"])
                    }
                    hasComplained = false
                }
            } catch {
                guard !Task.isCancelled else { break }
                // What failed may be a stream of another process, which nothing but a look at the database finds.
                progress.scanAt = .distantPast
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
        // Somebody else may have had it meanwhile, and has come further.
        if progress.heldUntil <= now { progress = Progress() }
        let lease = Lease(owner: owner, until: now.addingTimeInterval(Self.lease))
        guard try await audit.holdAuditOutput(sink.name, lease, at: now) else {
            progress = Progress()
            return false
        }
        progress.heldUntil = lease.until
        return true
    }

    /// Hands over what there is.
    ///
    /// - Returns: whether a look at the database found nothing.
    private func handOver(_ progress: inout Progress) async throws -> Bool {
        let (positions, isComplete) = try await positions(&progress)
        for position in positions {
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
                guard try await hold(&progress) else { return false }
            }
        }
        return isComplete && positions.isEmpty
    }

    /// From where on there is something to hand over, and whether that is all there is in the database.
    private func positions(_ progress: inout Progress) async throws -> (found: [AuditPosition], isAll: Bool) {
        let now = time.now
        let reached = progress.reached
        let heads = audit.ownAuditHeads
        let found = heads.compactMap { head -> AuditPosition? in
            // Before the first look at the database it is not known how far one has come.
            guard progress.scanAt > .distantPast else { return nil }
            let sequence = reached[head.stream] ?? 0
            return sequence < head.sequence ? AuditPosition(stream: head.stream, sequence: sequence) : nil
        }
        guard now >= progress.scanAt else { return (found, false) }
        let limit = 1000
        let backlog = try await audit.auditBacklog(of: sink.name, limit: limit)
        progress.scanAt = backlog.count < limit ? now.addingTimeInterval(Self.scanInterval) : now
        // What is remembered stays small: own streams. One without more for the output is handed over as far as it had come before.
        let waiting = Dictionary(uniqueKeysWithValues: backlog.map { ($0.stream, $0.sequence) })
        progress.reached = [:]
        for head in heads {
            progress.reached[head.stream] = backlog.count < limit ? waiting[head.stream] ?? head.sequence : nil
        }
        return (backlog, backlog.count < limit)
    }
}
