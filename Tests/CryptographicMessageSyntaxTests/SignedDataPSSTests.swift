// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import CryptographicMessageSyntax
import Cryptography
import PKIX
import SCEPCrafting
import TestSupport
import Testing

/// RSASSA-PSS in CMS (RFC 4056), which is read and never written, and EC signatures of others.
@Suite struct SignedDataPSSTests {
    private static let content = [UInt8](repeating: 0x5A, count: 500)

    private static func sign(_ options: [String], _ party: Party) async throws -> SignedData {
        try party.openssl.write("content", content)
        let sign = [
            "cms", "-sign", "-binary", "-nodetach", "-in", "content", "-signer", "certificate", "-inkey", "key",
            "-outform", "DER",
        ]
        return try SignedData(contentInfo: try await party.openssl.run(sign + options).output)
    }

    @Test(arguments: [
        ("sha1", DigestAlgorithm.sha1), ("sha256", .sha256), ("sha384", .sha384), ("sha512", .sha512),
    ])
    func verifiesWhatOpenSSLSignsByPSS(name: String, digest: DigestAlgorithm) async throws {
        let party = try await Party.client()
        for (option, saltByteCount) in [("digest", digest.byteCount), ("0", 0), ("20", 20), ("64", 64)] {
            let options = ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:\(option)", "-md", name]
            let read = try await Self.sign(options, party)
            let info = try #require(read.signerInfos.first)
            #expect(try info.scheme() == .rsaPSS(digest, saltByteCount: saltByteCount))
            try info.verify(content: Self.content, contentType: read.contentType, key: party.key.publicKey)
            #expect(throws: CMSError.self) {
                try info.verify(content: Self.content, contentType: read.contentType, key: TestKeys.other.publicKey)
            }
            #expect(throws: CMSError.self) {
                try info.verify(content: Self.content + [0], contentType: read.contentType, key: party.key.publicKey)
            }
        }
    }

    @Test func anotherDigestInTheMaskOrALongerSaltIsNotSupported() async throws {
        let party = try await Party.client()
        for options in [["rsa_mgf1_md:sha1"], ["rsa_pss_saltlen:65"]] {
            let all = ["-md", "sha256"] + (["rsa_padding_mode:pss"] + options).flatMap { ["-keyopt", $0] }
            let read = try await Self.sign(all, party)
            let info = try #require(read.signerInfos.first)
            guard case .unsupportedAlgorithm = #expect(throws: CMSError.self, performing: { try info.scheme() }) else {
                Issue.record("\(options) is supported")
                continue
            }
        }
    }

    @Test(arguments: NamedCurve.allCases, ["sha1", "sha256", "sha384", "sha512"])
    func verifiesWhatOpenSSLSignsWithAnECKey(curve: NamedCurve, digest: String) async throws {
        let key = try SoftwareKey.generate(.ec(curve))
        var certificate = HandMadeCertificate("ec", key: try TestKeys.authority)
        certificate.subjectPublicKeyInfo = key.publicKey.subjectPublicKeyInfo
        let openssl = try OpenSSL()
        try openssl.write("certificate.der", try certificate.der())
        try openssl.write("key.der", try key.pkcs8())
        try openssl.write("content", Self.content)
        try await openssl.run(["x509", "-inform", "DER", "-in", "certificate.der", "-out", "certificate"])
        try await openssl.run(["pkey", "-inform", "DER", "-in", "key.der", "-out", "key"])
        let sign = [
            "cms", "-sign", "-binary", "-nodetach", "-in", "content", "-signer", "certificate", "-inkey", "key",
        ]
        let message = try await openssl.run(sign + ["-outform", "DER", "-md", digest]).output
        let read = try SignedData(contentInfo: message)
        let info = try #require(read.signerInfos.first)
        try info.verify(content: Self.content, contentType: read.contentType, key: key.publicKey)
        #expect(throws: CMSError.self) {
            try info.verify(content: Self.content, contentType: read.contentType, key: TestKeys.ec.publicKey)
        }
    }
}
