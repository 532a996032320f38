// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// How a request for a certificate went, when the server neither refused it nor kept silent.
public enum EnrollmentOutcome: Sendable {
    /// The certificate is there.
    case issued(EnrolledCertificate)
    /// The request waits for approval (RFC 8894 §2.5.1).
    case pending(PendingEnrollment)

    /// The certificate.
    ///
    /// - Throws: `pending` when it is not there.
    public func get() throws(SCEPClientError) -> EnrolledCertificate {
        switch self {
        case .issued(let certificate): return certificate
        case .pending(let pending): throw .pending(pending.transactionID)
        }
    }
}
