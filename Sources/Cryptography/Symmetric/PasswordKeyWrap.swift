// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Puts a content-encryption key under a key that comes from a password (RFC 3211 §2.3, PWRI-KEK).
///
/// The block is `length ‖ three complemented bytes of the key ‖ key ‖ random padding`, at least two cipher blocks long, and is
/// encrypted twice in CBC mode, the second time with the last block of the first as vector.
public enum PasswordKeyWrap: Sendable {
    private static let checkByteCount = 3
    private static let headerByteCount = 1 + checkByteCount

    /// Wraps a key.
    ///
    /// - Parameters:
    ///   - contentKey: the key to wrap, 3 to 255 bytes.
    ///   - key: the key-encryption key, as long as the cipher's.
    ///   - cipher: the cipher of the wrapping.
    ///   - iv: its vector.
    ///   - generator: where the padding comes from.
    /// - Returns: the wrapped key, at least two blocks.
    /// - Throws: `unsupportedKey` when a length does not fit.
    public static func wrap(
        _ contentKey: [UInt8],
        under key: [UInt8],
        cipher: ContentCipher,
        iv: [UInt8],
        using generator: inout some RandomNumberGenerator
    ) throws(CryptographyError) -> [UInt8] {
        guard contentKey.count >= checkByteCount, let length = UInt8(exactly: contentKey.count) else {
            throw .unsupportedKey("a key of \(contentKey.count) bytes to wrap")
        }
        var block = [length] + contentKey.prefix(checkByteCount).map { ~$0 } + contentKey
        let size = cipher.blockByteCount
        let whole = max(2, (block.count + size - 1) / size) * size
        block += generator.bytes(whole - block.count)
        let once = try cipher.transformBlocks(block, key: key, iv: iv, .encrypt)
        return try cipher.transformBlocks(once, key: key, iv: Array(once.suffix(size)), .encrypt)
    }

    /// Unwraps a key.
    ///
    /// Lengths are looked at before anything is decrypted (CVE-2025-9230 was an access beyond them).
    ///
    /// - Parameters:
    ///   - wrapped: the wrapped key.
    ///   - byteCount: how long the key has to be.
    ///   - key: the key-encryption key.
    ///   - cipher: the cipher of the wrapping.
    ///   - iv: its vector.
    /// - Returns: the key.
    /// - Throws: `malformedCiphertext`, whatever is wrong with it; `unsupportedKey` when key, vector or cipher do not serve.
    public static func unwrap(
        _ wrapped: [UInt8],
        byteCount: Int,
        under key: [UInt8],
        cipher: ContentCipher,
        iv: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        let size = cipher.blockByteCount
        // A length byte, three check bytes and at most 255 bytes of key fit in 17 AES blocks.
        guard wrapped.count >= 2 * size, wrapped.count.isMultiple(of: size), wrapped.count <= 17 * 16 else {
            throw .malformedCiphertext
        }
        let before = Array(wrapped.dropLast(size).suffix(size))
        let last = try cipher.transformBlocks(Array(wrapped.suffix(size)), key: key, iv: before, .decrypt)
        let head = try cipher.transformBlocks(Array(wrapped.dropLast(size)), key: key, iv: last, .decrypt)
        let block = try cipher.transformBlocks(head + last, key: key, iv: iv, .decrypt)
        let contentKey = Array(block.dropFirst(headerByteCount).prefix(byteCount))
        let check = block.dropFirst().prefix(checkByteCount).map { ~$0 }
        guard let length = block.first, Int(length) == byteCount, contentKey.count == byteCount,
            check == Array(contentKey.prefix(checkByteCount))
        else { throw .malformedCiphertext }
        return contentKey
    }
}
