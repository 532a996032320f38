// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import SCEPCrafting
import TestSupport
import Testing

@Suite struct SignatureTests {
    private static let message = Array("a message that is signed".utf8)
    private static let digests: [(DigestAlgorithm, String)] = [
        (.insecureMD5, "md5"), (.sha1, "sha1"), (.sha256, "sha256"), (.sha384, "sha384"), (.sha512, "sha512"),
    ]

    @Test(arguments: digests)
    func digestsAgreeWithOpenSSL(digest: DigestAlgorithm, name: String) async throws {
        let openssl = try OpenSSL()
        for length in [0, 1, 55, 56, 64, 1000] {
            let bytes = [UInt8](repeating: 0x61, count: length)
            try openssl.write("message", bytes)
            let expected = try await openssl.run(["dgst", "-\(name)", "-binary", "message"]).output
            #expect(digest.digest(bytes) == expected)
            #expect(expected.count == digest.byteCount)
        }
        #expect(digest.digest(AnySequence([1, 2, 3])) == digest.digest([1, 2, 3]))
    }

    @Test(arguments: digests)
    func rsaPKCS1AgreesWithOpenSSLBothWays(digest: DigestAlgorithm, name: String) async throws {
        try await agrees(try TestKeys.client, .rsaPKCS1(digest), ["dgst", "-\(name)"])
    }

    @Test(arguments: digests.dropFirst())
    func rsaPSSAgreesWithOpenSSLBothWays(digest: DigestAlgorithm, name: String) async throws {
        let options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:\(digest.byteCount)"]
        let scheme = SignatureScheme.rsaPSS(digest, saltByteCount: digest.byteCount)
        try await agrees(try TestKeys.client, scheme, ["dgst", "-\(name)"] + options)
    }

    @Test(arguments: NamedCurve.allCases, digests.dropFirst())
    func ecdsaAgreesWithOpenSSLBothWays(curve: NamedCurve, digest: (DigestAlgorithm, String)) async throws {
        try await agrees(try .generate(.ec(curve)), .ecdsa(digest.0), ["dgst", "-\(digest.1)"])
    }

    private func agrees(_ key: SoftwareKey, _ scheme: SignatureScheme, _ command: [String]) async throws {
        let openssl = try OpenSSL()
        try openssl.write("key", try key.pkcs8())
        try openssl.write("public", key.publicKey.subjectPublicKeyInfo)
        try openssl.write("message", Self.message)

        let ours = try key.sign(Self.message, scheme: scheme)
        try openssl.write("ours", ours)
        let publicKey = ["-keyform", "DER", "-verify", "public"]
        try await openssl.run(command + publicKey + ["-signature", "ours", "message"])
        #expect(key.publicKey.isValidSignature(ours, for: Self.message, scheme: scheme))

        let theirs = try await openssl.run(command + ["-keyform", "DER", "-sign", "key", "message"]).output
        #expect(key.publicKey.isValidSignature(theirs, for: Self.message, scheme: scheme))
        #expect(!key.publicKey.isValidSignature(theirs, for: Self.message + [0], scheme: scheme))
    }

    @Test func refusesEveryFlippedByteOfASignature() throws {
        let keys: [(SoftwareKey, SignatureScheme)] = [
            (try TestKeys.client, .rsaPKCS1(.sha256)), (try TestKeys.ec, .ecdsa(.sha256)),
        ]
        for (key, scheme) in keys {
            let signature = try key.sign(Self.message, scheme: scheme)
            for index in signature.indices {
                var spoilt = signature
                spoilt[index] ^= 0x01
                #expect(!key.publicKey.isValidSignature(spoilt, for: Self.message, scheme: scheme), "byte \(index)")
            }
            for length in [0, 1, signature.count - 1] {
                let cut = Array(signature.prefix(length))
                #expect(!key.publicKey.isValidSignature(cut, for: Self.message, scheme: scheme))
            }
            let longer = signature + [0]
            #expect(!key.publicKey.isValidSignature(longer, for: Self.message, scheme: scheme))
        }
    }

    @Test func refusesAnotherSchemeDigestOrKey() throws {
        let key = try TestKeys.client
        let signature = try key.sign(Self.message, scheme: .rsaPKCS1(.sha256))
        for scheme: SignatureScheme in [
            .rsaPKCS1(.sha1), .rsaPKCS1(.sha512), .rsaPSS(.sha256, saltByteCount: 32), .ecdsa(.sha256),
        ] {
            #expect(!key.publicKey.isValidSignature(signature, for: Self.message, scheme: scheme))
        }
        #expect(
            !(try TestKeys.other).publicKey.isValidSignature(signature, for: Self.message, scheme: .rsaPKCS1(.sha256))
        )
        #expect(!(try TestKeys.ec).publicKey.isValidSignature(signature, for: Self.message, scheme: .rsaPKCS1(.sha256)))
    }

    @Test func refusesABareHashWithoutDigestInfo() async throws {
        let openssl = try OpenSSL()
        try openssl.write("key", try TestKeys.client.pkcs8())
        try openssl.write("hash", DigestAlgorithm.sha256.digest(Self.message))
        let bare = try await openssl.run(["pkeyutl", "-sign", "-keyform", "DER", "-inkey", "key", "-in", "hash"]).output
        #expect(!(try TestKeys.client).publicKey.isValidSignature(bare, for: Self.message, scheme: .rsaPKCS1(.sha256)))
    }

    @Test func refusesLooseSignaturePadding() async throws {
        // A block whose padding ends early and whose tail is free is what lets e=3 forgers in (client-quirks part O).
        let key = try TestKeys.client
        let info = [UInt8](hex: "3031300d060960864801650304020105000420") + DigestAlgorithm.sha256.digest(Self.message)
        let short = [0, 1] + [UInt8](repeating: 0xFF, count: 8) + [0] + info
        let blocks = [
            short + [UInt8](repeating: 0xAA, count: 256 - short.count),
            [0, 1] + [UInt8](repeating: 0xFE, count: 253 - info.count) + [0] + info,
            [0, 2] + [UInt8](repeating: 0xFF, count: 253 - info.count) + [0] + info,
        ]
        let right = [0, 1] + [UInt8](repeating: 0xFF, count: 253 - info.count) + [0] + info
        let raw = try RawRSA(key)
        let made = try await raw.sign(right)
        #expect(key.publicKey.isValidSignature(made, for: Self.message, scheme: .rsaPKCS1(.sha256)))
        for block in blocks {
            let forged = try await raw.sign(block)
            #expect(!key.publicKey.isValidSignature(forged, for: Self.message, scheme: .rsaPKCS1(.sha256)))
        }
    }

    @Test func refusesToSignWithASchemeOfAnotherKeyType() throws {
        let digest = [UInt8](repeating: 1, count: 32)
        #expect(throws: CryptographyError.wrongKeyType) {
            try TestKeys.client.sign(digest: digest, scheme: .ecdsa(.sha256))
        }
        #expect(throws: CryptographyError.wrongKeyType) {
            try TestKeys.ec.sign(digest: digest, scheme: .rsaPKCS1(.sha256))
        }
    }

    @Test(arguments: [0, 20, 31, 33, 64])
    func refusesToSignADigestOfTheWrongLength(count: Int) throws {
        let digest = [UInt8](repeating: 1, count: count)
        #expect(throws: CryptographyError.self) { try TestKeys.client.sign(digest: digest, scheme: .rsaPKCS1(.sha256)) }
        #expect(throws: CryptographyError.self) { try TestKeys.ec.sign(digest: digest, scheme: .ecdsa(.sha256)) }
    }
}
