// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation

/// One thing that a device sent, and what came back: a line of the ledger.
struct LedgerEntry: Sendable, Encodable {
    /// What came back; anything but `odd` is what a client has to expect of nodes that come and go.
    enum Outcome: String, Sendable, Encodable {
        case success = "SUCCESS"
        case failure = "FAILURE"
        case pending = "PENDING"
        /// HTTP 503 that says when to come again.
        case unavailable
        /// No connection.
        case refused
        /// The connection ended before the reply did.
        case cut
        /// Nothing within the client's time limit.
        case silent
        case odd
    }

    enum Kind: String, Sendable, Encodable {
        /// The message as it was first made, or the very same bytes again.
        case request
        /// Another message around the same request, as clients make that don't keep what they sent.
        case remade
        case poll
    }

    var device: Int
    var story: Story
    var profile: String
    /// Which of the profile's challenges it is, counted from 0; the challenge itself stands nowhere.
    var challenge: Int
    var transactionID: String
    var kind: Kind
    var node: Int
    /// Seconds since 1970.
    var sent: Double
    var ended: Double
    var outcome: Outcome
    var detail: String?
    /// The certificate that the device holds now, DER.
    var certificate: Data?
}

/// A file with a JSON object a line, written as things happen.
actor Ledger {
    private let file: FileHandle
    private let encoder = JSONEncoder()
    /// The transactionIDs whose last answer was not a certificate.
    private(set) var unsuccessful: Set<String> = []

    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: path)
        else { throw Unusable("The ledger cannot be written: \(path)") }
        self.file = file
    }

    func add(_ entry: LedgerEntry) throws {
        if entry.outcome == .success {
            unsuccessful.remove(entry.transactionID)
        } else {
            unsuccessful.insert(entry.transactionID)
        }
        try file.write(contentsOf: try encoder.encode(entry) + Data("\n".utf8))
    }
}
