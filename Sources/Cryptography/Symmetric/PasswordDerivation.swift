// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CLibCrypto

/// Makes a key from a password: PBKDF2 with HMAC (RFC 8018 §5.2).
public struct PasswordDerivation: Sendable, Hashable {
    /// The salt.
    public let salt: [UInt8]
    /// How often the function is applied: the work, which whoever chose it makes others do.
    public let iterations: Int
    /// The digest of the HMAC.
    public let digest: DigestAlgorithm

    /// Puts parameters together.
    ///
    /// - Throws: `unsupportedKey` when there are no iterations, or more than libcrypto counts.
    public init(salt: [UInt8], iterations: Int, digest: DigestAlgorithm) throws(CryptographyError) {
        guard iterations >= 1, Int32(exactly: iterations) != nil, Int32(exactly: salt.count) != nil else {
            throw .unsupportedKey("PBKDF2 with \(iterations) iterations")
        }
        self.salt = salt
        self.iterations = iterations
        self.digest = digest
    }

    /// Derives a key of so many bytes.
    ///
    /// - Throws: `libraryFailure`.
    public func key(password: String, byteCount: Int) throws(CryptographyError) -> [UInt8] {
        var password = Array(password.utf8CString)
        password.removeLast()
        var worked = false
        let key = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            worked = unsafe succeeded(
                PKCS5_PBKDF2_HMAC(
                    password,
                    Int32(clamping: password.count),
                    salt,
                    Int32(clamping: salt.count),
                    Int32(clamping: iterations),
                    digest.handle,
                    Int32(clamping: byteCount),
                    buffer.baseAddress
                )
            )
            count = worked ? byteCount : 0
        }
        guard worked else {
            ERR_clear_error()
            throw .libraryFailure("PBKDF2")
        }
        return key
    }
}
