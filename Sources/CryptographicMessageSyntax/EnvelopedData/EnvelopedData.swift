// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX
internal import SwiftASN1

/// One recipient whose key was transported by RSA (RFC 5652 §6.2.1).
public struct KeyTransportRecipient: Sendable, Hashable {
    /// Names the recipient's certificate.
    public let recipient: CertificateIdentifier
    /// How the key is encrypted.
    public let keyEncryptionAlgorithm: AlgorithmIdentifier
    /// The encrypted content-encryption key.
    public let encryptedKey: [UInt8]
}

/// Encrypted content, as it came (RFC 5652 §6.1).
///
///     EnvelopedData ::= SEQUENCE {
///       version CMSVersion,
///       originatorInfo [0] IMPLICIT OriginatorInfo OPTIONAL,
///       recipientInfos RecipientInfos,
///       encryptedContentInfo EncryptedContentInfo,
///       unprotectedAttrs [1] IMPLICIT UnprotectedAttributes OPTIONAL }
public struct EnvelopedData: Sendable, Hashable {
    /// The recipients by key transport.
    public let keyTransportRecipients: [KeyTransportRecipient]
    /// The recipients who know a password; recipients of further kinds are passed over.
    public let passwordRecipients: [PasswordRecipient]
    /// How the content is encrypted.
    public let contentEncryptionAlgorithm: AlgorithmIdentifier
    /// The ciphertext.
    public let encryptedContent: [UInt8]

    /// Reads a message, BER or DER.
    ///
    /// - Throws: `malformed`, `limitExceeded`.
    public init(contentInfo bytes: [UInt8], limits: CMSLimits = .standard) throws(CMSError) {
        self = try mapping {
            try EnvelopedData(try ContentInfo.unwrap(bytes[...], .CMS.envelopedData, "EnvelopedData"), limits: limits)
        }
    }

    private init(_ node: EncodedValue, limits: CMSLimits) throws {
        var reader = try NodeReader(node, .sequence, "EnvelopedData")
        _ = try reader.next(.integer, "version")
        _ = reader.nextIf(.context(0))
        var recipients: [KeyTransportRecipient] = []
        var passwordRecipients: [PasswordRecipient] = []
        var count = 0
        var set = try NodeReader(try reader.next(.set, "recipientInfos"), .set, "recipientInfos")
        while let member = set.next() {
            count += 1
            guard count <= limits.recipients else { throw CMSError.limitExceeded("recipients") }
            switch member.identifier {
            case .sequence: recipients.append(try Self.recipient(member))
            case .context(3): passwordRecipients.append(try PasswordRecipient(member))
            default: break
            }
        }
        self.keyTransportRecipients = recipients
        self.passwordRecipients = passwordRecipients

        let info = try reader.next(.sequence, "encryptedContentInfo")
        var content = try NodeReader(info, .sequence, "EncryptedContentInfo")
        let type = try content.next(.objectIdentifier, "contentType").objectIdentifier("contentType")
        guard type == .CMS.data else { throw CMSError.malformed("EncryptedContentInfo: contentType is \(type)") }
        self.contentEncryptionAlgorithm = try AlgorithmIdentifier(
            try content.next(.sequence, "contentEncryptionAlgorithm"),
            "contentEncryptionAlgorithm"
        )
        // Constructed forms, in segments or with an explicit tag by mistake (client-quirks D1, D2), come out the same.
        let ciphertext = try content.next(.context(0), "encryptedContent")
        self.encryptedContent = Array(try ciphertext.octets("encryptedContent", tag: .context(0)))
    }

    private static func recipient(_ node: EncodedValue) throws -> KeyTransportRecipient {
        var reader = try NodeReader(node, .sequence, "KeyTransRecipientInfo")
        _ = try reader.next(.integer, "version")
        guard let identifier = reader.next() else { throw CMSError.malformed("KeyTransRecipientInfo: rid is missing") }
        return KeyTransportRecipient(
            recipient: try CertificateIdentifier(identifier),
            keyEncryptionAlgorithm: try AlgorithmIdentifier(
                try reader.next(.sequence, "keyEncryptionAlgorithm"),
                "keyEncryptionAlgorithm"
            ),
            encryptedKey: Array(try reader.next(.octetString, "encryptedKey").octets("encryptedKey"))
        )
    }

    /// Decrypts the content for one recipient.
    ///
    /// A wrong key, wrong padding and wrong lengths are all `undecryptable`, and take the same path (design §6.1).
    ///
    /// - Parameters:
    ///   - recipient: the recipient whose key is at hand.
    ///   - key: the recipient's private key.
    ///   - cipher: the content cipher, which the caller has accepted.
    ///   - iv: its initialisation vector.
    ///   - padding: the key transport, which the caller has accepted.
    /// - Returns: the plaintext.
    /// - Throws: `undecryptable`.
    public func decrypt(
        for recipient: KeyTransportRecipient,
        key: any KeyDecryptionKey,
        cipher: ContentCipher,
        iv: [UInt8],
        padding: KeyTransportPadding
    ) throws(CMSError) -> [UInt8] {
        do {
            let contentKey = try key.decryptKey(
                recipient.encryptedKey,
                keyByteCount: cipher.keyByteCount,
                padding: padding
            )
            return try cipher.decrypt(encryptedContent, key: contentKey, iv: iv)
        } catch {
            throw .undecryptable
        }
    }

    /// Decrypts the content for a recipient who knows a password.
    ///
    /// A wrong password, a wrong wrapping and wrong lengths are all `undecryptable`.
    ///
    /// - Parameters:
    ///   - recipient: the recipient.
    ///   - password: the password.
    ///   - cipher: the content cipher, which the caller has accepted.
    ///   - iv: its initialisation vector.
    ///   - limits: how much work the peer may cause.
    /// - Returns: the plaintext.
    /// - Throws: `undecryptable`; `unsupportedAlgorithm`, `malformed` and `limitExceeded`, which stand in the clear.
    public func decrypt(
        for recipient: PasswordRecipient,
        password: String,
        cipher: ContentCipher,
        iv: [UInt8],
        limits: CMSLimits = .standard
    ) throws(CMSError) -> [UInt8] {
        let key = try recipient.contentKey(password: password, byteCount: cipher.keyByteCount, limits: limits)
        do {
            return try cipher.decrypt(encryptedContent, key: key, iv: iv)
        } catch {
            throw .undecryptable
        }
    }

    /// Encrypts content for one certificate's key.
    ///
    /// - Parameters:
    ///   - content: the plaintext.
    ///   - certificate: the recipient, named by issuer and serial number.
    ///   - key: the recipient's public key.
    ///   - cipher: the content cipher.
    ///   - padding: the key transport.
    ///   - generator: where the content key and the vector come from.
    /// - Returns: the DER encoding of a ContentInfo.
    /// - Throws: `unencodable`.
    public static func encrypt(
        _ content: [UInt8],
        to certificate: EncodedCertificate,
        key: PublicKey,
        cipher: ContentCipher,
        padding: KeyTransportPadding,
        using generator: inout some RandomNumberGenerator
    ) throws(CMSError) -> [UInt8] {
        let contentKey = generator.bytes(cipher.keyByteCount)
        let encryptedKey: [UInt8]
        do {
            encryptedKey = try key.encryptKey(contentKey, padding: padding)
        } catch {
            throw .unencodable("key transport")
        }
        let keyTransport = try AlgorithmIdentifier.keyTransport(padding)
        return try encrypt(content, version: 0, contentKey: contentKey, cipher: cipher, using: &generator) {
            recipients in
            try recipients.sequence { info in
                info.integer(0)
                CertificateIdentifier(of: certificate).append(to: &info)
                try keyTransport.append(to: &info)
                info.octetString(encryptedKey)
            }
        }
    }

    /// Encrypts content for whoever knows a password (RFC 3211).
    ///
    /// - Parameters:
    ///   - content: the plaintext.
    ///   - password: the password, one that can't be guessed: whoever captures the message may try at leisure.
    ///   - cipher: the content cipher, which also wraps the key.
    ///   - generator: where the content key, the salt and the vectors come from.
    /// - Returns: the DER encoding of a ContentInfo.
    /// - Throws: `unencodable`.
    public static func encrypt(
        _ content: [UInt8],
        password: String,
        cipher: ContentCipher,
        using generator: inout some RandomNumberGenerator
    ) throws(CMSError) -> [UInt8] {
        let contentKey = generator.bytes(cipher.keyByteCount)
        let recipient = try PasswordRecipient.encoded(
            contentKey: contentKey,
            password: password,
            cipher: cipher,
            using: &generator
        )
        // Version 3 goes with a recipient of this kind (RFC 5652 §6.1).
        return try encrypt(content, version: 3, contentKey: contentKey, cipher: cipher, using: &generator) {
            recipients in
            recipients.serializeRawBytes(recipient)
        }
    }

    private static func encrypt(
        _ content: [UInt8],
        version: UInt8,
        contentKey: [UInt8],
        cipher: ContentCipher,
        using generator: inout some RandomNumberGenerator,
        recipients: (inout DEREncoder) throws -> Void
    ) throws(CMSError) -> [UInt8] {
        let iv = generator.bytes(cipher.blockByteCount)
        let ciphertext: [UInt8]
        do {
            ciphertext = try cipher.encrypt(content, key: contentKey, iv: iv)
        } catch {
            throw .unencodable("encryption")
        }
        return try ContentInfo.wrap(.CMS.envelopedData) { wrapper in
            try wrapper.sequence { enveloped in
                enveloped.integer(version)
                try enveloped.constructed(.set, recipients)
                try enveloped.sequence { info in
                    try info.serialize(ASN1ObjectIdentifier.CMS.data)
                    try AlgorithmIdentifier.contentCipher(cipher, iv: iv).append(to: &info)
                    info.octetString(ciphertext, .context(0))
                }
            }
        }
    }
}
