// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import PKIX

/// Where a client looks for a CRL.
public enum CertificateListPreference: Sendable, Hashable, CaseIterable {
    /// Where the certificate says, and by GetCRL if it is not there (RFC 8894 §2.7, §3.3.4: what else there is, is preferred).
    case automatic
    /// By GetCRL, whatever the certificate says.
    case getCRL
}

/// A CRL that a client got, checked to be current, from the CA and about the certificate.
public struct RetrievedCertificateList: Sendable {
    /// Where a CRL came from.
    public enum Source: Sendable, Hashable {
        /// From a URL that the certificate names.
        case distributionPoint(String)
        /// By GetCRL.
        case getCRL
    }

    /// The CRL.
    public let list: EncodedCertificateList
    /// Where it came from.
    public let source: Source
}
