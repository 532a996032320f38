// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import SCEPCrafting

/// What a message is made and signed from, so that a fuzzer's bytes get behind the signature.
///
///     MessageRecipe ::= [APPLICATION 0] SEQUENCE {
///       choices    OCTET STRING,          -- see below; what is missing counts as zero
///       attributes [0] SEQUENCE OF ANY,   -- signed as they stand, beside contentType and messageDigest
///       content    [1] ANY }              -- the plaintext, or the content of the message
struct MessageRecipe {
    /// The first octet of a recipe, which no message begins with.
    static let tag: UInt8 = 0x60

    private let choices: [UInt8]
    private let attributes: [[UInt8]]
    private let content: [UInt8]

    /// Reads a recipe; nil when it is none.
    init?(_ input: [UInt8]) {
        guard input.first == Self.tag, let members = try? DERElement(input).members, members.count == 3,
            let choices = members.first, let content = members.last, let attributes = members.dropFirst().first,
            choices.tag == 0x04, attributes.tag == 0xA0, content.tag == 0xA1
        else { return nil }
        self.choices = choices.content
        // What is no row of values counts as one.
        self.attributes = (try? attributes.members.map(\.encoded)) ?? [attributes.content]
        self.content = content.content
    }

    /// Writes a recipe.
    static func encode(choices: [UInt8], attributes: [[UInt8]], content: [UInt8]) -> [UInt8] {
        TLV.encode(
            tag,
            TLV.octetString(choices) + TLV.encode(0xA0, attributes.flatMap(\.self)) + TLV.encode(0xA1, content)
        )
    }

    /// Makes the message: choice 0 is the envelope, 1 the signer, 2 the digest, 3 the order of the attributes, 4 the lengths.
    func message(_ actors: Actors) throws(FuzzFinding) -> [UInt8] {
        try require("a message can be made") {
            let signsWithRSA = choice(1) & 1 == 1
            var builder = PKIMessageBuilder(
                content: try envelope(),
                signer: signsWithRSA ? actors.client : actors.ellipticClient,
                key: signsWithRSA ? actors.clientKey : actors.ellipticKey
            )
            builder.attributes = attributes
            switch choice(2) % 4 {
            case 1: builder.use(.sha1, OID.sha1)
            case 2: builder.use(.sha512, OID.sha512)
            case 3: builder.use(.insecureMD5, OID.md5)
            default: break
            }
            if !signsWithRSA {
                builder.scheme = .ecdsa(builder.digest)
                builder.signatureIdentifier = OID.ecPublicKeyAlgorithm
            }
            switch choice(3) % 3 {
            case 1: builder.order = .sorted
            case 2: builder.order = .asGivenSignedSorted
            default: builder.order = .asGiven
            }
            builder.form = choice(4) & 1 == 1 ? .indefinite : .definite
            return try builder.build()
        }
    }

    /// The content of the message: as it stands, or encrypted.
    private func envelope() throws -> [UInt8] {
        let ciphers = ContentCipher.allCases
        let number = Int(choice(0) % 6)
        guard number < ciphers.count else { return content }
        return try TransparentEnvelope(plaintext: content, cipher: ciphers[number]).build()
    }

    private func choice(_ index: Int) -> UInt8 { choices.dropFirst(index).first ?? 0 }
}

extension OID {
    /// The algorithm identifier of ECDSA as old clients write it: the key's, without a digest.
    fileprivate static let ecPublicKeyAlgorithm = TLV.sequence(OID.ecPublicKey)
}
