// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import PKIX
import SCEPCrafting
import TestSupport
import Testing

@Suite struct SubjectPublicKeyInfoTests {
    @Test(arguments: [KeyAlgorithm.rsa(bits: 2048), .ec(.p256), .ec(.p384), .ec(.p521)])
    func keysSurviveTheirEncoding(algorithm: KeyAlgorithm) throws {
        let key = try SoftwareKey.generate(algorithm).publicKey
        let info = try SubjectPublicKeyInfo(key)
        #expect(info.der == key.subjectPublicKeyInfo)
        #expect(try info.publicKey().algorithm == algorithm)
        #expect(try info.publicKey().subjectPublicKeyInfo == info.der)
        #expect(info.keyIdentifier == Array(DigestAlgorithm.sha256.digest(info.keyBits).prefix(20)))
    }

    @Test(arguments: ["ED25519", "X25519", "DSA"])
    func refusesKeyTypesThatAreNotSupported(type: String) async throws {
        let openssl = try OpenSSL()
        if type == "DSA" {
            let sizes = ["-pkeyopt", "dsa_paramgen_bits:1024", "-pkeyopt", "dsa_paramgen_q_bits:160"]
            try await openssl.run(
                ["genpkey", "-quiet", "-genparam", "-algorithm", "DSA", "-out", "parameters"] + sizes
            )
        }
        let source = type == "DSA" ? ["-paramfile", "parameters"] : ["-algorithm", type]
        _ = try await openssl.makeKey("key", source)
        let der = try await openssl.run(["pkey", "-in", "key", "-pubout", "-outform", "DER"]).output
        let info = try SubjectPublicKeyInfo(derEncoded: der)
        let error = try #require(throws: PKIXError.self) { try info.publicKey() }
        guard case .unsupported = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func refusesUnknownAndExplicitCurves() async throws {
        let openssl = try OpenSSL()
        for options in [
            ["-pkeyopt", "ec_paramgen_curve:secp256k1"],
            ["-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"],
        ] {
            _ = try await openssl.makeKey("key", ["-algorithm", "EC"] + options)
            let der = try await openssl.run(["pkey", "-in", "key", "-pubout", "-outform", "DER"]).output
            #expect(throws: PKIXError.unsupported("EC key on an unknown curve")) {
                try SubjectPublicKeyInfo(derEncoded: der).publicKey()
            }
        }
    }

    @Test func shortKeysAreUnsupportedAndNonsenseIsMalformed() throws {
        func info(
            _ keyBits: [UInt8],
            _ algorithm: [UInt8] = TLV.algorithm(OID.rsaEncryption)
        ) throws -> SubjectPublicKeyInfo {
            try SubjectPublicKeyInfo(derEncoded: TLV.sequence(algorithm, TLV.bitString(keyBits)))
        }
        let short = TLV.sequence(TLV.encode(0x02, [UInt8](repeating: 0x7F, count: 64)), TLV.integer(1, 0, 1))
        #expect(throws: PKIXError.unsupported("RSA key of 511 bits; 1024 to 8192 are accepted")) {
            try info(short).publicKey()
        }
        let ec = TLV.sequence(OID.ecPublicKey, OID.p256)
        for (keyBits, algorithm) in [
            ([], TLV.algorithm(OID.rsaEncryption)), ([0x30, 0x00], TLV.algorithm(OID.rsaEncryption)),
            (TLV.sequence(TLV.integer(), TLV.integer(3)), TLV.algorithm(OID.rsaEncryption)),
            ([], ec), ([0x00], ec), ([0x04, 1, 2], ec),
        ] {
            let error = try #require(throws: PKIXError.self) { try info(keyBits, algorithm).publicKey() }
            guard case .malformed = error else {
                Issue.record("\(keyBits): \(error)")
                continue
            }
        }
    }

    @Test func readsAModulusWithoutItsSignByte() throws {
        // Some generators forget the zero that keeps the INTEGER positive.
        let info = try DERElement((try TestKeys.client).publicKey.subjectPublicKeyInfo)
        let numbers = try DERElement(Array(try info.at(1).content.dropFirst()))
        let modulus = Array(try numbers.at(0).content.dropFirst())
        let negative = TLV.sequence(TLV.encode(0x02, modulus), try numbers.at(1).encoded)
        let odd = try SubjectPublicKeyInfo(derEncoded: TLV.sequence(try info.at(0).encoded, TLV.bitString(negative)))
        #expect(try odd.publicKey().subjectPublicKeyInfo == info.encoded)
    }
}
