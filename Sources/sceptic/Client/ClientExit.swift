// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// The exit codes of the client commands, which `--help` lists.
enum ClientExit: Int32, CaseIterable {
    case done = 0
    case refused = 1
    case usage = 2
    case network = 3
    case caNotTrusted = 4
    case replyRejected = 5
    case pending = 6
    case localFile = 7

    /// The codes of commands that ask for what is there already.
    static let queries: [ClientExit] = allCases.filter { $0 != .pending }

    /// What the code means, for people.
    var meaning: String {
        switch self {
        case .done: "done"
        case .refused: "the server refused the request"
        case .usage: "the command was not used as it should be (64 when its arguments can't be read at all)"
        case .network: "the server could not be spoken to, or answered with an HTTP error"
        case .caNotTrusted: "the CA is not the expected one, or its certificates are not in order"
        case .replyRejected: "the reply is not from the CA, or not to this request"
        case .pending: "the request waits for approval"
        case .localFile: "a file could not be read or written"
        }
    }

    /// The table for `--help`.
    static func help(_ codes: [ClientExit]) -> String {
        "EXIT CODES\n" + codes.map { "  \($0.rawValue)  \($0.meaning)" }.joined(separator: "\n")
    }
}
