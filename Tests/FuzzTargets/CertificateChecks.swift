// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import X509

internal import struct Foundation.Date

/// What holds for certificates.
enum CertificateChecks {
    /// Reads a certificate and everything that can be asked of it.
    static func check(_ input: [UInt8]) throws(FuzzFinding) -> Bool {
        try EncodingChecks.check(input)
        guard let certificate = try? EncodedCertificate(derEncoded: input) else { return false }
        try check(certificate)
        return true
    }

    static func check(_ certificate: EncodedCertificate) throws(FuzzFinding) {
        let again = try require("a certificate's encoding can be read") {
            try EncodedCertificate(derEncoded: certificate.der)
        }
        try require(again == certificate, "reading a certificate's encoding gives the certificate")
        try NameChecks.check(certificate.issuer)
        try NameChecks.check(certificate.subject)
        for date in [certificate.notBefore, certificate.notAfter] { try check(date) }
        try check(certificate.extensions)
        _ = certificate.subjectKeyIdentifier
        _ = certificate.keyUsage
        _ = certificate.isCertificateAuthority
        _ = certificate.isSelfIssued
        _ = certificate.fingerprint()
        if let key = try check(certificate.subjectPublicKeyInfo) { _ = certificate.isSigned(by: key) }
    }

    /// The key, whose own encoding gives it again.
    static func check(_ info: SubjectPublicKeyInfo) throws(FuzzFinding) -> PublicKey? {
        guard let key = try? info.publicKey() else { return nil }
        let again = try require("the encoding of a key can be read") { try SubjectPublicKeyInfo(key).publicKey() }
        try require(again.algorithm == key.algorithm, "the encoding of a key gives the key")
        try require(again.subjectPublicKeyInfo == key.subjectPublicKeyInfo, "the encoding of a key does not change")
        return key
    }

    /// Extensions that were read are the same when they are written and read again.
    static func check(_ extensions: [Certificate.Extension]) throws(FuzzFinding) {
        let again = try require("extensions can be written and read") {
            let encoded = try encode("Extensions") { try CertificateExtensions.append(extensions, to: &$0) }
            return try CertificateExtensions.parse(try ASN1Parsing.parse(encoded[...], "Extensions"))
        }
        try require(again == extensions, "extensions that are written and read are the same")
    }

    /// A time that was read is the same when it is written and read again.
    static func check(_ date: Date?) throws(FuzzFinding) {
        // Earlier ones are written as the first that a Time can name.
        guard let date, date >= Date(timeIntervalSince1970: -631_152_000), date <= EncodedTime.endOfTime else { return }
        let again = try require("a time can be written and read") {
            let encoded = try encode("Time") { EncodedTime.append(date, to: &$0) }
            return try EncodedTime.parse(try ASN1Parsing.parse(encoded[...], "Time"), "Time")
        }
        try require(again == date, "a time that is written and read is the same")
    }
}
