// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import Cryptography
package import PKIX

/// Builds a pkiMessage by hand, right unless somebody spoils it.
package struct PKIMessageBuilder: Sendable {
    /// How the signed attributes are ordered in the message.
    package enum AttributeOrder: Sendable {
        /// As DER wants it.
        case sorted
        /// As they stand; what is signed stands in the same order.
        case asGiven
        /// As they stand, though what is signed is sorted.
        case asGivenSignedSorted
    }

    /// How the message is written.
    package enum Form: Sendable {
        case definite
        /// Indefinite lengths outside, the content in segments.
        case indefinite
    }

    /// The signed attributes beside contentType and messageDigest, each encoded.
    package var attributes: [[UInt8]]
    /// The contentType attribute; nil leaves it out.
    package var contentTypeAttribute: [UInt8]? = TLV.attribute(OID.contentType, OID.data)
    /// Makes the messageDigest attribute from the right digest; nil leaves it out.
    package var messageDigestAttribute: @Sendable ([UInt8]) -> [UInt8]? = {
        TLV.attribute(OID.messageDigest, TLV.octetString($0))
    }
    package var order = AttributeOrder.sorted
    package var form = Form.definite
    /// Whether there are signed attributes at all.
    package var signsAttributes = true
    /// The content; nil leaves it out.
    package var content: [UInt8]?
    /// The type of the content, encoded.
    package var eContentType = OID.data
    /// The certificates, each encoded.
    package var certificates: [[UInt8]]
    /// The signer's identifier, encoded.
    package var signerIdentifier: [UInt8]
    /// The digest that is used.
    package var digest = DigestAlgorithm.sha256
    /// The digest's identifier that is written.
    package var digestIdentifier = TLV.algorithm(OID.sha256)
    /// The signature algorithm that is written.
    package var signatureIdentifier = TLV.algorithm(OID.rsaEncryption)
    /// The scheme that is used.
    package var scheme: SignatureScheme?
    package var key: SoftwareKey
    /// How many SignerInfos there are, all the same.
    package var signerCount = 1
    /// Changes the signature.
    package var spoilSignature: @Sendable ([UInt8]) -> [UInt8] = { $0 }
    /// Changes the content after it was signed.
    package var spoilContent: @Sendable ([UInt8]) -> [UInt8] = { $0 }

    /// A message of a client with the attributes that every request has.
    package init(
        content: [UInt8]?,
        signer: EncodedCertificate,
        key: SoftwareKey,
        transactionID: String = "0123456789ABCDEF",
        messageType: String = "19",
        senderNonce: [UInt8] = Array(1...16)
    ) {
        self.content = content
        self.certificates = [signer.der]
        self.signerIdentifier = EnvelopeBuilder.identifier(of: signer)
        self.key = key
        self.attributes = [
            TLV.attribute(OID.transactionID, TLV.printable(transactionID)),
            TLV.attribute(OID.messageType, TLV.printable(messageType)),
            TLV.attribute(OID.senderNonce, TLV.octetString(senderNonce)),
        ]
        if case .ec = key.publicKey.algorithm {
            self.scheme = key.certificateScheme
            self.signatureIdentifier = key.certificateAlgorithm
        }
    }

    /// Takes an attribute out and puts others in.
    package mutating func replace(_ type: [UInt8], with replacements: [UInt8]...) {
        attributes.removeAll { $0.contains(run: type) }
        attributes += replacements
    }

    /// Uses a digest and says so.
    package mutating func use(_ digest: DigestAlgorithm, _ oid: [UInt8]) {
        self.digest = digest
        self.digestIdentifier = TLV.algorithm(oid)
    }

    /// The encoding.
    package func build() throws -> [UInt8] {
        let signerInfo = try signerInfo()
        let infos = Array(repeating: signerInfo, count: signerCount).flatMap(\.self)
        let certificateSet = certificates.isEmpty ? [] : TLV.encode(0xA0, certificates.flatMap(\.self))
        let written = content.map(spoilContent)
        let version = TLV.integer(1)
        let digests = TLV.set(digestIdentifier)
        switch form {
        case .definite:
            let inner = written.map { TLV.context(0, TLV.octetString($0)) } ?? []
            let body = TLV.sequence(
                version,
                digests,
                TLV.sequence(eContentType, inner),
                certificateSet,
                TLV.encode(0x31, infos)
            )
            return TLV.sequence(OID.signedData, TLV.context(0, body))
        case .indefinite:
            let inner = written.map { TLV.indefinite(0xA0, TLV.segments(0x04, $0, of: 100)) } ?? []
            let body = TLV.indefinite(
                0x30,
                version + digests + TLV.indefinite(0x30, eContentType + inner)
                    + TLV.indefinite(0xA0, certificates.flatMap(\.self)) + TLV.indefinite(0x31, infos)
            )
            return TLV.indefinite(0x30, OID.signedData + TLV.indefinite(0xA0, body))
        }
    }

    private func signerInfo() throws -> [UInt8] {
        let messageDigest = messageDigestAttribute(digest.digest(content ?? []))
        let members = attributes + [contentTypeAttribute, messageDigest].compactMap(\.self)
        let sorted = members.sorted { $0.lexicographicallyPrecedes($1) }
        let written = order == .sorted ? sorted : members
        let signed = order == .asGiven ? members : sorted
        let message = signsAttributes ? TLV.encode(0x31, signed.flatMap(\.self)) : content ?? []
        let signature = spoilSignature(try key.sign(message, scheme: scheme ?? .rsaPKCS1(digest)))
        let signedAttributes = TLV.encode(0xA0, written.flatMap(\.self))
        return TLV.sequence(
            TLV.integer(signerIdentifier.first == 0x80 ? 3 : 1),
            signerIdentifier,
            digestIdentifier,
            signsAttributes ? signedAttributes : [],
            signatureIdentifier,
            TLV.octetString(signature)
        )
    }
}
