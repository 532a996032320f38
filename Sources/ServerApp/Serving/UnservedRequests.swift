// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Logging
internal import Synchronization

/// Counts the requests of URLs that are configured and not served, and tells of them once a minute for each.
///
/// Their clients only hear that nothing is served there.
final class UnservedRequests: Sendable {
    private static let period = Duration.seconds(60)

    private let logger: Logger
    private let metrics: ServerMetrics
    private let told = Mutex<[String: ContinuousClock.Instant]>([:])

    init(logger: Logger, metrics: ServerMetrics) {
        self.logger = logger
        self.metrics = metrics
    }

    /// Counts a request.
    func count(_ profile: String, _ reason: String, from remoteAddress: String) {
        metrics.countUnserved(profile)
        let isDue = told.withLock { told in
            let now = ContinuousClock.now
            if let last = told[profile], last.duration(to: now) < Self.period { return false }
            told[profile] = now
            return true
        }
        guard isDue else { return }
        logger.warning(
            "requests of a profile that is not served",
            metadata: ["profile": "\(profile)", "reason": "\(reason)", "remote": "\(remoteAddress)"]
        )
    }
}
