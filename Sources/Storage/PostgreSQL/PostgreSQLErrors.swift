// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

/// What the server refused.
struct PostgreSQLRefusal: Sendable, Hashable {
    /// The SQLSTATE.
    let state: String
    /// The server's primary message, which names things and no values, except in class 22.
    let message: String
    /// Whether the server ended the connection with it.
    var isLast = false
}

/// What went wrong on a connection.
enum PostgreSQLFailure: Error, Hashable {
    /// The server refused a statement or the connection.
    case refused(PostgreSQLRefusal)
    /// There is no connection any more, and perhaps the server said why.
    case lost(String, String = "08006")
    /// The time limit passed.
    case late
    /// Nobody waits for it any more.
    case interrupted

    /// What libpq says of a connection that was not made, in its verbose form: the only place that has the SQLSTATE.
    init(connectionMessage text: String) {
        let lines = text.split(separator: "\n").filter { $0.first != "\t" }
        for line in lines.reversed() {
            // connection to server at "host" (address), port 5432 failed: FATAL:  28P01: password authentication …
            guard let found = line.firstMatch(of: /:\s+((?=[A-Z]*[0-9])[0-9A-Z]{5}): (.*)/) else { continue }
            self = .refused(PostgreSQLRefusal(state: String(found.1), message: String(found.2), isLast: true))
            return
        }
        self = .lost(
            lines.last { $0.contains("failed") }.map(String.init) ?? lines.first.map(String.init) ?? "no answer"
        )
    }
}

extension StoreError {
    /// What went wrong on a connection.
    init(postgreSQL error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let failure as PostgreSQLFailure: self.init(failure)
        default: self = .unavailable("The database failed.")
        }
    }

    private init(_ failure: PostgreSQLFailure) {
        switch failure {
        case .refused(let refusal): self.init(sqlState: refusal.state, message: refusal.message)
        case .lost(let message, let state): self.init(sqlState: state, message: message)
        case .late: self = .unavailable("The database does not answer in time.")
        case .interrupted: self = .unavailable("The read was cancelled.")
        }
    }

    /// What a SQLSTATE means for a caller (PostgreSQL's "Error Codes"); the message never holds a bound value.
    init(sqlState state: String, message: String) {
        let detail = message.isEmpty ? "" : ": \(message)"
        self =
            Self.knownState(state, detail) ?? Self.knownClass(String(state.prefix(2)), detail)
            ?? .unavailable("The database failed (SQLSTATE \(state))\(detail).")
    }

    private static func knownState(_ state: String, _ detail: String) -> StoreError? {
        switch state {
        case "25006": .unavailable("The database can't be written to\(detail).")
        case "25P03": .unavailable("The transaction took too long\(detail).")
        case "28P01": .unavailable("The database refuses the user's password\(detail).")
        case "3D000": .unavailable("There is no such database\(detail).")
        case "3F000": .unavailable("The database has no such schema\(detail).")
        case "40003": .unavailable("Whether the change was made is unknown\(detail).")
        case "42501": .unavailable("The database does not permit it\(detail).")
        case "53100": .unavailable("The database's disk is full\(detail).")
        case "53200": .unavailable("The database has no memory left\(detail).")
        case "53300": .unavailable("The database has too many connections\(detail).")
        case "55P03": .unavailable("The database is locked by another process\(detail).")
        case "57014": .unavailable("The database took too long\(detail).")
        case "57P01", "57P02": .unavailable("The database ended the connection\(detail).")
        case "57P03": .unavailable("The database can't be reached yet\(detail).")
        case "57P04": .unavailable("The database was dropped\(detail).")
        // Class 54: what a request holds is too large for an index, say.
        case "XX001", "XX002": .corrupted("The database is damaged\(detail).")
        default: nil
        }
    }

    private static func knownClass(_ class: String, _ detail: String) -> StoreError? {
        switch `class` {
        case "08": .unavailable("The database can't be reached\(detail).")
        case "0A": .unavailable("The database can't do it\(detail).")
        // The messages of this class quote the value.
        case "22": .corrupted("The database refuses a value.")
        case "23": .conflict("The database refuses the change\(detail).")
        case "25", "2D", "3B": .unavailable("The transaction can't go on\(detail).")
        case "26": .unavailable("The database has forgotten a statement\(detail).")
        case "28": .unavailable("The database does not let this program in\(detail).")
        case "40": .unavailable("Others change the same at the same time\(detail).")
        case "42": .corrupted("The database is not as this program writes it\(detail).")
        case "53": .unavailable("The database has run out of something\(detail).")
        case "54": .unavailable("The database has no room for so large a value\(detail).")
        case "55", "57": .unavailable("The database is not ready for it\(detail).")
        case "58": .unavailable("The database's system failed\(detail).")
        default: nil
        }
    }
}
