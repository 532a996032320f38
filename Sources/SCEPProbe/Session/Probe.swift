// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX

package import struct Foundation.Date

/// The conformance prober: plays the client against a server and says which requirements hold.
package enum Probe {
    /// Runs all checks against a server.
    ///
    /// It ends by itself: the requests, the time of each and the time of all are limited.
    ///
    /// - Parameters:
    ///   - options: where the server is, what it takes, and the limits.
    ///   - version: the version of the program, for the report.
    ///   - now: the time, for the report.
    /// - Returns: what was found out.
    /// - Throws: `noURL`, `notSaved`. What the server does wrong is no error but a finding.
    package static func run(
        _ options: ProbeOptions,
        version: String,
        now: Date = Date()
    ) async throws(ProbeError) -> ProbeReport {
        guard let url = options.urls[.main] else { throw .noURL }
        let session = ProbeSession(options, main: url)
        let reached = try await checks(session)
        session.judgeStandard()
        for check in Check.all.dropFirst(reached) where session.wants(check) {
            for number in check.numbers { session.cannot(number, "the run ended before") }
        }
        let (seconds, attoseconds) = session.elapsed.components
        return ProbeReport(
            version: version,
            url: url.description,
            profile: options.profile.name,
            started: now.formatted(.iso8601),
            seconds: Double(seconds) + Double(attoseconds / 1_000_000_000_000_000) / 1000,
            capabilities: session.main.capabilities.map { session.ledger.clean($0) },
            caCertificates: session.main.authorities.map { session.ledger.clean($0.label) },
            results: RequirementTable.all.map { session.result($0) },
            needs: options.profile.needs.map { session.result($0) },
            notes: session.notes.map { session.ledger.clean($0) },
            exchanges: session.exchanges
        )
    }

    /// Runs the checks in order.
    ///
    /// - Returns: how many were done when the run ended.
    private static func checks(_ session: ProbeSession) async throws(ProbeError) -> Int {
        var done = 0
        do {
            try await session.discover(session.main)
            if session.main.authorities.isEmpty {
                session.notes.append("There are no CA certificates, so that nothing could be enveloped.")
                return 0
            }
            for check in Check.all {
                if session.wants(check) { try await session.run(check) }
                done += 1
            }
        } catch ProbeSession.Stop.notSaved(let why) {
            throw .notSaved(why)
        } catch let stop as ProbeSession.Stop {
            session.notes.append("The run ended early: \(stop.sentence).")
        } catch {
            session.notes.append("The run ended early: it was cancelled.")
        }
        return done
    }
}

extension ProbeSession {
    /// Whether a check is to be done.
    func wants(_ check: Check) -> Bool {
        guard let only = options.only else { return true }
        return !only.isDisjoint(with: check.numbers)
    }

    /// Does one check; what goes wrong in it is told of its requirements and ends nothing else.
    func run(_ check: Check) async throws {
        guard !check.isDangerous || options.sendsDangerousRequests else {
            for number in check.numbers { ledger.add(number, .skipped, "takes --dangerous", nil) }
            return
        }
        do {
            try await check.run(self)
        } catch let stop as Stop {
            throw stop
        } catch let error as CancellationError {
            throw error
        } catch {
            for number in check.numbers { cannot(number, "the check \"\(check.name)\" could not be made: \(error)") }
        }
    }

    /// Judges what follows from other requirements: SCEPStandard promises numbers 3 to 7.
    func judgeStandard() {
        guard main.lists("SCEPStandard") else { return cannot(20, "SCEPStandard is not listed") }
        let promised = (3...7).map { ($0, ledger.outcome($0)?.0) }
        if let broken = promised.first(where: { $0.1 == .fail }) {
            fail(20, expected: "numbers 3 to 7", "number \(broken.0) does not hold", nil)
        } else if promised.allSatisfy({ $0.1 == .pass }) {
            ledger.add(20, .pass, "numbers 3 to 7 hold", nil)
        } else {
            cannot(20, "numbers 3 to 7 could not all be tested")
        }
    }

    /// What came of a requirement.
    func result(_ requirement: Requirement) -> RequirementResult {
        let change = options.profile.changes.first { $0.number == requirement.number }
        var result = RequirementResult(
            number: requirement.number,
            part: requirement.part,
            section: requirement.section,
            level: change?.level ?? requirement.level,
            subject: requirement.subject,
            text: requirement.text,
            outcome: .notTestable,
            reason: nil,
            remark: change?.reason,
            counts: change == nil || change?.level != nil,
            findings: []
        )
        let (outcome, findings) = ledger.outcome(requirement.number) ?? (.notTestable, [])
        result.outcome = outcome
        switch outcome {
        case .pass, .fail: result.findings = findings
        case .notTestable, .skipped: result.reason = findings.first?.seen ?? unseen(requirement)
        }
        return result
    }

    private func unseen(_ requirement: Requirement) -> String {
        switch requirement.kind {
        case .everyReply: "no reply came that shows it"
        case .requests: "nothing came that shows it"
        case .dangerousRequests: "takes --dangerous"
        case .furtherURL(let role): options.urls[role] == nil ? "needs \(role.option)" : "nothing came that shows it"
        case .invisible(let why): why
        }
    }

    /// What came of something that a kind of client needs.
    func result(_ need: ExpectationProfile.Need) -> NeedResult {
        let holds: Bool
        let seen: String
        switch need.kind {
        case .capabilities(let choices):
            holds = choices.allSatisfy { choice in choice.contains { main.lists($0) } }
            seen = main.capabilities.isEmpty ? "no keyword" : main.capabilities.joined(separator: " ")
        case .singleCertificate:
            let hasRA = main.authorities.contains { !$0.isCertificateAuthority }
            let isChain = main.authorities.count > 1
            holds = hasRA || !isChain
            seen = hasRA ? "there is an RA" : isChain ? "\(main.authorities.count) certificates" : "one certificate"
        }
        return NeedResult(
            name: need.name,
            text: need.text,
            reason: need.reason,
            outcome: holds ? .pass : .fail,
            seen: ledger.clean(seen)
        )
    }
}
