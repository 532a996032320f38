// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import TestSupport
import Testing

@Suite struct SoftwareKeyTests {
    @Test(arguments: [KeyAlgorithm.rsa(bits: 2048), .ec(.p256), .ec(.p384), .ec(.p521)])
    func keysSurviveTheirEncoding(algorithm: KeyAlgorithm) async throws {
        let key = try SoftwareKey.generate(algorithm)
        let reread = try SoftwareKey(derEncoded: try key.pkcs8())
        #expect(key.publicKey.algorithm == algorithm)
        #expect(reread.publicKey.algorithm == algorithm)
        #expect(reread.publicKey.subjectPublicKeyInfo == key.publicKey.subjectPublicKeyInfo)
        #expect(try reread.pkcs8() == key.pkcs8())
        let openssl = try OpenSSL()
        try openssl.write("key", try key.pkcs8())
        #expect(try await openssl.run(["pkey", "-inform", "DER", "-in", "key", "-check", "-noout"]).succeeded)
    }

    @Test func readsPKCS1AndSEC1() async throws {
        let openssl = try OpenSSL()
        try openssl.write("rsa", try TestKeys.client.pkcs8())
        try openssl.write("ec", try TestKeys.ec.pkcs8())
        let traditional = ["-inform", "DER", "-outform", "DER", "-traditional"]
        let pkcs1 = try await openssl.run(["pkey", "-in", "rsa"] + traditional).output
        let sec1 = try await openssl.run(["pkey", "-in", "ec"] + traditional).output
        #expect(pkcs1 != (try TestKeys.client.pkcs8()))
        #expect(try SoftwareKey(derEncoded: pkcs1).pkcs8() == TestKeys.client.pkcs8())
        #expect(
            try SoftwareKey(derEncoded: sec1).publicKey.subjectPublicKeyInfo
                == TestKeys.ec.publicKey.subjectPublicKeyInfo
        )
    }

    @Test(arguments: [["-algorithm", "ED25519"], ["-algorithm", "X25519"]])
    func refusesKeysThatAreNeitherRSANorEC(options: [String]) async throws {
        let der = try await OpenSSL().makeKey("key", options)
        #expect(throws: CryptographyError.unsupportedKey("key that is neither RSA nor EC")) {
            try SoftwareKey(derEncoded: der)
        }
    }

    @Test func refusesKeysOfUnknownCurvesAndShortRSA() async throws {
        let openssl = try OpenSSL()
        let curve = try await openssl.makeKey("k1", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"])
        let short = try await openssl.makeKey("512", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:512"])
        #expect(throws: CryptographyError.self) { try SoftwareKey(derEncoded: curve) }
        #expect(throws: CryptographyError.unsupportedKey("RSA key of 512 bits")) { try SoftwareKey(derEncoded: short) }
    }

    @Test func refusesWhatIsNoKey() throws {
        #expect(throws: CryptographyError.malformedKey) { try SoftwareKey(derEncoded: []) }
        #expect(throws: CryptographyError.malformedKey) { try SoftwareKey(derEncoded: [0x30, 0x00]) }
        var generator = SeededGenerator()
        let der = try TestKeys.ec.pkcs8()
        for _ in 0..<200 {
            let damaged = Mutation.truncate(der, using: &generator)
            #expect(throws: CryptographyError.self, "\(damaged)") { try SoftwareKey(derEncoded: damaged.bytes) }
        }
    }

    @Test func namesAndPreferencesFitTheKeys() {
        #expect(KeyAlgorithm.rsa(bits: 2048).description == "RSA-2048")
        #expect(KeyAlgorithm.ec(.p384).description == "EC P-384")
        #expect(KeyAlgorithm.rsa(bits: 2048).preferredScheme == .rsaPKCS1(.sha256))
        #expect(KeyAlgorithm.ec(.p521).preferredScheme == .ecdsa(.sha512))
    }

    @Test func manyTasksShareOneKey() async throws {
        let (rsa, ec) = (try TestKeys.registration, try TestKeys.ec)
        let encrypted = try rsa.publicKey.encryptKey([UInt8](1...16), padding: .pkcs1)
        let failures = await withTaskGroup(of: Int.self) { group in
            for task in 0..<16 {
                group.addTask { @concurrent in
                    (0..<12).count { round in
                        let message = [UInt8(task), UInt8(round)]
                        let opened = try? rsa.decryptKey(encrypted, keyByteCount: 16, padding: .pkcs1)
                        let signature = (try? rsa.sign(message, scheme: .rsaPKCS1(.sha256))) ?? []
                        let other = (try? ec.sign(message, scheme: .ecdsa(.sha256))) ?? []
                        let good =
                            rsa.publicKey.isValidSignature(signature, for: message, scheme: .rsaPKCS1(.sha256))
                            && ec.publicKey.isValidSignature(other, for: message, scheme: .ecdsa(.sha256))
                            && !rsa.publicKey.isValidSignature(signature, for: [9], scheme: .rsaPKCS1(.sha256))
                            && rsa.publicKey.subjectPublicKeyInfo.count == 294
                        return !good || opened != [UInt8](1...16)
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(failures == 0)
    }
}
