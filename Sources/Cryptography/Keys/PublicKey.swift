// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CLibCrypto

/// A public key that verifies signatures and, when it is an RSA key, transports keys.
///
/// It is made from its numbers, not from an encoding: the bytes of a peer's key are parsed in Swift (`PKIX`).
public struct PublicKey: Sendable {
    /// The key's type and size.
    public let algorithm: KeyAlgorithm
    let key: EVPKey
    /// Used again, since an enrolment verifies twice and encrypts once with its key.
    private let contexts: EVPContextPool

    /// Makes an RSA key from its modulus and exponent.
    ///
    /// - Parameters:
    ///   - modulus: big-endian, leading zeros allowed.
    ///   - exponent: big-endian, leading zeros allowed.
    ///   - limits: the sizes accepted.
    /// - Throws: `unsupportedKey` when the size is outside the limits or the exponent is even, 1 or longer than 64 bits;
    ///   `malformedKey` when the numbers are no key.
    public init(
        rsaModulus modulus: some Collection<UInt8>,
        exponent: some Collection<UInt8>,
        limits: RSAKeyLimits = .verification
    ) throws(CryptographyError) {
        // As arrays, since what is generic costs 70,000 instructions.
        let modulus = Array(modulus).drop { $0 == 0 }
        let exponent = Array(exponent).drop { $0 == 0 }
        guard let top = modulus.first else { throw .malformedKey }
        let bits = modulus.count * 8 - top.leadingZeroBitCount
        guard limits.accepts(bits: bits) else {
            throw .unsupportedKey(
                "RSA key of \(bits) bits; \(limits.minimumBits) to \(limits.maximumBits) are accepted"
            )
        }
        let lastByte = exponent.last ?? 0
        // libcrypto itself refuses longer exponents with large moduli, since they cost as much as a private operation.
        guard exponent.count <= 8, lastByte & 1 == 1, !(exponent.count == 1 && lastByte == 1) else {
            throw .unsupportedKey("RSA key with an unusable public exponent")
        }
        var littleModulus = [UInt8](modulus.reversed())
        var littleExponent = [UInt8](exponent.reversed())
        let made = unsafe littleModulus.withUnsafeMutableBufferPointer { n in
            unsafe littleExponent.withUnsafeMutableBufferPointer { e in
                unsafe Self.fromData(
                    "RSA",
                    [
                        sceptic_rsa_modulus(n.baseAddress, n.count),
                        sceptic_rsa_exponent(e.baseAddress, e.count),
                        OSSL_PARAM_construct_end(),
                    ]
                )
            }
        }
        guard let key = made else { throw .malformedKey }
        self.init(publicHalfOf: key, algorithm: .rsa(bits: bits))
    }

    /// Makes an elliptic-curve key from its point.
    ///
    /// - Parameters:
    ///   - curve: the curve.
    ///   - point: the point, uncompressed (tag 4) or compressed (tag 2 or 3), checked to lie on the curve.
    /// - Throws: `malformedKey` when it is no point of the curve.
    public init(curve: NamedCurve, point: some Collection<UInt8>) throws(CryptographyError) {
        // libcrypto would also take the point at infinity, whose signatures anybody can make, and hybrid forms.
        let expectedByteCount: Int? =
            switch point.first {
            case 4: curve.pointByteCount
            case 2, 3: (curve.pointByteCount + 1) / 2
            default: nil
            }
        guard point.count == expectedByteCount else { throw .malformedKey }
        var point = [UInt8](point)
        var name = Array(curve.groupName.utf8CString)
        let made = unsafe point.withUnsafeMutableBufferPointer { point in
            unsafe name.withUnsafeMutableBufferPointer { name in
                unsafe Self.fromData(
                    "EC",
                    [
                        sceptic_ec_group(name.baseAddress),
                        sceptic_ec_point(point.baseAddress, point.count),
                        OSSL_PARAM_construct_end(),
                    ]
                )
            }
        }
        guard let key = made else { throw .malformedKey }
        self.init(publicHalfOf: key, algorithm: .ec(curve))
    }

    init(publicHalfOf key: EVPKey, algorithm: KeyAlgorithm) {
        self.key = key
        self.algorithm = algorithm
        self.contexts = unsafe EVPContextPool(key) { _ in true }
    }

    /// The DER encoding of the SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    public var subjectPublicKeyInfo: [UInt8] {
        let length = Int(unsafe i2d_PUBKEY(key.pointer, nil))
        guard length > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            var cursor = buffer.baseAddress
            count = max(0, Int(unsafe i2d_PUBKEY(key.pointer, &cursor)))
        }
    }

    /// Whether a signature over a message's digest is this key's.
    public func isValidSignature(_ signature: [UInt8], digest: [UInt8], scheme: SignatureScheme) -> Bool {
        guard algorithm.fits(scheme) else { return false }
        let verdict = try? unsafe contexts.withContext("verify") { context -> Bool? in
            guard unsafe succeeded(EVP_PKEY_verify_init(context)), unsafe configure(context, scheme) else { return nil }
            return unsafe succeeded(EVP_PKEY_verify(context, signature, signature.count, digest, digest.count))
        }
        if verdict != true { ERR_clear_error() }
        return verdict ?? false
    }

    /// Whether a signature over a message is this key's.
    public func isValidSignature(
        _ signature: [UInt8],
        for message: some Sequence<UInt8>,
        scheme: SignatureScheme
    ) -> Bool {
        isValidSignature(signature, digest: scheme.digest.digest(message), scheme: scheme)
    }

    /// Whether a key of so many bytes fits under this one with a padding (RFC 8017 §7.1.1, §7.2.1); never for EC keys.
    public func canTransport(keyByteCount: Int, padding: KeyTransportPadding) -> Bool {
        guard case .rsa(let bits) = algorithm else { return false }
        let room = (bits + 7) / 8 - keyByteCount
        switch padding {
        case .pkcs1: return room >= 11
        case .oaep(let digest, _): return room >= 2 * digest.byteCount + 2
        }
    }

    /// Encrypts a content-encryption key to this RSA key.
    ///
    /// - Returns: the ciphertext, as long as the modulus.
    /// - Throws: `wrongKeyType` when this is no RSA key.
    public func encryptKey(_ contentKey: [UInt8], padding: KeyTransportPadding) throws(CryptographyError) -> [UInt8] {
        guard case .rsa = algorithm else { throw .wrongKeyType }
        return try unsafe contexts.withContext("key transport") { context -> [UInt8]? in
            guard unsafe succeeded(EVP_PKEY_encrypt_init(context)), unsafe padding.configure(context) else {
                return nil
            }
            return unsafe fill(key.maximumOutputByteCount) { output, length in
                unsafe EVP_PKEY_encrypt(context, output, length, contentKey, contentKey.count)
            }
        }
    }

    private static func fromData(_ type: String, _ parameters: [OSSL_PARAM]) -> EVPKey? {
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return nil }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        var parameters = unsafe parameters
        guard unsafe succeeded(EVP_PKEY_fromdata_init(context)),
            unsafe succeeded(EVP_PKEY_fromdata(context, &made, sceptic_public_key_selection, &parameters))
        else {
            ERR_clear_error()
            return nil
        }
        return unsafe EVPKey(owning: made)
    }
}

/// Sets a signing or verifying context up for a scheme; false when key and scheme don't go together.
func configure(_ context: OpaquePointer, _ scheme: SignatureScheme) -> Bool {
    guard unsafe succeeded(EVP_PKEY_CTX_set_signature_md(context, scheme.digest.handle)) else { return false }
    switch scheme {
    case .rsaPKCS1:
        return unsafe succeeded(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING))
    case .rsaPSS(_, let saltByteCount):
        guard let salt = Int32(exactly: saltByteCount) else { return false }
        return unsafe succeeded(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING))
            && succeeded(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt))
    case .ecdsa:
        return true
    }
}

extension KeyTransportPadding {
    func configure(_ context: OpaquePointer) -> Bool {
        switch self {
        case .pkcs1:
            return unsafe succeeded(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING))
        case .oaep(let digest, let maskDigest):
            return unsafe succeeded(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING))
                && succeeded(EVP_PKEY_CTX_set_rsa_oaep_md(context, digest.handle))
                && succeeded(EVP_PKEY_CTX_set_rsa_mgf1_md(context, maskDigest.handle))
        }
    }
}

/// Lets libcrypto fill an array of at most `capacity` bytes; nil when it says no.
func fill(
    _ capacity: Int,
    _ body: (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>) -> Int32
) -> [UInt8]? {
    var worked = false
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        var length = capacity
        worked = unsafe succeeded(body(buffer.baseAddress, &length))
        count = worked ? min(length, capacity) : 0
    }
    return worked ? bytes : nil
}
