// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What can go wrong below the protocols, by cause.
public enum CryptographyError: Error, Sendable, Equatable {
    /// The bytes are not a key, or not one of the kind asked for.
    case malformedKey
    /// The key is of a type, curve or size that is not accepted, named for people.
    case unsupportedKey(String)
    /// The key can't do what was asked of it, such as decrypting with an EC key.
    case wrongKeyType
    /// A ciphertext's length does not fit its key or cipher.
    case malformedCiphertext
    /// A wrapped secret does not open under this master key.
    case unwrapFailed
    /// libcrypto refused an operation that should succeed, named for people.
    case libraryFailure(String)
}
