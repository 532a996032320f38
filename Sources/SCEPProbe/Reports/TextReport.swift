// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The report as text for a terminal.
package enum TextReport {
    /// Writes a report down.
    package static func render(_ report: ProbeReport) -> String {
        var lines = [
            "SCEP probe of \(report.url)",
            "profile \(report.profile), \(report.started), \(report.exchanges.count) requests, \(ReportWords.seconds(report.seconds))",
            "",
        ]
        for part in RequirementPart.allCases {
            let rows = report.results.filter { $0.part == part }
            guard !rows.isEmpty else { continue }
            lines.append(part.title)
            for row in rows { lines += self.lines(row) }
            lines.append("")
        }
        if !report.needs.isEmpty {
            lines.append("What this kind of client needs")
            for need in report.needs {
                lines.append("  \(mark(need.outcome))  \(need.name)  \(need.text) (\(need.seen))")
            }
            lines.append("")
        }
        for note in report.notes { lines.append("note: \(note)") }
        lines.append(ReportWords.summary(report))
        lines.append(ReportWords.verdict(report))
        return lines.joined(separator: "\n")
    }

    private static func lines(_ row: RequirementResult) -> [String] {
        let number = String(repeating: " ", count: max(0, 3 - "\(row.number)".count)) + "\(row.number)"
        let level = row.counts ? row.level.rawValue : "told"
        let padded = level + String(repeating: " ", count: max(0, 11 - level.count))
        var lines = ["  \(mark(row.outcome))  \(number)  \(padded)  \(row.text)"]
        let indent = String(repeating: " ", count: 12)
        switch row.outcome {
        case .pass: break
        case .fail:
            for finding in row.findings {
                let place = finding.exchange.map { " [\($0)]" } ?? ""
                lines.append("\(indent)expected \(finding.expected ?? "something else"); \(finding.seen)\(place)")
            }
        case .notTestable, .skipped: if let reason = row.reason { lines.append("\(indent)\(reason)") }
        }
        if let remark = row.remark, row.outcome != .pass { lines.append("\(indent)(\(remark))") }
        return lines
    }

    private static func mark(_ outcome: Outcome) -> String {
        switch outcome {
        case .pass: "pass   "
        case .fail: "FAIL   "
        case .notTestable: "-      "
        case .skipped: "skipped"
        }
    }
}

/// What all reports say in the same words.
enum ReportWords {
    static func summary(_ report: ProbeReport) -> String {
        "\(report.results.count) requirements: \(report.count(.pass)) pass, \(report.count(.fail)) fail, "
            + "\(report.count(.notTestable)) not testable, \(report.count(.skipped)) skipped"
    }

    static func verdict(_ report: ProbeReport) -> String {
        guard !report.conforms else { return "every MUST that could be tested holds" }
        let numbers =
            report.mandatoryFailures.map { "\($0.number)" } + report.needs.filter { $0.outcome == .fail }.map(\.name)
        return "does not conform: \(numbers.joined(separator: ", "))"
    }

    /// Seconds with one decimal place.
    static func seconds(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
