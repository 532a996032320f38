// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Enrollment
internal import Foundation
internal import PKIX
internal import StrictJSON

/// Asks a program of the administrator's: it reads the request (DER) from its standard input and says yes by exit status 0, as
/// micromdm's `-csrverifierexec` does.
public struct ProgramSource: ChallengeSource {
    /// The name in traces.
    public var name: String { "program '\(settings.name)'" }
    private let settings: ProgramSourceSettings
    private let places: Places
    private let grace: Duration

    /// Makes a source of its settings.
    public init(_ settings: ProgramSourceSettings) {
        self.init(settings, grace: .milliseconds(500))
    }

    init(_ settings: ProgramSourceSettings, grace: Duration) {
        self.settings = settings
        self.places = Places(settings.parallel)
        self.grace = grace
    }

    /// Runs the program; a resent request runs it again.
    public func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        // The program may use the challenge up.
        if question.isDryRun { return .unavailable("not asked in a dry run") }
        guard places.enter() else { return .unavailable("\(settings.parallel) of it run already") }
        return await ask(question)
    }

    private func ask(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        let run = ProgramRun(
            path: settings.path,
            arguments: settings.arguments,
            environment: [
                "PATH=/usr/local/bin:/usr/bin:/bin",
                "SCEPTIC_PROFILE=\(Self.plain(question.profile))",
                "SCEPTIC_RA_PROFILE=\(Self.plain(question.raProfile))",
                "SCEPTIC_TRANSACTION_ID=\(Self.plain(question.transactionID))",
            ],
            input: question.request.der,
            time: .seconds(settings.timeout),
            grace: grace
        )
        // A program that does not want to end keeps its place, although its question is answered.
        switch await run.outcome(whenGone: { places.leave() }) {
        case .exited(0, let output, _):
            let said = try? JSONValue(strictly: output)
            return .accept(
                claims: [],
                attributes: ChallengeAttributes(said?["data"], under: "program"),
                // Nobody knows how hard its challenges are to guess.
                strength: .unknown
            )
        case .exited(let status, _, let errors):
            let reason = ReasonText.shown(errors, without: question.challenge).map { ": \($0)" } ?? ""
            return .reject(.challengeRefused, detail: "exit status \(status)\(reason)")
        case .killed(let signal): return .unavailable("it was ended by signal \(signal)")
        case .lost: return .unavailable("how it ended is not known")
        case .timedOut: return .unavailable("it did not end in \(settings.timeout) s")
        case .notStarted(let reason): return .unavailable("it could not be started: \(reason)")
        }
    }

    /// A text that a device chose, without anything that means something to a shell or to a terminal, and of bounded length.
    static func plain(_ text: String) -> String {
        let kept = text.utf8.prefix(256).map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "/"):
                byte
            default: UInt8(ascii: "_")
            }
        }
        return String(decoding: kept, as: UTF8.self)
    }
}
