// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Logging
internal import SCEPEndpoint
internal import ServiceLifecycle

internal import struct Foundation.Date

/// Tells when all listeners are bound, then waits for the end.
struct StartAnnouncer: Service {
    let listeners: [SCEPListener]
    let started: @Sendable ([BoundAddress]) -> Void

    func run() async throws {
        var addresses: [BoundAddress] = []
        for listener in listeners { addresses.append(try await listener.boundAddress()) }
        started(addresses)
        try? await gracefulShutdown()
    }
}

/// Stores waiting traces several times a second.
struct TraceFlusher: Service {
    let traces: TraceRecorder
    let metrics: ServerMetrics
    let time: any TimeSource
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // What waits is tried again several times a second, and that is told once.
            var hasComplained = false
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(200))
                do {
                    metrics.countDroppedTraces(try await traces.flush(at: self.time.now))
                    hasComplained = false
                } catch {
                    guard !Task.isCancelled else { return }
                    if hasComplained { continue }
                    hasComplained = true
                    logger.warning("traces could not be stored", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}

/// Finishes, now and then, what nodes left behind when they died.
struct LeaseRecovery: Service {
    private static let interval: Duration = .seconds(10)

    let enrollment: EnrollmentService
    let configuration: ConfigurationSnapshot
    let time: any TimeSource
    let metrics: ServerMetrics
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                do {
                    try await self.recover(before: self.time.now)
                } catch {
                    guard !Task.isCancelled else { return }
                    self.logger.warning("what was left open could not be looked at", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// Finishes what is reserved by leases that ended before a moment.
    func recover(before moment: Date) async throws {
        let finished = try await enrollment.resume(before: moment, issuers: configuration.current.issuers)
        metrics.countRecovered(finished)
        if finished > 0 { logger.notice("finished what was left open", metadata: ["transactions": "\(finished)"]) }
    }
}
