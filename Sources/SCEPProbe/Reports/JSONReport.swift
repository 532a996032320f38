// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation

/// The report for programs.
package enum JSONReport {
    /// Writes a report down.
    package static func render(_ report: ProbeReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }
}
