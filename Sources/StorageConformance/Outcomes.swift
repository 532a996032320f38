// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

extension ReservationOutcome {
    /// The case's name, and the reason of a refusal.
    var word: String {
        switch self {
        case .reserved: "reserved"
        case .issued: "issued"
        case .alreadyIssued: "alreadyIssued"
        case .alreadyOpen: "alreadyOpen"
        case .otherRequestOpen: "otherRequestOpen"
        case .claimRefused(let refusal): "claimRefused(\(refusal.rawValue))"
        case .duplicate(let duplicate, _): "duplicate(\(duplicate.rawValue))"
        case .serialNumberTaken: "serialNumberTaken"
        }
    }

    var certificate: CertificateRecord? {
        switch self {
        case .issued(let certificate), .alreadyIssued(let certificate): certificate
        default: nil
        }
    }

    var open: OpenTransaction? {
        if case .alreadyOpen(let open) = self { return open }
        return nil
    }
}

extension PendingOutcome {
    /// The case's name, and the reason of a refusal.
    var word: String {
        switch self {
        case .pending: "pending"
        case .alreadyIssued: "alreadyIssued"
        case .alreadyOpen: "alreadyOpen"
        case .otherRequestOpen: "otherRequestOpen"
        case .claimRefused(let refusal): "claimRefused(\(refusal.rawValue))"
        }
    }

    var approval: ApprovalRecord? {
        if case .pending(let approval) = self { return approval }
        return nil
    }

    var certificate: CertificateRecord? {
        if case .alreadyIssued(let certificate) = self { return certificate }
        return nil
    }

    var open: OpenTransaction? {
        if case .alreadyOpen(let open) = self { return open }
        return nil
    }
}

extension FinishOutcome {
    /// The case's name.
    var word: String {
        switch self {
        case .issued: "issued"
        case .alreadyIssued: "alreadyIssued"
        case .notOpen: "notOpen"
        }
    }

    var certificate: CertificateRecord? {
        switch self {
        case .issued(let certificate), .alreadyIssued(let certificate): certificate
        case .notOpen: nil
        }
    }
}

func expect(
    _ outcome: ReservationOutcome,
    _ word: String,
    file: StaticString = #fileID,
    line: UInt = #line
) throws {
    try expect(outcome.word, is: word, file: file, line: line)
}

func expect(_ outcome: FinishOutcome, _ word: String, file: StaticString = #fileID, line: UInt = #line) throws {
    try expect(outcome.word, is: word, file: file, line: line)
}

func expect(_ outcome: PendingOutcome, _ word: String, file: StaticString = #fileID, line: UInt = #line) throws {
    try expect(outcome.word, is: word, file: file, line: line)
}
