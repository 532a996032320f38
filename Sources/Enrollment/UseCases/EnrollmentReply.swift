// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import SCEP

public import struct Foundation.Date

/// What is sent back for a request.
public enum EnrollmentReply: Sendable {
    /// A signed CertRep: HTTP 200.
    case certRep([UInt8])
    /// No CertRep can answer: HTTP 400 with a sentence.
    case unanswerable(String)
    /// Something that is needed does not answer: HTTP 503.
    case unavailable
    /// Too many requests from this address failed: HTTP 429, and after how many seconds the next one is looked at.
    case throttled(retryAfter: Double)
}

/// What a request came to, for logs and metrics.
///
/// Nothing in it is secret.
public struct EnrollmentSummary: Sendable {
    /// The SCEP profile's name.
    public var profile: String
    /// The messageType, if it is one of RFC 8894's.
    public var messageType: MessageType?
    /// The transactionID, if it could be read.
    public var transactionID: String?
    /// The result.
    public var reason: ReasonCode
    /// More about it, for operators.
    public var detail: String
    /// The peer's address.
    public var remoteAddress: String
    /// The serial number of the certificate, hexadecimal, if there is one.
    public var serialNumber: String?
    /// When the request came.
    public var receivedAt: Date
    /// When it was decided.
    public var decidedAt: Date
}

/// Hears of every request that was decided.
///
/// Called on the request's task: return at once.
public protocol EnrollmentObserver: Sendable {
    /// Takes a summary.
    func decided(_ summary: EnrollmentSummary)

    /// Hears that a request was not looked at, because too many from its address failed.
    ///
    /// - Parameters:
    ///   - profile: the SCEP profile's name.
    ///   - remoteAddress: the peer's address.
    ///   - isFirst: whether it is the first one of the address in a minute.
    func throttled(profile: String, remoteAddress: String, isFirst: Bool)
}

extension EnrollmentObserver {
    /// Does nothing.
    public func throttled(profile: String, remoteAddress: String, isFirst: Bool) {}
}
