// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEPCrafting
import TestSupport

/// Somebody with a key and a certificate, for the library and as files for the `openssl` command.
struct Party {
    let key: SoftwareKey
    let certificate: EncodedCertificate
    let openssl: OpenSSL

    /// A self-signed certificate with a subject key identifier, so that it can be named both ways.
    init(_ commonName: String, key: SoftwareKey) async throws {
        var certificate = HandMadeCertificate(commonName, key: key)
        certificate.extensions = [
            HandMadeCertificate.extension(OID.subjectKeyIdentifier, TLV.octetString([UInt8](commonName.utf8)))
        ]
        self.key = key
        self.certificate = try certificate.read()
        self.openssl = try OpenSSL()
        try openssl.write("certificate.der", self.certificate.der)
        try openssl.write("key.der", try key.pkcs8())
        try await openssl.run(["x509", "-inform", "DER", "-in", "certificate.der", "-out", "certificate"])
        try await openssl.run(["pkey", "-inform", "DER", "-in", "key.der", "-out", "key"])
    }

    static func client() async throws -> Party { try await Party("client", key: try TestKeys.client) }
    static func server() async throws -> Party { try await Party("server", key: try TestKeys.registration) }
}
