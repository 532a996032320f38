// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import Foundation
import PKIX
import SCEPCrafting
import SwiftASN1
import TestSupport
import Testing
import X509

@Suite struct ToBeSignedTests {
    private static let start = Date(timeIntervalSince1970: 1_800_000_000)

    private static func body(_ key: PublicKey, scheme: SignatureScheme) throws -> TBSCertificate {
        let names = SubjectAlternativeNames([.dnsName("device-1.example")])
        return TBSCertificate(
            serialNumber: [0x00, 0x80, 0x01],
            signatureAlgorithm: try #require(AlgorithmIdentifier.signature(scheme)),
            issuer: try Name("CN=Example CA"),
            notBefore: start,
            notAfter: Date(timeIntervalSince1970: 2_600_000_000),
            subject: try Name("CN=device-1"),
            subjectPublicKeyInfo: try SubjectPublicKeyInfo(key),
            extensions: [
                try Certificate.Extension(KeyUsage(digitalSignature: true), critical: true),
                try Certificate.Extension(names, critical: false),
                try CertificateExtensions.crlDistributionPoint(url: "http://crl.example/0.crl"),
            ]
        )
    }

    private static let signers: [(KeyAlgorithm, SignatureScheme, String)] = [
        (.rsa(bits: 2048), .rsaPKCS1(.sha1), "sha1WithRSAEncryption"),
        (.rsa(bits: 2048), .rsaPKCS1(.sha256), "sha256WithRSAEncryption"),
        (.rsa(bits: 2048), .rsaPKCS1(.sha384), "sha384WithRSAEncryption"),
        (.rsa(bits: 2048), .rsaPKCS1(.sha512), "sha512WithRSAEncryption"),
        (.ec(.p256), .ecdsa(.sha256), "ecdsa-with-SHA256"), (.ec(.p384), .ecdsa(.sha384), "ecdsa-with-SHA384"),
        (.ec(.p521), .ecdsa(.sha512), "ecdsa-with-SHA512"),
    ]

    @Test(arguments: signers)
    func openSSLReadsAndVerifiesACertificate(
        algorithm: KeyAlgorithm,
        scheme: SignatureScheme,
        name: String
    ) async throws {
        let signer = algorithm == .rsa(bits: 2048) ? try TestKeys.authority : try SoftwareKey.generate(algorithm)
        let body = try Self.body((try TestKeys.ec).publicKey, scheme: scheme)
        let der = try SignedStructure.sign(try body.derEncoded(), key: signer, scheme: scheme)
        #expect(try DERElement(der).isWellFormed)
        let openssl = try OpenSSL()
        try openssl.write("certificate", der)
        let text = try await openssl.run(["x509", "-inform", "DER", "-in", "certificate", "-noout", "-text"]).text
        for line in [
            "Version: 3 (0x2)", "Serial Number: 32769 (0x8001)", "Signature Algorithm: \(name)",
            "Issuer: CN = Example CA",
            "Subject: CN = device-1", "X509v3 Key Usage: critical", "DNS:device-1.example",
            "URI:http://crl.example/0.crl",
            "Not Before: Jan 15 08:00:00 2027 GMT", "Not After : May 22 14:13:20 2052 GMT",
        ] { #expect(text.contains(line), "\(line)") }
        let parse = try await openssl.run(["asn1parse", "-inform", "DER", "-in", "certificate"]).text
        #expect(parse.contains("UTCTIME           :270115080000Z"))
        #expect(parse.contains("GENERALIZEDTIME   :20520522141320Z"))
        let read = try EncodedCertificate(derEncoded: der)
        #expect(read.isSigned(by: signer.publicKey))
        #expect(read.notBefore == body.notBefore)
        #expect(read.notAfter == body.notAfter)
        #expect(read.extensions == body.extensions)
    }

    @Test func openSSLVerifiesTheSignatureOfACertificate() async throws {
        var authority = HandMadeCertificate("Example CA", key: try TestKeys.authority)
        authority.extensions = [
            HandMadeCertificate.extension([UInt8](hex: "0603551d13"), [UInt8](hex: "30030101ff")),
            HandMadeCertificate.extension(OID.keyUsage, [UInt8](hex: "03020204")),
        ]
        let body = try Self.body((try TestKeys.client).publicKey, scheme: .rsaPKCS1(.sha256))
        let der = try SignedStructure.sign(
            try body.derEncoded(),
            key: try TestKeys.authority,
            scheme: .rsaPKCS1(.sha256)
        )
        let openssl = try OpenSSL()
        for (name, bytes) in [("ca", try authority.der()), ("leaf", der)] {
            try openssl.write(name + ".der", bytes)
            try await openssl.run(["x509", "-inform", "DER", "-in", name + ".der", "-out", name])
        }
        let verify = ["verify", "-no_check_time", "-CAfile", "ca", "leaf"]
        #expect(try await openssl.run(verify).text == "leaf: OK\n")
    }

    @Test func aNameOrKeyThatCameInBERIsWrittenInDER() throws {
        let key = (try TestKeys.client).publicKey
        var body = try Self.body(key, scheme: .rsaPKCS1(.sha256))
        let plain = try body.derEncoded()
        body.subject = try Name(
            derEncoded: TLV.indefinite(0x30, TLV.longForm(0x31, Array(try Name("CN=device-1").der.dropFirst(4))))
        )
        let parts = try DERElement(key.subjectPublicKeyInfo).members
        let loose = TLV.longForm(0x30, parts.flatMap(\.encoded))
        body.subjectPublicKeyInfo = try SubjectPublicKeyInfo(derEncoded: loose)
        #expect(body.subject.der != (try Name("CN=device-1")).der)
        #expect(try body.derEncoded() == plain)
        #expect((try? DER.parse(try body.derEncoded())) != nil)
    }

    @Test func aCertificateMayHaveNoExtensions() throws {
        var body = try Self.body((try TestKeys.client).publicKey, scheme: .rsaPKCS1(.sha256))
        body.extensions = []
        let members = try DERElement(try body.derEncoded()).members
        #expect(members.count == 7)
        #expect(members.last?.tag == 0x30)
    }

    @Test func nothingIsSignedWithASchemeThatHasNoIdentifier() throws {
        for scheme: SignatureScheme in [
            .rsaPKCS1(.insecureMD5), .ecdsa(.insecureMD5), .rsaPSS(.sha256, saltByteCount: 32),
        ] {
            #expect(throws: PKIXError.unencodable("signature algorithm")) {
                try SignedStructure.sign([0x30, 0x00], key: try TestKeys.client, scheme: scheme)
            }
        }
        #expect(throws: PKIXError.unencodable("signature")) {
            try SignedStructure.sign([0x30, 0x00], key: try TestKeys.client, scheme: .ecdsa(.sha256))
        }
    }

    // MARK: - CRLs

    private static func list(_ revoked: [RevokedCertificate], _ extensions: [Certificate.Extension]) throws -> [UInt8] {
        let list = TBSCertificateList(
            signatureAlgorithm: try #require(AlgorithmIdentifier.signature(.rsaPKCS1(.sha256))),
            issuer: try Name("CN=Example CA"),
            thisUpdate: start,
            nextUpdate: start.addingTimeInterval(86_400),
            revoked: revoked,
            extensions: extensions
        )
        return try SignedStructure.sign(try list.derEncoded(), key: try TestKeys.authority, scheme: .rsaPKCS1(.sha256))
    }

    @Test func openSSLReadsACRL() async throws {
        let der = try Self.list(
            [RevokedCertificate(serialNumber: [0x12, 0x34], revokedAt: Self.start)],
            [
                try CertificateExtensions.crlNumber(300),
                try CertificateExtensions.issuingDistributionPoint(url: "http://crl.example/0.crl"),
            ]
        )
        #expect(try DERElement(der).isWellFormed)
        let openssl = try OpenSSL()
        try openssl.write("crl", der)
        try openssl.write("ca.der", try HandMadeCertificate("Example CA", key: try TestKeys.authority).der())
        try await openssl.run(["x509", "-inform", "DER", "-in", "ca.der", "-out", "ca"])
        let outcome = try await openssl.run(["crl", "-inform", "DER", "-in", "crl", "-noout", "-text", "-CAfile", "ca"])
        #expect(outcome.errors.contains("verify OK"))
        for line in [
            "Version 2 (0x1)", "Issuer: CN = Example CA", "Last Update: Jan 15 08:00:00 2027 GMT",
            "Next Update: Jan 16 08:00:00 2027 GMT", "Serial Number: 1234", "X509v3 CRL Number:", "300",
            "Issuing Distribution Point: critical", "URI:http://crl.example/0.crl",
        ] { #expect(outcome.text.contains(line), "\(line)") }
    }

    @Test func anEmptyCRLHasNoEmptyLists() async throws {
        let openssl = try OpenSSL()
        try openssl.write("crl", try Self.list([], []))
        let text = try await openssl.run(["crl", "-inform", "DER", "-in", "crl", "-noout", "-text"]).text
        #expect(text.contains("No Revoked Certificates."))
        let members = try DERElement(try Self.list([], [])).at(0).members
        #expect(members.count == 5)
        #expect(members.allSatisfy { $0.tag != 0xA0 })
    }
}
