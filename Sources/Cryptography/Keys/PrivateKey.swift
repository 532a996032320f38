// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// A key that signs: the seam behind which software keys and hardware modules stand.
///
/// Implementations are shared by threads, and `sign` may be called by many at once.
public protocol PrivateKey: Sendable {
    /// The public half.
    var publicKey: PublicKey { get }

    /// Signs the digest of a message.
    ///
    /// - Parameters:
    ///   - digest: the message's digest, as long as the scheme's digest algorithm says.
    ///   - scheme: how to sign; it has to fit the key's type.
    /// - Returns: the signature value: as long as the modulus for RSA, DER for ECDSA.
    /// - Throws: `wrongKeyType` when the scheme does not fit, `libraryFailure` when the key's keeper fails.
    func sign(digest: [UInt8], scheme: SignatureScheme) throws(CryptographyError) -> [UInt8]
}

extension PrivateKey {
    /// Signs a message: hashes it with the scheme's digest and signs that.
    public func sign(_ message: some Sequence<UInt8>, scheme: SignatureScheme) throws(CryptographyError) -> [UInt8] {
        try sign(digest: scheme.digest.digest(message), scheme: scheme)
    }
}

/// How a content-encryption key is put under an RSA key.
public enum KeyTransportPadding: Sendable, Hashable {
    /// RSAES-PKCS1-v1_5 (RFC 8017 §7.2).
    case pkcs1
    /// RSAES-OAEP with an empty label (RFC 8017 §7.1), by its digest and the digest of its mask function.
    case oaep(digest: DigestAlgorithm, maskDigest: DigestAlgorithm)
}

/// A private key that also opens key transport.
public protocol KeyDecryptionKey: PrivateKey {
    /// Opens a transported content-encryption key, and never tells whether that went well.
    ///
    /// A ciphertext that does not open gives a key derived from a secret of this key and the ciphertext (RFC 3218 §2.3.2),
    /// in the same time: what is decrypted with it turns out to be rubbish, and the caller sees one kind of failure only.
    ///
    /// - Parameters:
    ///   - encryptedKey: the ciphertext, as long as the modulus.
    ///   - keyByteCount: the length of the key that the content cipher needs.
    ///   - padding: how the key was padded.
    /// - Returns: a key of `keyByteCount` bytes, the transported one or rubbish.
    /// - Throws: `malformedCiphertext` when the lengths can't fit, which everybody can see from outside;
    ///   `libraryFailure` when the key's keeper fails.
    func decryptKey(
        _ encryptedKey: [UInt8],
        keyByteCount: Int,
        padding: KeyTransportPadding
    ) throws(CryptographyError) -> [UInt8]
}
