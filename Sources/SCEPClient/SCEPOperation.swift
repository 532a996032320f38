// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import SCEP

/// What is asked of a server over HTTP (RFC 8894 §4.1).
public enum SCEPOperation: Sendable, Hashable {
    /// GetCACaps (RFC 8894 §3.5).
    case getCACaps
    /// GetCACert (RFC 8894 §4.2).
    case getCACert
    /// GetNextCACert (RFC 8894 §4.7).
    case getNextCACert
    /// PKIOperation: a pkiMessage, with the transactionID by which the server's operator finds it (RFC 8894 §4.3).
    case pkiOperation(TransactionID)

    /// The value of `operation`, in the exact case of the RFC.
    public var name: String {
        switch self {
        case .getCACaps: "GetCACaps"
        case .getCACert: "GetCACert"
        case .getNextCACert: "GetNextCACert"
        case .pkiOperation: "PKIOperation"
        }
    }

    /// The transactionID of a pkiMessage.
    public var transactionID: TransactionID? {
        if case .pkiOperation(let id) = self { return id }
        return nil
    }
}
