// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import CertificateAuthority
internal import Cryptography
internal import PKIX
internal import X509

public import struct Foundation.Date

/// A certificate that nobody has signed, as people read it.
public struct CertificatePreview: Sendable, Hashable {
    /// The subject.
    public let subject: String
    /// The alternative names, such as `dns:vpn.example`.
    public let names: [String]
    /// The key's type and size.
    public let key: String
    /// The start of its validity.
    public let notBefore: Date
    /// The end of its validity.
    public let notAfter: Date
    /// What the key may be used for.
    public let usages: [String]
    /// The names of all extensions.
    public let extensions: [String]

    /// Reads what was prepared.
    ///
    /// - Returns: nil when it can't be read.
    public init?(_ prepared: PreparedCertificate) {
        // The reader of certificates wants a signature; an empty one is nobody's.
        let der = try? encode("Certificate") { encoder in
            try encoder.sequence { outer in
                outer.serializeRawBytes(prepared.toBeSigned)
                try AlgorithmIdentifier.signature(.rsaPKCS1(.sha256))?.append(to: &outer)
                outer.bitString([])
            }
        }
        guard let certificate = der.flatMap({ try? EncodedCertificate(derEncoded: $0) }) else { return nil }
        self.subject = certificate.subject.description
        self.names = (certificate.subjectAlternativeNames ?? SubjectAlternativeNames()).map(RequestedContents.text)
        self.key = (try? certificate.subjectPublicKeyInfo.publicKey().algorithm.description) ?? "of an unknown type"
        self.notBefore = prepared.notBefore
        self.notAfter = prepared.notAfter
        let extended = certificate.extension(.PKIX.extendedKeyUsage).flatMap { try? ExtendedKeyUsage($0) }
        self.usages = (certificate.keyUsage.map(Self.names) ?? []) + (extended?.map { "\($0)" } ?? [])
        self.extensions = certificate.extensions.map { ExtensionName.text($0.oid) }
    }

    private static func names(_ usage: KeyUsage) -> [String] {
        [
            ("digitalSignature", usage.digitalSignature), ("nonRepudiation", usage.nonRepudiation),
            ("keyEncipherment", usage.keyEncipherment), ("dataEncipherment", usage.dataEncipherment),
            ("keyAgreement", usage.keyAgreement),
        ].filter(\.1).map(\.0)
    }
}
