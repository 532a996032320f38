// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CConstantTime
internal import CLibCrypto

/// A private key held in memory and used through libcrypto.
///
/// It is parsed once and shared by all threads.
public final class SoftwareKey: KeyDecryptionKey {
    /// The public half.
    public let publicKey: PublicKey
    private let key: EVPKey
    private let rawDecryption: EVPContextPool
    /// For the schemes that replies and certificates are signed with; others are set up each time.
    private let signing: [SignatureScheme: EVPContextPool]
    /// What fallback keys are derived from: known to nobody who doesn't hold the private key.
    private let fallbackSecret: [UInt8]

    private init(_ key: EVPKey, algorithm: KeyAlgorithm) throws(CryptographyError) {
        self.key = key
        self.publicKey = PublicKey(publicHalfOf: key, algorithm: algorithm)
        self.rawDecryption = unsafe EVPContextPool(key) { context in
            unsafe succeeded(EVP_PKEY_decrypt_init(context))
                && succeeded(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING))
        }
        let schemes = DigestAlgorithm.allCases.flatMap { [SignatureScheme.rsaPKCS1($0), .ecdsa($0)] }
        self.signing = Dictionary(
            uniqueKeysWithValues: schemes.filter { algorithm.fits($0) }.map { scheme in
                (scheme, unsafe EVPContextPool(key) { unsafe Self.setUpSigning($0, scheme) })
            }
        )
        self.fallbackSecret = MessageAuthentication.sha256(
            key: try Self.encode(key),
            message: Array("sceptic key transport fallback".utf8)
        )
    }

    /// Makes a new key.
    ///
    /// - Throws: `unsupportedKey` for RSA outside 2048 to 8192 bits.
    public static func generate(_ algorithm: KeyAlgorithm) throws(CryptographyError) -> SoftwareKey {
        let made: OpaquePointer?
        switch algorithm {
        case .rsa(let bits):
            guard bits >= 2048, bits <= 8192, let size = UInt32(exactly: bits) else {
                throw .unsupportedKey("new RSA keys have 2048 to 8192 bits, not \(bits)")
            }
            unsafe made = Self.generate("RSA") { context in
                unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(clamping: size))
            }
        case .ec(let curve):
            unsafe made = Self.generate("EC") { context in unsafe EVP_PKEY_CTX_set_group_name(context, curve.groupName)
            }
        }
        guard let key = unsafe EVPKey(owning: made) else { throw .libraryFailure("key generation") }
        return try SoftwareKey(key, algorithm: algorithm)
    }

    /// Reads a key that this product wrote, or that its operator brings: PKCS#8 (RFC 5208), PKCS#1 or SEC 1 DER.
    ///
    /// - Throws: `malformedKey`, or `unsupportedKey` when it is neither RSA of at most 8192 bits nor a known curve.
    public convenience init(derEncoded der: [UInt8]) throws(CryptographyError) {
        let parsed = unsafe der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var cursor = buffer.baseAddress
            return unsafe d2i_AutoPrivateKey(nil, &cursor, buffer.count)
        }
        guard let key = unsafe EVPKey(owning: parsed) else {
            ERR_clear_error()
            throw .malformedKey
        }
        try self.init(key, algorithm: try Self.algorithm(of: key))
    }

    /// The PKCS#8 DER encoding (RFC 5208).
    ///
    /// Handle it as the secret it is.
    public func pkcs8() throws(CryptographyError) -> [UInt8] {
        guard let info = unsafe EVP_PKEY2PKCS8(key.pointer) else { throw .libraryFailure("PKCS#8 encoding") }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
        return try unsafe Self.der("PKCS#8 encoding") { cursor in unsafe i2d_PKCS8_PRIV_KEY_INFO(info, cursor) }
    }

    /// Signs a digest.
    public func sign(digest: [UInt8], scheme: SignatureScheme) throws(CryptographyError) -> [UInt8] {
        guard publicKey.algorithm.fits(scheme) else { throw .wrongKeyType }
        let use = { (context: OpaquePointer) -> [UInt8]? in
            unsafe fill(self.key.maximumOutputByteCount) { output, length in
                unsafe EVP_PKEY_sign(context, output, length, digest, digest.count)
            }
        }
        if let pool = signing[scheme] { return try unsafe pool.withContext("sign", use) }
        return try unsafe key.withContext("sign") { context in
            unsafe Self.setUpSigning(context, scheme) ? use(context) : nil
        }
    }

    private static func setUpSigning(_ context: OpaquePointer, _ scheme: SignatureScheme) -> Bool {
        unsafe succeeded(EVP_PKEY_sign_init(context)) && configure(context, scheme)
    }

    /// Opens a transported key; see `KeyDecryptionKey`.
    public func decryptKey(
        _ encryptedKey: [UInt8],
        keyByteCount: Int,
        padding: KeyTransportPadding
    ) throws(CryptographyError) -> [UInt8] {
        guard case .rsa = publicKey.algorithm else { throw .wrongKeyType }
        let modulusByteCount = key.maximumOutputByteCount
        guard encryptedKey.count == modulusByteCount, keyByteCount > 0, keyByteCount <= 32 else {
            throw .malformedCiphertext
        }
        let fallback = Array(
            MessageAuthentication.sha256(key: fallbackSecret, message: encryptedKey).prefix(keyByteCount)
        )
        switch padding {
        case .pkcs1:
            // libcrypto 3.0 tells good padding from bad; take the raw number and unpad it without a branch.
            let encoded = try decryptRaw(encryptedKey, capacity: modulusByteCount)
            var contentKey = fallback
            guard unsafe sceptic_unpad_pkcs1(encoded, encoded.count, fallback, &contentKey, keyByteCount) == 1 else {
                throw .malformedCiphertext
            }
            return contentKey
        case .oaep:
            return decryptOAEP(encryptedKey, capacity: modulusByteCount, padding: padding, fallback: fallback)
        }
    }

    private func decryptRaw(_ ciphertext: [UInt8], capacity: Int) throws(CryptographyError) -> [UInt8] {
        // A number not below the modulus is the one thing libcrypto refuses here, and its sender knows it anyway.
        let opened = try? unsafe rawDecryption.withContext("raw RSA") { context -> [UInt8]? in
            unsafe fill(capacity) { output, length in
                unsafe EVP_PKEY_decrypt(context, output, length, ciphertext, ciphertext.count)
            }
        }
        guard let opened, opened.count == capacity else { return [UInt8](repeating: 0, count: capacity) }
        return opened
    }

    private func decryptOAEP(
        _ ciphertext: [UInt8],
        capacity: Int,
        padding: KeyTransportPadding,
        fallback: [UInt8]
    ) -> [UInt8] {
        var candidate = [UInt8](repeating: 0, count: capacity)
        var length = capacity
        var worked = false
        _ = try? unsafe key.withContext("OAEP") { context -> Bool? in
            guard unsafe succeeded(EVP_PKEY_decrypt_init(context)), unsafe padding.configure(context) else {
                return nil
            }
            worked = unsafe succeeded(EVP_PKEY_decrypt(context, &candidate, &length, ciphertext, ciphertext.count))
            return true
        }
        ERR_clear_error()
        var contentKey = fallback
        let accept: UInt32 = worked && length == fallback.count ? 1 : 0
        unsafe sceptic_select(accept, candidate, fallback, &contentKey, fallback.count)
        return contentKey
    }

    private static func generate(_ type: String, _ configure: (OpaquePointer) -> Int32) -> OpaquePointer? {
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return nil }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard unsafe succeeded(EVP_PKEY_keygen_init(context)),
            unsafe succeeded(configure(context)),
            unsafe succeeded(EVP_PKEY_generate(context, &made))
        else {
            ERR_clear_error()
            return nil
        }
        return unsafe made
    }

    private static func algorithm(of key: EVPKey) throws(CryptographyError) -> KeyAlgorithm {
        switch unsafe EVP_PKEY_get_base_id(key.pointer) {
        case EVP_PKEY_RSA:
            guard RSAKeyLimits.verification.accepts(bits: key.bits) else {
                throw .unsupportedKey("RSA key of \(key.bits) bits")
            }
            return .rsa(bits: key.bits)
        case EVP_PKEY_EC:
            var name = [CChar](repeating: 0, count: 64)
            var length = 0
            guard unsafe succeeded(EVP_PKEY_get_group_name(key.pointer, &name, name.count, &length)),
                let curve = NamedCurve(
                    groupName: String(decoding: name.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
                )
            else { throw .unsupportedKey("EC key on a curve other than P-256, P-384 and P-521") }
            return .ec(curve)
        default:
            throw .unsupportedKey("key that is neither RSA nor EC")
        }
    }

    private static func encode(_ key: EVPKey) throws(CryptographyError) -> [UInt8] {
        try unsafe der("private key encoding") { cursor in unsafe i2d_PrivateKey(key.pointer, cursor) }
    }

    private static func der(
        _ operation: String,
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
    ) throws(CryptographyError) -> [UInt8] {
        let length = Int(body(nil))
        guard length > 0 else { throw .libraryFailure(operation) }
        return unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            var cursor = buffer.baseAddress
            count = max(0, Int(unsafe body(&cursor)))
        }
    }
}
