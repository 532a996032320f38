// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CLibCrypto

/// Owns one reference to a libcrypto key.
///
/// Unchecked, because the compiler can't see into `EVP_PKEY`. The invariant: the key is complete before it is wrapped here and
/// nothing changes it afterwards; libcrypto lets many threads use one such key, each with a context of its own.
@safe
final class EVPKey: @unchecked Sendable {
    let pointer: OpaquePointer

    init?(owning pointer: OpaquePointer?) {
        guard let pointer = unsafe pointer else { return nil }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe EVP_PKEY_free(pointer)
    }

    /// Runs one operation with a context that is freed afterwards.
    func withContext<Result>(
        _ operation: String,
        _ body: (OpaquePointer) -> Result?
    ) throws(CryptographyError) -> Result {
        guard let context = unsafe EVP_PKEY_CTX_new(pointer, nil) else {
            throw .libraryFailure(operation)
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard let result = unsafe body(context) else {
            ERR_clear_error()
            throw .libraryFailure(operation)
        }
        return result
    }

    /// The length of the modulus or the order, in bits.
    var bits: Int { Int(unsafe EVP_PKEY_get_bits(pointer)) }

    /// The most bytes that a signature or ciphertext of this key takes.
    var maximumOutputByteCount: Int { max(0, Int(unsafe EVP_PKEY_get_size(pointer))) }
}

extension DigestAlgorithm {
    /// libcrypto's handle of this digest: a static object of the library.
    var handle: OpaquePointer? {
        switch self {
        case .insecureMD5: unsafe EVP_md5()
        case .sha1: unsafe EVP_sha1()
        case .sha256: unsafe EVP_sha256()
        case .sha384: unsafe EVP_sha384()
        case .sha512: unsafe EVP_sha512()
        }
    }
}

extension NamedCurve {
    /// The name under which libcrypto knows this curve.
    var groupName: String {
        switch self {
        case .p256: "prime256v1"
        case .p384: "secp384r1"
        case .p521: "secp521r1"
        }
    }

    init?(groupName: String) {
        switch groupName {
        case "prime256v1", "P-256": self = .p256
        case "secp384r1", "P-384": self = .p384
        case "secp521r1", "P-521": self = .p521
        default: return nil
        }
    }
}

/// Turns libcrypto's "1 is good, anything else is bad" into an optional to chain on.
func succeeded(_ result: Int32) -> Bool { result == 1 }
