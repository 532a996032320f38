// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import X509

/// Where an issuer's CRL and certificate are published.
public struct PublicationPoints: Sendable, Hashable {
    /// The issuer's name in URLs.
    public var issuerName: String
    /// Which of the issuer's keys, counted from 1.
    public var keyGeneration: Int
    /// The server's public address, such as `http://ca.example:8080`, without a slash at its end.
    public var baseURL: String

    /// Puts points together.
    public init(issuerName: String, keyGeneration: Int, baseURL: String) {
        self.issuerName = issuerName
        self.keyGeneration = keyGeneration
        self.baseURL = baseURL
    }

    /// The path of a CRL: it carries key generation and shard from the first day, since URLs in certificates outlive
    /// every later change (design §6.8).
    public func crlPath(shard: Int) -> String { "/crl/\(issuerName)-\(keyGeneration)-\(shard).crl" }

    /// The path of the issuer's certificate.
    public var certificatePath: String { "/ca/\(issuerName)-\(keyGeneration).cer" }

    func crlURL(shard: Int) -> String { baseURL + crlPath(shard: shard) }

    /// cRLDistributionPoints and authorityInfoAccess, as a subject of this issuer carries them.
    func extensions(shard: Int) throws -> [Certificate.Extension] {
        let access = AuthorityInformationAccess([
            .init(method: .issuingCA, location: .uniformResourceIdentifier(baseURL + certificatePath))
        ])
        return [
            try CertificateExtensions.crlDistributionPoint(url: crlURL(shard: shard)),
            try Certificate.Extension(access, critical: false),
        ]
    }
}
