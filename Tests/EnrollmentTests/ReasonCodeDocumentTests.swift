// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import Foundation
internal import SCEP
internal import Testing

/// The table of reason codes in `docs/operations.md`.
@Suite struct ReasonCodeDocumentTests {
    private struct Row: Hashable {
        var code: String
        var heard: String
    }

    private func rows() throws -> [Row] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/operations.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "\n## Reason codes\n").dropFirst().first)
        let lines = try #require(section.components(separatedBy: "\n## ").first).split(separator: "\n")
        return lines.filter { $0.hasPrefix("| `") }.map { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return Row(code: (cells.first ?? "").replacing("`", with: ""), heard: cells.last ?? "")
        }
    }

    private func heard(_ reason: ReasonCode) -> String {
        switch Verdict(reason) {
        case .certificate: "SUCCESS"
        case .pending: "PENDING"
        case .failure(let failInfo, _): "\(failInfo)"
        case .uniformFailure: "uniform"
        case .unanswerable: "HTTP 400"
        case .unavailable: "HTTP 503"
        }
    }

    @Test func namesEveryReasonOnceWithWhatTheDeviceHears() throws {
        let wanted = ReasonCode.allCases.map { Row(code: $0.rawValue, heard: heard($0)) }
        let found = try rows()
        #expect(Set(wanted).subtracting(found).isEmpty, "missing in docs/operations.md, or with another answer")
        #expect(Set(found).subtracting(wanted).isEmpty, "in docs/operations.md, and nowhere else")
        #expect(found.count == wanted.count)
    }
}
