// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What was found out about each requirement so far.
struct Ledger {
    private struct Entry {
        var outcome: Outcome
        var finding: Finding
    }

    /// How many findings are kept that are no failures.
    private static let keptFindings = 3
    private var entries: [Int: [Entry]] = [:]
    private let secrets: [String]

    /// - Parameter secrets: what must not stand in a report.
    init(secrets: [String]) {
        self.secrets = secrets.filter { !$0.isEmpty }
    }

    mutating func add(_ number: Int, _ outcome: Outcome, expected: String? = nil, _ seen: String, _ exchange: Int?) {
        let finding = Finding(expected: expected.map(clean), seen: clean(seen), exchange: exchange)
        entries[number, default: []].append(Entry(outcome: outcome, finding: finding))
    }

    /// Whether a requirement was found to hold in an exchange.
    func holds(_ number: Int, in exchange: Int) -> Bool {
        let here = entries[number, default: []].filter { $0.finding.exchange == exchange }
        return !here.isEmpty && here.allSatisfy { $0.outcome == .pass }
    }

    /// What came of a requirement: one failure is enough to fail, and one verdict more than none.
    func outcome(_ number: Int) -> (Outcome, [Finding])? {
        guard let all = entries[number] else { return nil }
        for outcome in [Outcome.fail, .pass, .notTestable, .skipped] {
            var findings: [Finding] = []
            for entry in all
            where entry.outcome == outcome && !findings.contains(where: { $0.seen == entry.finding.seen }) {
                findings.append(entry.finding)
            }
            if !findings.isEmpty {
                return (outcome, Array(findings.prefix(outcome == .fail ? 10 : Self.keptFindings)))
            }
        }
        return nil
    }

    /// A server's words, without challenges that it may repeat and without what a terminal would obey.
    func clean(_ text: String) -> String {
        var text = text
        for secret in secrets { text = text.replacing(secret, with: "[challenge]") }
        let printable = text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format ? "?" : scalar
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: printable.prefix(300))
        return String(result)
    }
}
