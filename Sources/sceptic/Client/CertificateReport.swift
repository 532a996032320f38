// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEPClient
internal import X509

/// What `get-ca`, `get-next-ca` and `get-cert` tell about a certificate.
struct CertificateReport: QueryReport {
    let subject: String
    let issuer: String
    let serial: String
    let notBefore: Date?
    let notAfter: Date?
    let key: String
    let keyUsage: [String]
    let isCA: Bool
    let sha256: String
    let sha1: String
    /// What it is used for; nil for one that is not the CA's.
    let roles: [String]?

    init(_ certificate: EncodedCertificate, roles: [CertificateRole]?) {
        self.subject = certificate.subject.description
        self.issuer = certificate.issuer.description
        self.serial = hexadecimal(certificate.serialNumber)
        self.notBefore = certificate.notBefore
        self.notAfter = certificate.notAfter
        self.key =
            (try? certificate.subjectPublicKeyInfo.publicKey().algorithm.description)
            ?? "of type \(certificate.subjectPublicKeyInfo.algorithm.algorithm), which is not supported"
        self.keyUsage = certificate.keyUsage.map(Self.names) ?? []
        self.isCA = certificate.isCertificateAuthority
        self.sha256 = Fingerprint(of: certificate).description
        self.sha1 = Fingerprint(of: certificate, digest: .sha1).description
        self.roles = roles?.map(\.rawValue)
    }

    var text: String {
        let uses = roles.map { "used as:     \($0.isEmpty ? "nothing" : $0.joined(separator: ", "))" }
        return [
            "subject:     \(subject)",
            "issuer:      \(issuer)",
            "serial:      \(serial)",
            "valid:       \(notBefore?.text ?? "?") to \(notAfter?.text ?? "?")",
            "key:         \(key)",
            "key usage:   \(keyUsage.isEmpty ? "not limited" : keyUsage.joined(separator: ", "))",
            "CA:          \(isCA ? "yes" : "no")",
            "SHA-256:     \(sha256)",
            "SHA-1:       \(sha1)", uses,
        ].compactMap(\.self).joined(separator: "\n")
    }

    private static func names(_ usage: KeyUsage) -> [String] {
        [
            ("digitalSignature", usage.digitalSignature), ("nonRepudiation", usage.nonRepudiation),
            ("keyEncipherment", usage.keyEncipherment), ("dataEncipherment", usage.dataEncipherment),
            ("keyAgreement", usage.keyAgreement), ("keyCertSign", usage.keyCertSign), ("cRLSign", usage.cRLSign),
            ("encipherOnly", usage.encipherOnly), ("decipherOnly", usage.decipherOnly),
        ].filter(\.1).map(\.0)
    }
}
