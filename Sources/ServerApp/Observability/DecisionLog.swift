// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Logging

/// Writes one structured line for each decided request, and counts it.
struct DecisionLog: EnrollmentObserver {
    let logger: Logger
    let metrics: ServerMetrics

    func decided(_ summary: EnrollmentSummary) {
        metrics.count(summary)
        let level: Logger.Level = summary.reason == .internalError ? .error : .info
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "profile": "\(summary.profile)",
            "reason": "\(summary.reason.rawValue)",
            "remote": "\(summary.remoteAddress)",
        ]
        if let transactionID = summary.transactionID { metadata["transactionID"] = "\(transactionID)" }
        if let serialNumber = summary.serialNumber { metadata["serial"] = "\(serialNumber)" }
        if !summary.detail.isEmpty { metadata["detail"] = "\(summary.detail)" }
        logger.log(level: level, "request decided", metadata: metadata)
    }

    func throttled(profile: String, remoteAddress: String, isFirst: Bool) {
        metrics.countThrottled(profile)
        guard isFirst else { return }
        logger.notice(
            "too many requests of an address failed; it has to wait",
            metadata: ["profile": "\(profile)", "remote": "\(remoteAddress)"]
        )
    }
}
