// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
public import SCEP

extension SCEPClientError: CustomStringConvertible {
    /// The sentence.
    public var description: String { sentence }

    /// What happened, in one plain sentence without a full stop.
    public var sentence: String {
        switch self {
        case .invalidInput(let reason), .unsupportedKey(let reason), .challengeMissing(let reason): reason
        case .network(let operation, let failure): "\(operation.name) failed: \(failure.sentence)"
        case .http(let operation, let status, let line, let location):
            "the server answered \(operation.name) with HTTP status \(status)"
                + (location.map { ", pointing to \($0)" } ?? "")
                + (line.map { ": \($0)" } ?? "")
        case .oversizedAnswer(let operation, let limit):
            "the server's answer to \(operation.name) is longer than \(limit) bytes"
        case .standardNotAnnounced: "the server does not announce SCEPStandard, which was expected of it"
        case .unusableCACertificates(let reason), .untrustedCACertificate(let reason): reason
        case .fingerprintMismatch(let expected, _):
            "no CA certificate of the server has the \(expected.digest.rawValue) fingerprint \(expected)"
        case .requestNotMade(let reason): "the request could not be made: \(reason)"
        case .refused(let failInfo, let text, _):
            "the server refused the request: \(failInfo.explanation)"
                + (text.map { " (\(failInfo.name), it says: '\($0.printable(200))')" } ?? " (\(failInfo.name))")
        case .pending: "the request waits for approval"
        case .pollingEnded(_, let polls):
            "the request still waits for approval after \(polls) \(polls == 1 ? "poll" : "polls")"
        case .replyRejected(let reason, _): "the server's reply is not acceptable: \(reason)"
        case .nextCARejected(let reason): "the server's answer to GetNextCACert is not acceptable: \(reason)"
        }
    }

    /// What to do about it, in one plain sentence without a full stop.
    public var hint: String? {
        switch self {
        case .invalidInput, .requestNotMade: nil
        case .unsupportedKey: "only RSA keys can do this"
        case .challengeMissing: "give the challenge; only where all keys are RSA does it go without one"
        case .network(_, .tls): "the server's TLS certificate has to be one that this machine trusts"
        case .network(let operation, _):
            operation.transactionID.map {
                "the request may have arrived; send it again with the same key (transaction \($0))"
            }
                ?? "check the URL, and whether the server runs"
        case .http(let operation, let status, _, let location):
            if location != nil {
                "redirects are not followed; if you trust that address, give it as the URL"
            } else if let id = operation.transactionID {
                status == 503 ? "try again later with the same key" : "the server's log tells more (transaction \(id))"
            } else if operation == .getNextCACert {
                "the CA may have no next certificate yet; `sceptic get-caps` shows whether it announces GetNextCACert"
            } else {
                "check the path of the URL"
            }
        case .oversizedAnswer: "check that the URL is that of a SCEP server"
        case .standardNotAnnounced: "somebody on the way may have changed its answer; ask the server's operator"
        case .unusableCACertificates: "check that the URL is that of a SCEP server"
        case .fingerprintMismatch(_, let offered):
            "it has \(offered.map(\.description).joined(separator: ", ")); this may be another server than you think"
        case .untrustedCACertificate: "check this machine's clock, and ask the server's operator"
        case .refused(let failInfo, _, let id): failInfo.hint(transactionID: id)
        case .pending(let id): "ask the server's operator to approve transaction \(id)"
        case .pollingEnded(let id, _):
            "once the server's operator has approved transaction \(id), send a new request with the same key"
        case .replyRejected(_, let id): "tell the server's operator (transaction \(id))"
        case .nextCARejected: "nothing of it is used; tell the server's operator"
        }
    }

    /// The transactionID of the pkiMessage that failed.
    public var transactionID: TransactionID? {
        switch self {
        case .network(let operation, _), .http(let operation, _, _, _), .oversizedAnswer(let operation, _):
            operation.transactionID
        case .refused(_, _, let id), .pending(let id), .pollingEnded(let id, _), .replyRejected(_, let id): id
        case .invalidInput, .unsupportedKey, .challengeMissing, .standardNotAnnounced, .unusableCACertificates,
            .fingerprintMismatch, .untrustedCACertificate, .requestNotMade, .nextCARejected:
            nil
        }
    }
}

extension NetworkFailure {
    var sentence: String {
        switch self {
        case .notReached(let reason): "the server can't be reached: \(reason)"
        case .connectionClosed: "the server closed the connection without a complete answer"
        case .timedOut: "the server did not answer in time"
        case .tls(let reason): "no TLS connection to the server: \(reason)"
        case .other(let reason): reason
        }
    }
}

extension FailInfo? {
    var name: String { map(\.description) ?? "no known failInfo" }

    var explanation: String {
        switch self {
        case .badAlg: "it does not accept an algorithm or the key of the request"
        case .badMessageCheck: "the request's signature did not verify there"
        case .badRequest: "it is not permitted or not served, or its challenge is wrong, used or expired"
        case .badTime: "the clocks of this machine and of the server are too far apart"
        case .badCertId: "it found no certificate that the request names"
        case nil: "it gave no reason that this version knows"
        }
    }

    func hint(transactionID: TransactionID) -> String {
        let explain = "the server's `sceptic request explain \(transactionID)` tells why"
        return switch self {
        case .badAlg: "`sceptic get-caps` shows what it announces; \(explain)"
        case .badTime: "set the clock; \(explain)"
        case .badMessageCheck, .badRequest, .badCertId, nil: explain
        }
    }
}

extension String {
    /// The first characters that may stand on a terminal: what a server wrote must not move the cursor.
    func printable(_ count: Int) -> String {
        let kept = unicodeScalars.filter {
            $0.value >= 32 && !(127..<160).contains($0.value) && $0.properties.generalCategory != .format
        }
        return String(String.UnicodeScalarView(kept.prefix(count)))
    }
}
