// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Enrollment
internal import PKIX
internal import SCEPEndpoint

internal import struct Foundation.UUID

/// Publishes the CA certificates and CRLs of all generations at the URLs that certificates name.
struct PublicationService: PublicationResponder {
    /// How long caches may keep a CRL: what is revoked shows up that much later behind one.
    private static let cacheAge = Duration.seconds(300)

    let configuration: ConfigurationSnapshot
    let lists: CertificateLists

    func document(at path: String) async -> PublishedDocument? {
        for (id, authority) in configuration.current.authorities {
            if path == authority.publication.certificatePath {
                return PublishedDocument(
                    body: authority.certificate.der,
                    contentType: "application/pkix-cert",
                    maxAge: .seconds(86_400)
                )
            }
            let shard = (0...authority.crlShard).first { path == authority.publication.crlPath(shard: $0) }
            if let shard { return await list(id, shard) }
        }
        return nil
    }

    private func list(_ issuerID: UUID, _ shard: Int) async -> PublishedDocument? {
        guard let list = try? await lists.current(issuerID: issuerID, shard: shard) else { return nil }
        return PublishedDocument(
            body: list.der,
            contentType: "application/pkix-crl",
            lastModified: Int64(list.thisUpdate.timeIntervalSince1970),
            maxAge: Self.cacheAge
        )
    }
}
