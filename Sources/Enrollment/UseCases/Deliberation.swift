// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import SCEP

internal import struct Foundation.Date
internal import struct Foundation.UUID

/// A reason to end a request, with what was seen.
struct Ending: Error {
    var reason: ReasonCode
    var detail: String
}

/// One request while it is being decided: its trace so far and what is known of its sender.
struct Deliberation {
    let profile: ServedProfile
    let remoteAddress: String
    let receivedAt: Date
    var message: ReceivedMessage?
    /// The credential that a recipient of the message named, which answers whatever comes of it (design §6.7).
    var credential: RACredential?
    /// The transactionID, if there is one.
    var transactionID: String?
    var isAuthenticated = false
    /// How the sender authenticated, in plain words.
    var authentication = ""
    /// Whether the profile lets anybody wait for a decision.
    var isOpen = false
    private(set) var steps: [TraceStep] = []

    init(profile: ServedProfile, remoteAddress: String, receivedAt: Date) {
        self.profile = profile
        self.remoteAddress = remoteAddress
        self.receivedAt = receivedAt
        steps.reserveCapacity(12)
    }

    mutating func pass(_ name: String, _ detail: String) {
        add(name, .passed, detail)
    }

    mutating func note(_ name: String, _ detail: String) {
        add(name, .noted, detail)
    }

    /// Records a step that ends the request, and gives the error to throw.
    mutating func fail(_ name: String, _ reason: ReasonCode, _ detail: String) -> Ending {
        let detail = add(name, .failed, detail)
        return Ending(reason: reason, detail: detail)
    }

    /// The most bytes of a step's detail: much of it is what a stranger wrote, and goes into the database and the log.
    private static let maximumDetailByteCount = 400

    @discardableResult
    private mutating func add(_ name: String, _ outcome: TraceOutcome, _ detail: String) -> String {
        var bounded = detail.showable
        if bounded.utf8.count > Self.maximumDetailByteCount {
            bounded = String(decoding: bounded.utf8.prefix(Self.maximumDetailByteCount), as: UTF8.self) + "…"
        }
        steps.append(TraceStep(name: name, outcome: outcome, detail: bounded))
        return bounded
    }

    func trace(_ reason: ReasonCode) -> TraceRecord {
        var generator = SecureRandom()
        return TraceRecord(
            id: .version7(at: receivedAt, using: &generator),
            at: receivedAt,
            profile: profile.name,
            transactionID: transactionID,
            isAuthenticated: isAuthenticated,
            remoteAddress: remoteAddress,
            reasonCode: reason.rawValue,
            steps: steps
        )
    }
}
