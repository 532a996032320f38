// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

extension StorageCheck {
    static let traceChecks: [StorageCheck] = [
        StorageCheck("keepsTracesAsTheyWere", with: keepsTraces),
        StorageCheck("listsTheNewestTracesFirst", with: listsNewestFirst),
        StorageCheck("keepsTheRingBounded", with: keepsTheRingBounded),
        StorageCheck("forgetsOldTraces", with: forgetsOldTraces),
    ]

    private static func keepsTraces(_ scenario: Scenario) async throws {
        let hostile = ["", "\t\n\r\n\\n\\\\\t", "\u{0}\u{1}'\";--", "\u{202E}\u{FEFF}e\u{301}", "a\\"]
        var trace = Scenario.trace("tab\there", authenticated: true, at: Scenario.moment(0.125))
        trace.steps = hostile.flatMap { name in
            TraceOutcome.allCases.map { TraceStep(name: name, outcome: $0, detail: name + name) }
        }
        var bare = Scenario.trace(nil, at: Scenario.moment(1))
        bare.steps = []
        try await scenario.store.append([trace, bare], ringSize: 10)
        let again = try await scenario.reopened()
        try expect(try await again.store.traces(before: nil, limit: 9), is: [bare, trace])
        try expect(try await again.store.traces(transactionID: "tab\there", limit: 9), is: [trace])
        try expect(try await again.store.traces(transactionID: "", limit: 9), is: [])
        try expect(try await again.store.trace(bare.id), is: bare)
        try expect(try await again.store.trace(Scenario.id()), is: nil)
        try await again.store.close()
    }

    private static func listsNewestFirst(_ scenario: Scenario) async throws {
        let traces = (0..<6).map { number in
            Scenario.trace(number.isMultiple(of: 2) ? "even" : "odd", at: Scenario.moment(Double(number)))
        }
        try await scenario.store.append(traces, ringSize: 100)
        let newestFirst = Array(traces.reversed())
        try expect(try await scenario.store.traces(before: nil, limit: 2), is: Array(newestFirst[..<2]))
        try expect(try await scenario.store.traces(before: traces[4].id, limit: 9), is: Array(newestFirst[2...]))
        try expect(try await scenario.store.traces(before: traces[0].id, limit: 9), is: [])
        try expect(try await scenario.store.traces(transactionID: "odd", limit: 2), is: [traces[5], traces[3]])
        try expect(try await scenario.store.traces(before: nil, limit: 0), is: [])
    }

    private static func forgetsOldTraces(_ scenario: Scenario) async throws {
        let traces = (0..<5).map { number in
            Scenario.trace("t", authenticated: number.isMultiple(of: 2), at: Scenario.moment(Double(number)))
        }
        try await scenario.store.append(traces, ringSize: 100)
        try expect(try await scenario.store.forgetTraces(before: Scenario.moment(0), limit: 9), is: 0)
        try expect(try await scenario.store.forgetTraces(before: Scenario.moment(3), limit: 2), is: 2)
        try expect(try await scenario.store.traces(before: nil, limit: 9), is: Array(traces[2...].reversed()))
        try expect(try await scenario.store.forgetTraces(before: Scenario.moment(3), limit: 2), is: 1)
        try expect(try await scenario.store.traces(before: nil, limit: 9), is: Array(traces[3...].reversed()))
    }

    private static func keepsTheRingBounded(_ scenario: Scenario) async throws {
        let known = (0..<5).map { Scenario.trace("known", authenticated: true, at: Scenario.moment(Double($0))) }
        let strangers = (0..<12).map { Scenario.trace("stranger", at: Scenario.moment(Double($0))) }
        try await scenario.store.append(known, ringSize: 4)
        for start in [0, 3, 6, 9] {
            try await scenario.store.append(Array(strangers[start..<start + 3]), ringSize: 4)
        }
        let kept = try await scenario.store.traces(transactionID: "stranger", limit: 99)
        try expect(kept, is: Array(strangers[8...].reversed()))
        try expect(try await scenario.store.traces(transactionID: "known", limit: 99).count, is: 5)
        try await scenario.store.append([], ringSize: 1)
        try expect(try await scenario.store.traces(transactionID: "stranger", limit: 99), is: [strangers[11]])
        try await scenario.store.append([], ringSize: 0)
        try expect(try await scenario.store.traces(transactionID: "stranger", limit: 99), is: [])
        try expect(try await scenario.store.traces(before: nil, limit: 99), is: known.reversed())
    }
}
