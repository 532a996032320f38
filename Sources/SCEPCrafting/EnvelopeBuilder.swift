// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import Cryptography
package import PKIX

/// Builds an EnvelopedData by hand, right unless somebody spoils it.
package struct EnvelopeBuilder: Sendable {
    /// What is encrypted.
    package var plaintext: [UInt8]
    /// The recipient's identifier, encoded.
    package var recipient: [UInt8]
    /// The key that the content key is encrypted to; nil when there is a password instead.
    package var key: PublicKey?
    /// The password that the content key is wrapped under, when there is no key.
    package var password = ""
    /// The content octets of the iteration count that is written.
    package var writtenIterations: [UInt8] = [0x08, 0x00]
    /// The version, encoded; the right one for the kind of recipient unless it is set.
    package var version: [UInt8]?
    /// How the content key is padded.
    package var padding = KeyTransportPadding.pkcs1
    /// The identifier of the key transport, encoded.
    package var keyTransport = TLV.algorithm(OID.rsaEncryption)
    /// The content cipher.
    package var cipher = ContentCipher.aes128CBC
    /// The OID that is written for the cipher, encoded.
    package var cipherOID = OID.aes128CBC
    /// The content type that is written inside, encoded.
    package var contentType = OID.data
    /// The vector that is written; the one that is used unless it is set.
    package var writtenIV: [UInt8]?
    /// Changes the encrypted key.
    package var spoilKey: @Sendable ([UInt8]) -> [UInt8] = { $0 }
    /// Changes the ciphertext.
    package var spoilContent: @Sendable ([UInt8]) -> [UInt8] = { $0 }
    /// Writes the ciphertext as `[0]`.
    package var writeContent: @Sendable ([UInt8]) -> [UInt8] = { TLV.encode(0x80, $0) }
    /// RecipientInfos before and after the one that counts.
    package var otherRecipients: (before: [[UInt8]], after: [[UInt8]]) = ([], [])

    /// An envelope for a certificate.
    package init(_ plaintext: [UInt8], to certificate: EncodedCertificate) throws {
        self.plaintext = plaintext
        self.recipient = Self.identifier(of: certificate)
        self.key = try certificate.subjectPublicKeyInfo.publicKey()
    }

    /// An envelope for somebody who knows a password (RFC 5652 §6.2.4).
    package init(_ plaintext: [UInt8], password: String) {
        self.plaintext = plaintext
        self.recipient = []
        self.key = nil
        self.password = password
    }

    /// A certificate's issuer and serial number.
    package static func identifier(of certificate: EncodedCertificate) -> [UInt8] {
        TLV.sequence(certificate.issuer.der, TLV.encode(0x02, certificate.serialNumber))
    }

    /// A KeyTransRecipientInfo.
    package static func recipientInfo(_ identifier: [UInt8], keyTransport: [UInt8], encryptedKey: [UInt8]) -> [UInt8] {
        let version: UInt8 = identifier.first == 0x80 ? 2 : 0
        return TLV.sequence(TLV.integer(version), identifier, keyTransport, TLV.octetString(encryptedKey))
    }

    /// The encoding of the ContentInfo.
    package func build() throws -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let contentKey = generator.bytes(cipher.keyByteCount)
        let iv = generator.bytes(cipher.blockByteCount)
        let ciphertext = spoilContent(try encrypt(key: contentKey, iv: iv))
        let own: [UInt8]
        if let key {
            let encryptedKey = spoilKey(try key.encryptKey(contentKey, padding: padding))
            own = Self.recipientInfo(recipient, keyTransport: keyTransport, encryptedKey: encryptedKey)
        } else {
            own = try passwordRecipientInfo(contentKey)
        }
        let recipients = otherRecipients.before + [own] + otherRecipients.after
        let enveloped = TLV.sequence(
            version ?? TLV.integer(key == nil ? 3 : recipient.first == 0x80 ? 2 : 0),
            TLV.encode(0x31, recipients.flatMap(\.self)),
            TLV.sequence(
                contentType,
                TLV.sequence(cipherOID, TLV.octetString(writtenIV ?? iv)),
                writeContent(ciphertext)
            )
        )
        return TLV.sequence(OID.envelopedData, TLV.context(0, enveloped))
    }

    private func passwordRecipientInfo(_ contentKey: [UInt8]) throws -> [UInt8] {
        var builder = PasswordEnvelopeBuilder(plaintext, password: password)
        builder.writtenIterations = writtenIterations
        builder.spoilKey = spoilKey
        return try builder.recipientInfo(contentKey)
    }

    /// Single DES is made by triple DES with one key three times, since the library never encrypts with it.
    private func encrypt(key: [UInt8], iv: [UInt8]) throws -> [UInt8] {
        guard cipher == .insecureDESCBC else { return try cipher.encrypt(plaintext, key: key, iv: iv) }
        return try ContentCipher.tripleDESCBC.encrypt(plaintext, key: key + key + key, iv: iv)
    }
}
