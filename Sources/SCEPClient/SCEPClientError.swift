// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import SCEP

/// What can end a client's dealings with a server, by who has to do something about it.
public enum SCEPClientError: Error, Sendable, Equatable {
    /// What was asked for can't be done as it was written: a URL, a name, a fingerprint.
    case invalidInput(String)
    /// The key is of a kind that can't open what would be answered.
    case unsupportedKey(String)
    /// A key that can't decrypt makes a challenge necessary, and there is none (RFC 8894 §3.1).
    case challengeMissing(String)
    /// The server could not be spoken to.
    case network(SCEPOperation, NetworkFailure)
    /// The server answered with another HTTP status than 200. The line is the first of its text, the location where it points to.
    case http(SCEPOperation, status: Int, line: String?, location: String?)
    /// The server's answer is longer than any answer of SCEP: more bytes than the limit.
    case oversizedAnswer(SCEPOperation, limit: Int)
    /// `SCEPStandard` was expected and the server does not announce it (RFC 8894 §7.5).
    case standardNotAnnounced
    /// The certificates of GetCACert can't be read, or none of them serves.
    case unusableCACertificates(String)
    /// No CA certificate of the server has the expected fingerprint; those that it has.
    case fingerprintMismatch(expected: Fingerprint, offered: [Fingerprint])
    /// A certificate of GetCACert is not what it has to be before it may be used (RFC 8894 §2.2).
    case untrustedCACertificate(String)
    /// The request could not be made.
    case requestNotMade(String)
    /// The server rejected the request. An unknown failInfo is nil; the text is for people only.
    case refused(FailInfo?, text: String?, TransactionID)
    /// The request waits for approval.
    case pending(TransactionID)
    /// The request still waits for approval after as many polls as there may be, which ends the transaction (RFC 8894 §2.5.1).
    case pollingEnded(TransactionID, polls: Int)
    /// The reply is not what may be accepted.
    case replyRejected(String, TransactionID)
    /// The answer to GetNextCACert is not what may be trusted (RFC 8894 §4.7.1).
    case nextCARejected(String)
}

/// Why a server could not be spoken to.
public enum NetworkFailure: Sendable, Hashable {
    /// There was no connection, for a reason in words.
    case notReached(String)
    /// The connection ended before the answer did.
    case connectionClosed
    /// There was no answer in time.
    case timedOut
    /// TLS did not come about, for a reason in words.
    case tls(String)
    /// Something else, in words.
    case other(String)

    /// Whether sending the same bytes again can help: a server answers a request that it gets again as it did before.
    var isTransient: Bool {
        switch self {
        case .notReached, .connectionClosed: true
        case .timedOut, .tls, .other: false
        }
    }
}
