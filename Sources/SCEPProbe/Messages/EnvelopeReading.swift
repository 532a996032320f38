// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import SCEPCrafting

/// The envelope of a reply, taken apart.
struct EnvelopeReading: Sendable {
    /// The version as it is written.
    let version: [UInt8]
    /// The RecipientInfos.
    let recipients: [DERElement]
    /// The identifier of the inner content's type.
    let contentType: [UInt8]
    /// The identifier of the cipher.
    let cipherOID: [UInt8]
    private let iv: [UInt8]
    private let ciphertext: [UInt8]

    /// Reads a ContentInfo.
    init(_ content: [UInt8]) throws {
        let info = try DERElement(try DefiniteForm.of(content))
        guard try info.at(0).encoded == OID.envelopedData else { throw DERElement.Defect.missing }
        let members = try info.at(1, 0).members.filter { $0.tag != 0xA0 }
        guard members.count >= 3 else { throw DERElement.Defect.missing }
        self.version = members[0].content
        self.recipients = try members[1].members
        self.contentType = try members[2].at(0).encoded
        self.cipherOID = try members[2].at(1, 0).encoded
        self.iv = (try? members[2].at(1, 1).content) ?? []
        let encrypted = try members[2].at(2)
        self.ciphertext = encrypted.tag == 0xA0 ? try encrypted.members.flatMap(\.content) : encrypted.content
    }

    /// The cipher, if it is a known one.
    var cipher: ContentCipher? {
        switch cipherOID {
        case OID.aes128CBC: .aes128CBC
        case OID.aes192CBC: .aes192CBC
        case OID.aes256CBC: .aes256CBC
        case OID.tripleDESCBC: .tripleDESCBC
        case OID.desCBC: .insecureDESCBC
        default: nil
        }
    }

    /// The first recipient by key transport, with its identifier.
    var keyTransport: DERElement? { recipients.first { $0.tag == 0x30 } }
    /// The first recipient by password.
    var passwordRecipient: DERElement? { recipients.first { $0.tag == 0xA3 } }

    /// The version that goes with the recipients (RFC 5652 §6.1).
    var rightVersion: UInt8 {
        if passwordRecipient != nil { return 3 }
        return (try? keyTransport?.at(1).tag) == 0x80 ? 2 : 0
    }

    /// Decrypts with a client's key, or with its challenge.
    func plaintext(key: SoftwareKey, challenge: String?) throws -> [UInt8] {
        guard let cipher else { throw DERElement.Defect.missing }
        let contentKey: [UInt8]
        if let keyTransport {
            contentKey = try key.decryptKey(
                try keyTransport.at(3).content,
                keyByteCount: cipher.keyByteCount,
                padding: .pkcs1
            )
        } else if let passwordRecipient, let challenge {
            contentKey = try Self.unwrap(passwordRecipient, challenge, byteCount: cipher.keyByteCount)
        } else {
            throw DERElement.Defect.missing
        }
        return try cipher.decrypt(ciphertext, key: contentKey, iv: iv)
    }

    /// PBKDF2 and PWRI-KEK (RFC 3211): a server chooses the work, so that it has a limit.
    private static func unwrap(_ recipient: DERElement, _ challenge: String, byteCount: Int) throws -> [UInt8] {
        let members = try recipient.members
        guard members.count == 4, try members[1].at(0).encoded == OID.pbkdf2,
            try members[2].at(0).encoded == OID.pwriKEK
        else { throw DERElement.Defect.missing }
        let parameters = try members[1].at(1).members
        guard parameters.count >= 2, parameters[1].content.count <= 4 else { throw DERElement.Defect.missing }
        let iterations = parameters[1].content.reduce(0) { $0 << 8 | Int($1) }
        guard (1...5_000_000).contains(iterations) else { throw DERElement.Defect.missing }
        let function = parameters.first { $0.tag == 0x30 }
        let digest: DigestAlgorithm =
            switch try function?.at(0).content.last {
            case 9: .sha256
            case 10: .sha384
            case 11: .sha512
            default: .sha1
            }
        let wrap: ContentCipher =
            switch try members[2].at(1, 0).encoded {
            case OID.aes256CBC: .aes256CBC
            case OID.aes192CBC: .aes192CBC
            case OID.tripleDESCBC: .tripleDESCBC
            default: .aes128CBC
            }
        let derivation = try PasswordDerivation(salt: parameters[0].content, iterations: iterations, digest: digest)
        return try PasswordKeyWrap.unwrap(
            members[3].content,
            byteCount: byteCount,
            under: try derivation.key(password: challenge, byteCount: wrap.keyByteCount),
            cipher: wrap,
            iv: try members[2].at(1, 1).content
        )
    }
}
