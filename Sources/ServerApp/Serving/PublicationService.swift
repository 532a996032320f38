// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Enrollment
internal import PKIX
internal import SCEPEndpoint
internal import Synchronization

internal import struct Foundation.Date
internal import struct Foundation.UUID

/// Publishes CA certificates and CRLs at the URLs that certificates name.
final class PublicationService: PublicationResponder {
    /// How long a CRL is valid: long enough to repair a server, short enough to be of use.
    private static let lifetime = 7 * 86_400.0
    /// How long a CRL is served before a fresh one is signed.
    private static let freshness = 3600.0

    private struct Signed {
        var der: [UInt8]
        var thisUpdate: Date
    }

    private let configuration: ConfigurationSnapshot
    private let time: any TimeSource
    private let lists = Mutex<[String: Signed]>([:])

    init(configuration: ConfigurationSnapshot, time: any TimeSource) {
        self.configuration = configuration
        self.time = time
    }

    func document(at path: String) async -> PublishedDocument? {
        for authority in configuration.current.authorities.values {
            if path == authority.publication.certificatePath {
                return PublishedDocument(
                    body: authority.certificate.der,
                    contentType: "application/pkix-cert",
                    maxAge: .seconds(86_400)
                )
            }
            if path == authority.publication.crlPath(shard: 0) {
                return list(authority, path)
            }
        }
        return nil
    }

    private func list(_ authority: IssuingAuthority, _ path: String) -> PublishedDocument? {
        let now = time.now
        let signed = lists.withLock { lists -> Signed? in
            if let held = lists[path], now.timeIntervalSince(held.thisUpdate) < Self.freshness { return held }
            // Nothing can be revoked in this version, so the list is empty; its number grows with time.
            let der = try? authority.certificateList(
                revoked: [],
                shard: 0,
                number: UInt64(max(0, now.timeIntervalSince1970)),
                thisUpdate: now,
                nextUpdate: now.addingTimeInterval(Self.lifetime)
            )
            let fresh = der.map { Signed(der: $0, thisUpdate: now) }
            lists[path] = fresh
            return fresh
        }
        guard let signed else { return nil }
        return PublishedDocument(
            body: signed.der,
            contentType: "application/pkix-crl",
            lastModified: Int64(signed.thisUpdate.timeIntervalSince1970),
            maxAge: .seconds(Self.freshness)
        )
    }
}
