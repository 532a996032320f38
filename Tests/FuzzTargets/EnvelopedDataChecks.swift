// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CConstantTime
internal import CryptographicMessageSyntax
internal import Cryptography

/// What holds for EnvelopedData.
enum EnvelopedDataChecks {
    /// The password of the corpus.
    static let password = "fuzzing-password"

    /// Few enough that a fuzzer gets on.
    private static let limits = {
        var limits = CMSLimits()
        limits.passwordIterations = 4096
        return limits
    }()

    /// Reads a message and decrypts it for each recipient.
    static func check(_ input: [UInt8]) throws(FuzzFinding) -> Bool {
        try EncodingChecks.check(input)
        guard let message = try? EnvelopedData(contentInfo: input, limits: limits) else { return false }
        try require(
            message.keyTransportRecipients.count + message.passwordRecipients.count <= limits.recipients,
            "recipients are limited"
        )
        guard let (cipher, iv) = try? message.contentEncryptionAlgorithm.contentCipher() else { return false }
        try require(iv.count == cipher.blockByteCount, "a vector is as long as a block")
        var isOpened = false
        for recipient in message.keyTransportRecipients {
            try checkUnpadding(recipient.encryptedKey, keyByteCount: cipher.keyByteCount)
            guard let padding = recipient.keyEncryptionAlgorithm.keyTransportPadding() else { continue }
            let actors = try Actors.shared()
            let opened = try? message.decrypt(
                for: recipient,
                key: actors.transparentKey,
                cipher: cipher,
                iv: iv,
                padding: padding
            )
            try check(opened, message, cipher)
            isOpened = isOpened || opened != nil
            let key = try? actors.clientKey.decryptKey(
                recipient.encryptedKey,
                keyByteCount: cipher.keyByteCount,
                padding: padding
            )
            try require(key.map { $0.count == cipher.keyByteCount } ?? true, "a transported key has the right length")
        }
        for recipient in message.passwordRecipients {
            let opened = try? message.decrypt(
                for: recipient,
                password: password,
                cipher: cipher,
                iv: iv,
                limits: limits
            )
            try check(opened, message, cipher)
            isOpened = isOpened || opened != nil
        }
        return isOpened
    }

    /// What was decrypted is what was encrypted without its padding.
    private static func check(
        _ plaintext: [UInt8]?,
        _ message: EnvelopedData,
        _ cipher: ContentCipher
    ) throws(FuzzFinding) {
        guard let plaintext else { return }
        let padding = message.encryptedContent.count - plaintext.count
        try require((1...cipher.blockByteCount).contains(padding), "a plaintext is shorter by its padding")
    }

    /// Unpadding without branches gives what unpadding with branches gives.
    private static func checkUnpadding(_ encoded: [UInt8], keyByteCount: Int) throws(FuzzFinding) {
        let fallback = [UInt8](repeating: 0xA5, count: keyByteCount)
        var key = [UInt8](repeating: 0, count: keyByteCount)
        let done = unsafe sceptic_unpad_pkcs1(encoded, encoded.count, fallback, &key, keyByteCount)
        guard encoded.count >= keyByteCount + 11 else {
            try require(done == 0, "what is too short is not unpadded")
            return
        }
        let padding = encoded.dropFirst(2).dropLast(keyByteCount + 1)
        let isRight =
            encoded.starts(with: [0, 2]) && padding.allSatisfy { $0 != 0 }
            && encoded.dropLast(keyByteCount).last == 0
        let expected = isRight ? Array(encoded.suffix(keyByteCount)) : fallback
        try require(done == 1 && key == expected, "unpadding without branches gives what the standard says")
    }
}
