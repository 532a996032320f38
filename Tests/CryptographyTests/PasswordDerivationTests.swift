// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import SCEPCrafting
import TestSupport
import Testing

@Suite struct PasswordDerivationTests {
    /// What is derived, and what comes of it.
    struct Vector: Sendable {
        var digest = DigestAlgorithm.sha1
        let password: String
        let salt: String
        let iterations: Int
        let key: String
    }

    // RFC 6070 §2, but for the one of sixteen million iterations.
    private static let sha1: [Vector] = [
        Vector(password: "password", salt: "salt", iterations: 1, key: "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
        Vector(password: "password", salt: "salt", iterations: 2, key: "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
        Vector(password: "password", salt: "salt", iterations: 4096, key: "4b007901b765489abead49d926f721d065a429c1"),
        Vector(
            password: "passwordPASSWORDpassword",
            salt: "saltSALTsaltSALTsaltSALTsaltSALTsalt",
            iterations: 4096,
            key: "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"
        ),
        Vector(
            password: "pass\u{0}word",
            salt: "sa\u{0}lt",
            iterations: 4096,
            key: "56fa6aa75548099dcc37d7f03425e0c3"
        ),
    ]

    // RFC 7914 §11.
    private static let sha256: [Vector] = [
        Vector(
            digest: .sha256,
            password: "passwd",
            salt: "salt",
            iterations: 1,
            key: "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
        ),
        Vector(
            digest: .sha256,
            password: "Password",
            salt: "NaCl",
            iterations: 80_000,
            key: "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
                + "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
        ),
    ]

    @Test(arguments: sha1 + sha256)
    func derivesWhatTheRFCsSay(vector: Vector) throws {
        let derivation = try PasswordDerivation(
            salt: Array(vector.salt.utf8),
            iterations: vector.iterations,
            digest: vector.digest
        )
        let expected = [UInt8](hex: vector.key)
        #expect(try derivation.key(password: vector.password, byteCount: expected.count) == expected)
    }

    @Test(arguments: [
        (DigestAlgorithm.sha1, "SHA1"), (.sha256, "SHA256"), (.sha384, "SHA384"), (.sha512, "SHA512"),
    ])
    func agreesWithOpenSSL(digest: DigestAlgorithm, name: String) async throws {
        let openssl = try OpenSSL()
        var generator = SeededGenerator()
        for (length, byteCount) in [(8, 16), (1, 24), (128, 32), (16, 100)] {
            let salt = generator.bytes(length)
            let iterations = Int.random(in: 1...3000, using: &generator)
            let password = "Grüße-\(length)"
            let options = [
                "digest:\(name)", "pass:\(password)", "hexsalt:\(salt.hex)", "iter:\(iterations)", "pkcs5:1",
            ]
            let command = ["kdf", "-binary", "-keylen", "\(byteCount)"] + options.flatMap { ["-kdfopt", $0] }
            let theirs = try await openssl.run(command + ["PBKDF2"]).output
            let ours = try PasswordDerivation(salt: salt, iterations: iterations, digest: digest)
            #expect(try ours.key(password: password, byteCount: byteCount) == theirs)
        }
    }

    @Test(arguments: [0, -1, Int.min, Int.max, Int(Int32.max) + 1, 1 << 32 + 1])
    func refusesANumberOfIterationsThatCannotBe(iterations: Int) {
        #expect(throws: CryptographyError.unsupportedKey("PBKDF2 with \(iterations) iterations")) {
            try PasswordDerivation(salt: [1], iterations: iterations, digest: .sha1)
        }
    }

    @Test func anotherPasswordSaltOrCountGivesAnotherKey() throws {
        func key(_ password: String, _ salt: [UInt8], _ iterations: Int, _ digest: DigestAlgorithm) throws -> [UInt8] {
            try PasswordDerivation(salt: salt, iterations: iterations, digest: digest)
                .key(password: password, byteCount: 16)
        }
        let keys = [
            try key("password", [1], 10, .sha1), try key("Password", [1], 10, .sha1), try key("", [1], 10, .sha1),
            try key("password", [], 10, .sha1), try key("password", [1], 11, .sha1),
            try key("password", [1], 10, .sha256), try key("password\u{0}", [1, 0], 10, .sha1),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(keys.allSatisfy { $0.count == 16 })
    }
}
