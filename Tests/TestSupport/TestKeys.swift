// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import Cryptography

/// Keys that many tests share, since making RSA keys takes long; each is made once per run.
package enum TestKeys {
    private static let authorityKey = Result { try SoftwareKey.generate(.rsa(bits: 2048)) }
    private static let registrationKey = Result { try SoftwareKey.generate(.rsa(bits: 2048)) }
    private static let clientKey = Result { try SoftwareKey.generate(.rsa(bits: 2048)) }
    private static let otherKey = Result { try SoftwareKey.generate(.rsa(bits: 2048)) }
    private static let ecKey = Result { try SoftwareKey.generate(.ec(.p256)) }

    /// A certification authority's key, RSA-2048.
    package static var authority: SoftwareKey { get throws { try authorityKey.get() } }
    /// A registration authority's key, RSA-2048.
    package static var registration: SoftwareKey { get throws { try registrationKey.get() } }
    /// A client's key, RSA-2048.
    package static var client: SoftwareKey { get throws { try clientKey.get() } }
    /// A key that has nothing to do with the others, RSA-2048.
    package static var other: SoftwareKey { get throws { try otherKey.get() } }
    /// An EC key on P-256.
    package static var ec: SoftwareKey { get throws { try ecKey.get() } }

    /// An RSA key of 1024 bits, which the library only reads.
    package static func short() async throws -> SoftwareKey {
        let options = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]
        return try SoftwareKey(derEncoded: try await OpenSSL().makeKey("short.pem", options))
    }
}
