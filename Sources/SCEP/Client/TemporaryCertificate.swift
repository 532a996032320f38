// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX
internal import X509

public import struct Foundation.Date

/// The self-signed certificate with which a client without a certificate signs its first request (RFC 8894 §2.3).
public enum TemporaryCertificate: Sendable {
    /// Makes one: the request's subject and key, valid from an hour ago for a day, for signing and key encipherment.
    public static func make(
        subject: Name,
        key: some PrivateKey,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(SCEPError) -> EncodedCertificate {
        let scheme = key.publicKey.algorithm.preferredScheme
        do {
            guard let algorithm = AlgorithmIdentifier.signature(scheme) else { throw SCEPError.unencodable("scheme") }
            var usage = KeyUsage(digitalSignature: true)
            if case .rsa = key.publicKey.algorithm { usage.keyEncipherment = true }
            let body = TBSCertificate(
                serialNumber: [0x01] + generator.bytes(15),
                signatureAlgorithm: algorithm,
                issuer: subject,
                notBefore: now.addingTimeInterval(-3600),
                notAfter: now.addingTimeInterval(24 * 3600),
                subject: subject,
                subjectPublicKeyInfo: try SubjectPublicKeyInfo(key.publicKey),
                extensions: [try Certificate.Extension(usage, critical: true)]
            )
            let der = try SignedStructure.sign(try body.derEncoded(), key: key, scheme: scheme)
            return try EncodedCertificate(derEncoded: der)
        } catch {
            throw .unencodable("temporary certificate")
        }
    }
}
