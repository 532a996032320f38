// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CLibCrypto

/// A block cipher in CBC mode with PKCS#7 padding that encrypts the content of an EnvelopedData (RFC 5652 §6.3).
public enum ContentCipher: String, Sendable, Hashable, CaseIterable {
    /// AES-128-CBC, mandatory (RFC 8894 §2.9).
    case aes128CBC = "AES-128-CBC"
    /// AES-192-CBC.
    case aes192CBC = "AES-192-CBC"
    /// AES-256-CBC.
    case aes256CBC = "AES-256-CBC"
    /// Triple DES with three keys (RFC 8894 §2.9, optional).
    case tripleDESCBC = "DES-EDE3-CBC"
    /// Single DES, which is only ever decrypted, for the legacy exception of a profile (RFC 8894 §2.9 forbids it).
    case insecureDESCBC = "DES-CBC"

    /// The length of the key in bytes.
    public var keyByteCount: Int {
        switch self {
        case .aes128CBC: 16
        case .aes192CBC, .tripleDESCBC: 24
        case .aes256CBC: 32
        case .insecureDESCBC: 8
        }
    }

    /// The length of a block, and so of the initialisation vector, in bytes.
    public var blockByteCount: Int {
        switch self {
        case .aes128CBC, .aes192CBC, .aes256CBC: 16
        case .tripleDESCBC, .insecureDESCBC: 8
        }
    }

    /// Encrypts and pads.
    ///
    /// - Throws: `unsupportedKey` for single DES or when key or vector have the wrong length.
    public func encrypt(_ plaintext: [UInt8], key: [UInt8], iv: [UInt8]) throws(CryptographyError) -> [UInt8] {
        guard self != .insecureDESCBC else { throw .unsupportedKey("single DES never encrypts") }
        return try run(plaintext, key: key, iv: iv, .encrypt)
    }

    /// Decrypts and takes the padding off.
    ///
    /// - Throws: `malformedCiphertext` when lengths or padding are wrong. To a peer this must look like any other failure.
    public func decrypt(_ ciphertext: [UInt8], key: [UInt8], iv: [UInt8]) throws(CryptographyError) -> [UInt8] {
        guard !ciphertext.isEmpty, ciphertext.count.isMultiple(of: blockByteCount) else { throw .malformedCiphertext }
        // libcrypto keeps DES in its legacy provider; triple DES with one key three times is the same function.
        let key = self == .insecureDESCBC ? key + key + key : key
        let effective: ContentCipher = self == .insecureDESCBC ? .tripleDESCBC : self
        return try effective.run(ciphertext, key: key, iv: iv, .decrypt)
    }

    /// Encrypts or decrypts whole blocks, to which nothing is added: for key wrapping.
    ///
    /// - Throws: `unsupportedKey` for single DES or when key or vector have the wrong length, `malformedCiphertext` when the input is
    ///   not whole blocks.
    func transformBlocks(
        _ blocks: [UInt8],
        key: [UInt8],
        iv: [UInt8],
        _ direction: Direction
    ) throws(CryptographyError) -> [UInt8] {
        // Its handle is that of triple DES, which would read 24 bytes of a key of 8.
        guard self != .insecureDESCBC else { throw .unsupportedKey("single DES never wraps") }
        guard !blocks.isEmpty, blocks.count.isMultiple(of: blockByteCount) else { throw .malformedCiphertext }
        return try run(blocks, key: key, iv: iv, direction, .none)
    }

    enum Direction: Int32 {
        case decrypt = 0
        case encrypt = 1
    }

    private enum Padding: Int32 {
        case none = 0
        case pkcs7 = 1
    }

    private func run(
        _ input: [UInt8],
        key: [UInt8],
        iv: [UInt8],
        _ direction: Direction,
        _ padding: Padding = .pkcs7
    ) throws(CryptographyError) -> [UInt8] {
        guard key.count == keyByteCount, iv.count == blockByteCount, let length = Int32(exactly: input.count) else {
            throw .unsupportedKey("\(rawValue) with a key of \(key.count) and a vector of \(iv.count) bytes")
        }
        guard let context = unsafe EVP_CIPHER_CTX_new() else { throw .libraryFailure(rawValue) }
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        guard unsafe succeeded(EVP_CipherInit_ex(context, handle, nil, key, iv, direction.rawValue)),
            unsafe succeeded(EVP_CIPHER_CTX_set_padding(context, padding.rawValue))
        else {
            ERR_clear_error()
            throw .libraryFailure(rawValue)
        }
        var worked = false
        let output = unsafe [UInt8](unsafeUninitializedCapacity: input.count + blockByteCount) { buffer, count in
            var written: Int32 = 0
            var last: Int32 = 0
            guard unsafe succeeded(EVP_CipherUpdate(context, buffer.baseAddress, &written, input, length)) else {
                return
            }
            let rest = unsafe buffer.baseAddress.map { unsafe $0 + Int(written) }
            worked = unsafe succeeded(EVP_CipherFinal_ex(context, rest, &last))
            count = worked ? Int(written) + Int(last) : 0
        }
        guard worked else {
            ERR_clear_error()
            throw .malformedCiphertext
        }
        return output
    }

    private var handle: OpaquePointer? {
        switch self {
        case .aes128CBC: unsafe Self.aes128.pointer
        case .aes192CBC: unsafe Self.aes192.pointer
        case .aes256CBC: unsafe Self.aes256.pointer
        case .tripleDESCBC, .insecureDESCBC: unsafe Self.tripleDES.pointer
        }
    }

    // Those that `EVP_aes_128_cbc()` and its like give are looked up by their names at each use.
    private static let aes128 = FetchedCipher("AES-128-CBC")
    private static let aes192 = FetchedCipher("AES-192-CBC")
    private static let aes256 = FetchedCipher("AES-256-CBC")
    private static let tripleDES = FetchedCipher("DES-EDE3-CBC")

    /// Keeps one of libcrypto's ciphers, found by its name, as long as the program runs.
    ///
    /// Unchecked, because the compiler can't see into `EVP_CIPHER`. The invariant: nothing changes one once it is fetched.
    @safe
    private struct FetchedCipher: @unchecked Sendable {
        let pointer: OpaquePointer?

        init(_ name: String) {
            unsafe pointer = EVP_CIPHER_fetch(nil, name, nil)
        }
    }
}
