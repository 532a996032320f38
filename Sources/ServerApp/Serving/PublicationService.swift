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
    /// When to ask again for a CRL that could not be read or made.
    private static let retryDelay = Duration.seconds(5)

    let configuration: ConfigurationSnapshot
    let lists: CertificateLists

    func document(at path: String) async -> Publication {
        for (id, authority) in configuration.current.authorities {
            if path == authority.publication.certificatePath {
                return .document(
                    PublishedDocument(
                        body: authority.certificate.der,
                        contentType: "application/pkix-cert",
                        maxAge: .seconds(86_400)
                    )
                )
            }
            let shard = (0...authority.crlShard).first { path == authority.publication.crlPath(shard: $0) }
            if let shard { return await list(id, shard) }
        }
        return .absent
    }

    private func list(_ issuerID: UUID, _ shard: Int) async -> Publication {
        let list: CertificateListRecord?
        do {
            list = try await lists.current(issuerID: issuerID, shard: shard)
        } catch {
            // That there is no CRL would be the wrong word to a verifier: it may then take the certificate for good.
            return .unavailable(retryAfter: Self.retryDelay)
        }
        guard let list else { return .absent }
        return .document(
            PublishedDocument(
                body: list.der,
                contentType: "application/pkix-crl",
                lastModified: Int64(list.thisUpdate.timeIntervalSince1970),
                maxAge: Self.cacheAge
            )
        )
    }
}
