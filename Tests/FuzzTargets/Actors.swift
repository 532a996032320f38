// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEP
internal import SCEPCrafting

/// Whose keys and certificates the inputs meet, made anew in each process so that no private key lies in the repository.
struct Actors: Sendable {
    /// A client's key and certificate.
    let clientKey: SoftwareKey
    let client: EncodedCertificate
    /// A client whose key can't decrypt.
    let ellipticKey: SoftwareKey
    let ellipticClient: EncodedCertificate
    /// The RA, which opens whatever is meant for it.
    let transparentKey: TransparentKey
    let credential: RACredential

    /// The issuer and serial number by which envelopes in the corpus name the RA.
    static let registrationIdentifier = TLV.sequence(
        HandMadeCertificate.name("Example CA"),
        TLV.integer(0x52, 0x41)
    )

    static func shared() throws(FuzzFinding) -> Actors { try require("keys can be made") { try made.get() } }

    private static let made = Result { try Actors() }

    private init() throws {
        clientKey = try SoftwareKey.generate(.rsa(bits: 2048))
        client = try HandMadeCertificate("device-1", key: clientKey).unsigned()
        ellipticKey = try SoftwareKey.generate(.ec(.p256))
        ellipticClient = try HandMadeCertificate("device-2", key: ellipticKey).unsigned()
        transparentKey = TransparentKey(signing: ellipticKey)
        var registration = HandMadeCertificate("Example RA", key: ellipticKey)
        registration.issuer = HandMadeCertificate.name("Example CA")
        registration.serialNumber = [0x52, 0x41]
        credential = RACredential(
            certificate: try registration.unsigned(),
            key: transparentKey,
            alongside: [client.der]
        )
    }
}

/// A key that opens key transport without any secret: the "encrypted" key begins with the key.
///
/// So a fuzzer can write envelopes, and the corpus opens in every process.
struct TransparentKey: KeyDecryptionKey {
    let signing: SoftwareKey

    var publicKey: PublicKey { signing.publicKey }

    func sign(digest: [UInt8], scheme: SignatureScheme) throws(CryptographyError) -> [UInt8] {
        try signing.sign(digest: digest, scheme: scheme)
    }

    func decryptKey(
        _ encryptedKey: [UInt8],
        keyByteCount: Int,
        padding: KeyTransportPadding
    ) throws(CryptographyError) -> [UInt8] {
        guard encryptedKey.count >= keyByteCount else { throw .malformedCiphertext }
        return Array(encryptedKey.prefix(keyByteCount))
    }
}

extension HandMadeCertificate {
    /// The certificate with a signature that is none: nobody here checks who issued it.
    func unsigned() throws(PKIXError) -> EncodedCertificate {
        try EncodedCertificate(
            derEncoded: TLV.sequence(toBeSigned, TLV.algorithm(OID.sha256WithRSA), TLV.bitString([1, 2, 3]))
        )
    }
}

/// An envelope for the transparent key.
struct TransparentEnvelope {
    var plaintext: [UInt8]
    var cipher = ContentCipher.aes128CBC
    var recipient = Actors.registrationIdentifier
    var keyTransport = TLV.algorithm(OID.rsaEncryption)
    var otherRecipients: [[UInt8]] = []
    /// Writes the ciphertext as `[0]`.
    var writeContent: ([UInt8]) -> [UInt8] = { TLV.encode(0x80, $0) }

    func build() throws -> [UInt8] {
        let key = (0..<cipher.keyByteCount).map { UInt8(truncatingIfNeeded: 0x40 + $0) }
        let iv = (0..<cipher.blockByteCount).map { UInt8(truncatingIfNeeded: $0) }
        // Single DES is made by triple DES with one key three times, since the library never encrypts with it.
        let ciphertext =
            try cipher == .insecureDESCBC
            ? ContentCipher.tripleDESCBC.encrypt(plaintext, key: key + key + key, iv: iv)
            : cipher.encrypt(plaintext, key: key, iv: iv)
        let own = EnvelopeBuilder.recipientInfo(recipient, keyTransport: keyTransport, encryptedKey: key)
        let enveloped = TLV.sequence(
            TLV.integer(0),
            TLV.encode(0x31, otherRecipients.flatMap(\.self) + own),
            TLV.sequence(
                OID.data,
                TLV.sequence(Self.identifier(of: cipher), TLV.octetString(iv)),
                writeContent(ciphertext)
            )
        )
        return TLV.sequence(OID.envelopedData, TLV.context(0, enveloped))
    }

    private static func identifier(of cipher: ContentCipher) -> [UInt8] {
        switch cipher {
        case .aes128CBC: OID.aes128CBC
        case .aes192CBC: OID.aes192CBC
        case .aes256CBC: OID.aes256CBC
        case .tripleDESCBC: OID.tripleDESCBC
        case .insecureDESCBC: OID.desCBC
        }
    }
}
