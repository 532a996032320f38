// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// How a request went (RFC 8894 §3.2.1.3); the raw value is the text on the wire.
public enum PKIStatus: String, Sendable, Hashable, CaseIterable {
    /// The request is granted.
    case success = "0"
    /// The request is rejected; failInfo says why.
    case failure = "2"
    /// The request waits for approval.
    case pending = "3"
}

/// Why a request was rejected (RFC 8894 §3.2.1.4); the raw value is the text on the wire.
public enum FailInfo: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// Unknown or unsupported algorithm.
    case badAlg = "0"
    /// The integrity check failed.
    case badMessageCheck = "1"
    /// The transaction is not permitted or not supported.
    case badRequest = "2"
    /// The signingTime is too far from the system's time.
    case badTime = "3"
    /// No certificate could be identified.
    case badCertId = "4"

    /// The RFC's name.
    public var description: String {
        switch self {
        case .badAlg: "badAlg"
        case .badMessageCheck: "badMessageCheck"
        case .badRequest: "badRequest"
        case .badTime: "badTime"
        case .badCertId: "badCertId"
        }
    }
}
