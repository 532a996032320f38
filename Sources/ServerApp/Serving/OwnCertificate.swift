// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import PKIX

internal import struct Foundation.Date

/// A certificate of the server itself, as somebody watches over it.
struct OwnCertificate: Sendable, Hashable {
    /// `ca` or `ra`.
    let role: String
    /// The issuer's name and the number of its key, such as `issuing-1`; for an RA also its own number, as in `issuing-1-ra-2`.
    let name: String
    /// The end of its validity.
    let notAfter: Date
}

extension ServedConfiguration {
    /// The certificates of the CAs, and of the RAs that are not retired.
    static func ownCertificates(_ stored: StoredConfiguration) -> [OwnCertificate] {
        func own(_ role: String, _ name: String, _ der: [UInt8]) -> OwnCertificate? {
            guard let end = (try? EncodedCertificate(derEncoded: der))?.notAfter else { return nil }
            return OwnCertificate(role: role, name: name, notAfter: end)
        }
        let authorities = stored.issuers.compactMap { own("ca", "\($0.name)-\($0.keyGeneration)", $0.certificate) }
        let agents = stored.raCredentials.filter { $0.state != .retired }.compactMap { record -> OwnCertificate? in
            guard let issuer = stored.issuers.first(where: { $0.id == record.issuerID }) else { return nil }
            return own("ra", "\(issuer.name)-\(issuer.keyGeneration)-ra-\(record.generation)", record.certificate)
        }
        return (authorities + agents).sorted { ($0.role, $0.name) < ($1.role, $1.name) }
    }
}
