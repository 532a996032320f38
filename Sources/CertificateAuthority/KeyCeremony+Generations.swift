// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX

public import struct Foundation.Date

/// The certificates of a CA's next generation, and of RAs in any (RFC 8894 §4.7, design §6.7).
///
/// A new generation has a new key under the *same* name, as key changeover is meant (RFC 5280 §4.2.1.1): devices are told by name whose
/// peers they trust, and would refuse a renewed peer whose issuer is called otherwise. What has to tell the generations apart does so
/// without the name: authority and subject key identifiers, CRL URLs with the generation and the issuingDistributionPoint, and the
/// issuer and serial number by which an envelope names its recipient, since no serial number comes twice.
extension KeyCeremony {
    /// An RA's certificates, which share a key.
    public struct Registration: Sendable, Hashable {
        /// The one that GetCACert names: for signing and enciphering.
        public var certificate: EncodedCertificate
        /// One for enciphering alone.
        public var encryptionOnly: EncodedCertificate
    }

    /// Makes an RA's certificates.
    ///
    /// - Parameters:
    ///   - subject: its subject.
    ///   - encryptionSubject: the subject of the one that enciphers only.
    ///   - publicKey: its key, RSA.
    ///   - issuer: the CA's certificate.
    ///   - issuerKey: the CA's key.
    ///   - publication: where the CA's CRL and certificate are published.
    ///   - now: the start of their validity.
    ///   - generator: where serial numbers come from.
    /// - Returns: both.
    /// - Throws: `signingFailed`, `unencodable`, `issuerExpired`.
    public static func registration(
        subject: Name,
        encryptionSubject: Name,
        publicKey: PublicKey,
        by issuer: EncodedCertificate,
        issuerKey: some PrivateKey,
        publication: PublicationPoints,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(IssuanceError) -> Registration {
        Registration(
            certificate: try certified(
                .registration,
                subject: subject,
                publicKey: publicKey,
                by: issuer,
                issuerKey: issuerKey,
                publication: publication,
                now: now,
                using: &generator
            ),
            encryptionOnly: try certified(
                .registrationEncryptionOnly,
                subject: encryptionSubject,
                publicKey: publicKey,
                by: issuer,
                issuerKey: issuerKey,
                publication: publication,
                now: now,
                using: &generator
            )
        )
    }

    /// Makes the certificate of an issuing CA's next key, under the same root.
    ///
    /// - Parameters:
    ///   - current: the certificate of its present key.
    ///   - publicKey: its next key.
    ///   - root: the root's certificate.
    ///   - rootKey: the root's key.
    ///   - publication: where the root's CRL and certificate are published.
    ///   - now: the start of its validity.
    ///   - generator: where the serial number comes from.
    /// - Returns: the certificate.
    /// - Throws: `signingFailed`, `unencodable`, `issuerExpired`.
    public static func nextIssuing(
        after current: EncodedCertificate,
        publicKey: PublicKey,
        by root: EncodedCertificate,
        rootKey: some PrivateKey,
        publication: PublicationPoints,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(IssuanceError) -> EncodedCertificate {
        guard publicKey.subjectPublicKeyInfo != current.subjectPublicKeyInfo.der else {
            throw .signingFailed("the next key is the present one")
        }
        return try certified(
            .issuing,
            subject: current.subject,
            publicKey: publicKey,
            by: root,
            issuerKey: rootKey,
            publication: publication,
            now: now,
            using: &generator
        )
    }

    /// Makes the certificate of a single CA's next key, signed by that key.
    ///
    /// - Parameters:
    ///   - current: the certificate of its present key.
    ///   - key: its next key, RSA.
    ///   - now: the start of its validity.
    ///   - generator: where the serial number comes from.
    /// - Returns: the certificate.
    /// - Throws: `signingFailed`, `unencodable`.
    public static func nextSingleCA(
        after current: EncodedCertificate,
        key: some PrivateKey,
        now: Date,
        using generator: inout some RandomNumberGenerator
    ) throws(IssuanceError) -> EncodedCertificate {
        guard key.publicKey.subjectPublicKeyInfo != current.subjectPublicKeyInfo.der else {
            throw .signingFailed("the next key is the present one")
        }
        return try selfSigned(.singleCA, subject: current.subject, key: key, now: now, using: &generator)
    }
}
