// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import X509

extension EncodedCertificate {
    /// The URLs where the certificate says that its CRL is to be had (RFC 5280 §4.2.1.13); sorted, so that they have an order.
    public var crlDistributionPointURLs: [String] {
        self.extension(.PKIX.crlDistributionPoints)
            .map { CertificateListScope.distributionPointURLs(ofCertificate: $0).sorted() } ?? []
    }
}
