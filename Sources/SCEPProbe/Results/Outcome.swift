// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What came of a requirement.
package enum Outcome: String, Sendable, Hashable, Codable, CaseIterable {
    case pass
    case fail
    case notTestable = "not testable"
    /// It takes `--dangerous`.
    case skipped
}

/// One thing that was seen.
package struct Finding: Sendable, Hashable, Codable {
    /// What the requirement asks for; only where something else came.
    package var expected: String?
    /// What came.
    package var seen: String
    /// The number of the HTTP exchange in which it was seen; nil when it was none.
    package var exchange: Int?
}

/// A requirement with what came of it.
package struct RequirementResult: Sendable, Hashable, Codable {
    package var number: Int
    package var part: RequirementPart
    package var section: String
    package var level: RequirementLevel
    package var subject: RequirementSubject
    package var text: String
    package var outcome: Outcome
    /// Why there is no verdict; only when it isn't testable or was skipped.
    package var reason: String?
    /// Why a failure does not count under the profile of expectations, or why the level is another one.
    package var remark: String?
    /// Whether a failure counts.
    package var counts: Bool
    /// What was seen: all failures, or else a few of the rest.
    package var findings: [Finding]

    /// Whether this makes the server fail as a whole.
    package var isMandatoryFailure: Bool { outcome == .fail && counts && level.isMandatory }
}

/// Something that a kind of client needs beside the RFC, with what came of it.
package struct NeedResult: Sendable, Hashable, Codable {
    package var name: String
    package var text: String
    package var reason: String
    package var outcome: Outcome
    package var seen: String
}

/// One HTTP exchange, in a word.
package struct ExchangeRecord: Sendable, Hashable, Codable {
    package var number: Int
    package var label: String
    package var answer: String
    package var milliseconds: Int
}

/// Everything that a run of the prober found out.
package struct ProbeReport: Sendable, Hashable, Codable {
    package var version: String
    package var url: String
    package var profile: String
    package var started: String
    package var seconds: Double
    package var capabilities: [String]
    package var caCertificates: [String]
    package var results: [RequirementResult]
    package var needs: [NeedResult]
    /// What the reader has to know about the run as a whole.
    package var notes: [String]
    package var exchanges: [ExchangeRecord]

    /// How many results there are of an outcome.
    package func count(_ outcome: Outcome) -> Int { results.count { $0.outcome == outcome } }

    /// The mandatory requirements that failed.
    package var mandatoryFailures: [RequirementResult] { results.filter(\.isMandatoryFailure) }

    /// Whether every MUST and MUST NOT that could be tested holds.
    package var conforms: Bool {
        mandatoryFailures.isEmpty && !needs.contains { $0.outcome == .fail }
    }
}
