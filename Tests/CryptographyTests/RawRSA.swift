// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Cryptography
import TestSupport

/// RSA without padding, by the `openssl` command: makes signatures and ciphertexts whose padding is wrong in a chosen way.
struct RawRSA {
    private let openssl: OpenSSL

    init(_ key: SoftwareKey) throws {
        self.openssl = try OpenSSL()
        try openssl.write("key", try key.pkcs8())
        try openssl.write("public", key.publicKey.subjectPublicKeyInfo)
    }

    /// An encoded block to the power of the private exponent; a raw signature is a raw decryption.
    func sign(_ block: [UInt8]) async throws -> [UInt8] {
        try await run(["-decrypt", "-inkey", "key"], block)
    }

    /// An encoded block to the power of the public exponent.
    func encrypt(_ block: [UInt8]) async throws -> [UInt8] {
        try await run(["-encrypt", "-pubin", "-inkey", "public"], block)
    }

    private func run(_ arguments: [String], _ block: [UInt8]) async throws -> [UInt8] {
        try openssl.write("block", block)
        let options = ["-keyform", "DER", "-pkeyopt", "rsa_padding_mode:none", "-in", "block"]
        return try await openssl.run(["pkeyutl"] + arguments + options).output
    }
}
