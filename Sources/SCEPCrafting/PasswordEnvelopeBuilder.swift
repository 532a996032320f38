// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import Cryptography

/// Builds an EnvelopedData for a password by hand, right unless somebody spoils it.
package struct PasswordEnvelopeBuilder: Sendable {
    /// What is encrypted.
    package var plaintext: [UInt8]
    /// The password.
    package var password: String
    /// The salt that is used.
    package var salt: [UInt8] = Array(1...8)
    /// The iterations that are done.
    package var iterations = 2048
    /// The digest of the HMAC that is used.
    package var digest = DigestAlgorithm.sha1
    /// What is written for the salt, encoded; the salt that is used unless it is set.
    package var writtenSalt: [UInt8]?
    /// The content octets that are written for the iterations; those that are done unless it is set.
    package var writtenIterations: [UInt8]?
    /// What follows the iterations, each encoded: the key's length and the pseudo-random function.
    package var furtherParameters: [[UInt8]] = []
    /// The OID that is written for the key derivation, encoded.
    package var derivationOID = OID.pbkdf2
    /// Writes the key derivation around its OID and parameters; what it gives may be nothing.
    package var writeDerivation: @Sendable ([UInt8]) -> [UInt8] = { TLV.context(0, $0) }
    /// The cipher of the content and of the wrapping.
    package var cipher = ContentCipher.aes128CBC
    /// The OID that is written for the cipher of the content, encoded.
    package var cipherOID = OID.aes128CBC
    /// The OID that is written for the cipher of the wrapping, encoded; that of the content unless it is set.
    package var wrapCipherOID: [UInt8]?
    /// The OID that is written for the wrapping, encoded.
    package var wrapOID = OID.pwriKEK
    /// Changes the wrapped key.
    package var spoilKey: @Sendable ([UInt8]) -> [UInt8] = { $0 }
    /// Changes the ciphertext.
    package var spoilContent: @Sendable ([UInt8]) -> [UInt8] = { $0 }
    /// Writes an OCTET STRING: the salt, the vectors and the wrapped key.
    package var writeOctets: @Sendable ([UInt8]) -> [UInt8] = { TLV.octetString($0) }
    /// Writes the ciphertext as `[0]`.
    package var writeContent: @Sendable ([UInt8]) -> [UInt8] = { TLV.encode(0x80, $0) }
    /// Writes a SEQUENCE of encoded members.
    package var writeSequence: @Sendable ([UInt8]) -> [UInt8] = { TLV.encode(0x30, $0) }
    /// RecipientInfos before and after the one that counts.
    package var otherRecipients: (before: [[UInt8]], after: [[UInt8]]) = ([], [])
    /// The content key; a random one unless it is set.
    package var contentKey: [UInt8]?

    /// An envelope for whoever knows a password.
    package init(_ plaintext: [UInt8], password: String) {
        self.plaintext = plaintext
        self.password = password
    }

    /// Uses a cipher for the content and the wrapping, and says so.
    package mutating func use(_ cipher: ContentCipher, _ oid: [UInt8]) {
        self.cipher = cipher
        self.cipherOID = oid
    }

    /// The encoding of the ContentInfo.
    package func build() throws -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let contentKey = contentKey ?? generator.bytes(cipher.keyByteCount)
        let iv = generator.bytes(cipher.blockByteCount)
        let ciphertext = spoilContent(try cipher.encrypt(plaintext, key: contentKey, iv: iv))
        let recipients = otherRecipients.before + [try recipientInfo(contentKey)] + otherRecipients.after
        let body = writeSequence(
            TLV.integer(3) + TLV.encode(0x31, recipients.flatMap(\.self))
                + writeSequence(OID.data + writeSequence(cipherOID + writeOctets(iv)) + writeContent(ciphertext))
        )
        return writeSequence(OID.envelopedData + TLV.context(0, body))
    }

    /// The PasswordRecipientInfo.
    package func recipientInfo(_ contentKey: [UInt8]) throws -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let iv = generator.bytes(cipher.blockByteCount)
        let key = try PasswordDerivation(salt: salt, iterations: iterations, digest: digest)
            .key(password: password, byteCount: cipher.keyByteCount)
        let wrapped = try PasswordKeyWrap.wrap(contentKey, under: key, cipher: cipher, iv: iv, using: &generator)
        let count = (0..<4).reversed().map { UInt8(truncatingIfNeeded: iterations >> ($0 * 8)) }
        let parameters = writeSequence(
            (writtenSalt ?? writeOctets(salt)) + TLV.encode(0x02, writtenIterations ?? count)
                + furtherParameters.flatMap(\.self)
        )
        return TLV.context(
            3,
            TLV.integer(0),
            writeDerivation(derivationOID + parameters),
            writeSequence(wrapOID + writeSequence((wrapCipherOID ?? cipherOID) + writeOctets(iv))),
            writeOctets(spoilKey(wrapped))
        )
    }
}

extension OID {
    package static let pbkdf2 = [UInt8](hex: "06092a864886f70d01050c")
    package static let scrypt = [UInt8](hex: "06092b06010401da47040b")
    package static let pwriKEK = [UInt8](hex: "060b2a864886f70d0109100309")
    package static let hmacWithSHA1 = [UInt8](hex: "06082a864886f70d0207")
    package static let hmacWithSHA224 = [UInt8](hex: "06082a864886f70d0208")
    package static let hmacWithSHA256 = [UInt8](hex: "06082a864886f70d0209")
    package static let hmacWithSHA384 = [UInt8](hex: "06082a864886f70d020a")
    package static let hmacWithSHA512 = [UInt8](hex: "06082a864886f70d020b")
    package static let rsaPSS = [UInt8](hex: "06092a864886f70d01010a")
    package static let ecdsaWithSHA256 = [UInt8](hex: "06082a8648ce3d040302")
}
