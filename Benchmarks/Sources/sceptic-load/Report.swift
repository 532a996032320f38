// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import NIOCore

/// The figures of a run, as `--json` prints them.
struct Report: Sendable, Encodable {
    struct Server: Sendable, Encodable {
        var cpuMilliseconds: Double
        var residentBytes: Int
        var peakResidentBytes: Int
    }

    var count: Int
    var concurrency: Int
    var deviceKeys: Int
    var checks: String
    var seconds: Double
    var p50Milliseconds: Double
    var p99Milliseconds: Double
    var maxMilliseconds: Double
    var server: Server?
    var generatorCPUMilliseconds: Double
    /// What was wrong, and how often.
    var defects: [String: Int]

    var badCount: Int { defects.values.reduce(0, +) }

    var json: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }

    var text: String {
        var lines = [
            "\(count) enrolments over \(concurrency) connections in \(round(seconds, 2)) s; each message has its own subject,",
            "transactionID and challenge, AES-128 and SHA-256; \(deviceKeys) RSA-2048 device keys are used in turn",
            "throughput     \(round(Double(count) / seconds, 1)) enrolments/s",
            "latency        p50 \(round(p50Milliseconds, 1)) ms, p99 \(round(p99Milliseconds, 1)) ms, "
                + "max \(round(maxMilliseconds, 1)) ms",
            "generator CPU  \(round(generatorCPUMilliseconds, 3)) ms per enrolment",
        ]
        if let server {
            lines += [
                "server CPU     \(round(server.cpuMilliseconds, 3)) ms per enrolment",
                "server memory  peak \(round(Double(server.peakResidentBytes) / 1e6, 1)) MB, "
                    + "now \(round(Double(server.residentBytes) / 1e6, 1)) MB",
            ]
        }
        lines.append("replies        \(badCount) bad (checked: \(checks))")
        lines += defects.sorted { $0.key < $1.key }.prefix(10).map { "  \($0.value) x \($0.key)" }
        return lines.joined(separator: "\n")
    }

    private func round(_ number: Double, _ places: Int) -> String {
        String(format: "%.\(places)f", number)
    }
}
