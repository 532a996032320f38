// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import Cryptography
internal import PKIX
internal import SCEPCrafting

extension FuzzSeed {
    /// What servers answer.
    static func replies(_ actors: Actors) throws -> [FuzzSeed] {
        let issued = try issuedCertificate(actors)
        let several = try SignedData.degenerate(certificates: [issued.der, actors.client.der])
        let list = try SignedData.degenerate(certificates: [], crls: [try certificateList(actors)])
        var generator = SystemRandomNumberGenerator()
        let underPassword = try EnvelopedData.encrypt(
            several,
            password: EnvelopedDataChecks.password,
            cipher: .aes128CBC,
            using: &generator
        )
        // The envelope's cipher (5 is none), the signer, the digest, the order of the attributes, the lengths.
        let recipes: [(name: String, choices: [UInt8], attributes: [[UInt8]], content: [UInt8])] = [
            ("success", [0, 1, 0, 1, 0], attributes("0"), several),
            ("success-des3-sha1", [3, 1, 1, 0, 0], attributes("0"), several),
            ("success-indefinite", [2, 0, 2, 2, 1], attributes("0"), try indefinite(several)),
            ("success-password", [5, 1, 0, 1, 0], attributes("0"), underPassword),
            ("crl", [0, 1, 0, 1, 0], attributes("0"), list),
            ("failure", [5, 1, 0, 1, 0], attributes("2", failure), []),
            ("pending", [5, 0, 0, 1, 0], attributes("3"), []),
            ("next-ca", [5, 1, 0, 1, 0], [], several),
        ]
        let raw = [
            ("getcacaps", Array("AES\r\nSCEPStandard\n Renewal \nPOSTPKIOperation".utf8)),
            ("getcacert", actors.ellipticClient.der), ("getcacert-several", several),
            ("getcacert-indefinite", try indefinite(several)),
        ]
        return recipes.map {
            FuzzSeed(
                .scepReply,
                $0.name,
                MessageRecipe.encode(choices: $0.choices, attributes: $0.attributes, content: $0.content)
            )
        } + raw.map { FuzzSeed(.scepReply, $0.0, $0.1) }
    }

    /// A certificate for the key that was asked for, with the name that was asked for, which nobody signed.
    private static func issuedCertificate(_ actors: Actors) throws -> EncodedCertificate {
        var certificate = HandMadeCertificate("device-1", key: actors.clientKey)
        certificate.issuer = HandMadeCertificate.name(Questions.issuer)
        certificate.serialNumber = Questions.serialNumber
        certificate.subjectPublicKeyInfo = Questions.subjectPublicKeyInfo
        return try certificate.unsigned()
    }

    private static let failure = [
        TLV.attribute(OID.failInfo, TLV.printable("2")), TLV.attribute(OID.failInfoText, TLV.utf8("no")),
    ]

    /// The attributes of an answer to what `Questions` ask.
    private static func attributes(_ status: String, _ more: [[UInt8]] = []) -> [[UInt8]] {
        [
            TLV.attribute(OID.transactionID, TLV.printable(Questions.transactionID)),
            TLV.attribute(OID.messageType, TLV.printable("3")),
            TLV.attribute(OID.pkiStatus, TLV.printable(status)),
            TLV.attribute(OID.senderNonce, TLV.octetString(Array(1...16))),
            TLV.attribute(OID.recipientNonce, TLV.octetString(Questions.nonce)),
        ] + more
    }
}
