// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEPCrafting

/// A CertRep, read strictly but for BER's freedoms; nothing in it is judged yet.
struct CertRepReading: Sendable {
    let reader: ReplyReader
    /// The certificates in it that can be read.
    let certificates: [EncodedCertificate]

    /// Reads an answer's body.
    init(_ body: [UInt8]) throws {
        let definite = try DefiniteForm.of(body)
        self.reader = try ReplyReader(definite)
        guard try DERElement(definite).at(0).encoded == OID.signedData else { throw DERElement.Defect.missing }
        self.certificates = try reader.certificates.compactMap { try? EncodedCertificate(derEncoded: $0) }
    }

    /// The one value of an attribute; nil when there is none, or several.
    func value(_ type: [UInt8]) -> DERElement? { (try? reader.value(type)) ?? nil }

    /// The text of an attribute.
    func text(_ type: [UInt8]) -> String? { value(type)?.text }

    var status: String? { text(OID.pkiStatus) }
    var failInfo: String? { text(OID.failInfo) }
    var failInfoText: String? { text(OID.failInfoText) }
    var content: [UInt8]? { (try? reader.content) ?? nil }
    var attributes: [[UInt8]] { (try? reader.attributes) ?? [] }

    /// The SignerInfo's fields after the identifier: digest, attributes, signature algorithm, signature.
    var digestOID: [UInt8]? { try? reader.signerInfo.at(2, 0).encoded }

    /// The digest, if it is a known one.
    var digest: DigestAlgorithm? {
        switch digestOID {
        case OID.md5: .insecureMD5
        case OID.sha1: .sha1
        case OID.sha256: .sha256
        case OID.sha384: .sha384
        case OID.sha512: .sha512
        default: nil
        }
    }

    /// The signature algorithm's identifier.
    var signatureOID: [UInt8]? {
        guard let members = try? reader.signerInfo.members,
            let position = members.firstIndex(where: { $0.tag == 0x04 }),
            position >= 1
        else { return nil }
        return try? members[position - 1].at(0).encoded
    }

    /// The signature value.
    var signature: [UInt8]? {
        // The identifier by key stands under [0], so that the one OCTET STRING is the signature.
        (try? reader.signerInfo.members)?.first { $0.tag == 0x04 }?.content
    }

    /// The certificate that the SignerInfo names, among those given.
    func signer(among candidates: [EncodedCertificate]) -> EncodedCertificate? {
        guard let identifier = try? reader.signerInfo.at(1) else { return nil }
        return candidates.first { candidate in
            identifier.tag == 0x80
                ? candidate.subjectKeyIdentifier == identifier.content
                : EnvelopeBuilder.identifier(of: candidate) == identifier.encoded
        }
    }

    /// Whether the signature is a certificate's.
    func isSigned(by certificate: EncodedCertificate) -> Bool {
        guard let key = try? certificate.subjectPublicKeyInfo.publicKey(), let digest, let signature else {
            return false
        }
        let sorted = attributes.sorted { $0.lexicographicallyPrecedes($1) }
        // What came may not be what was signed: a sender of BER signs the DER form.
        return [attributes, sorted].contains { members in
            let message = TLV.encode(0x31, members.flatMap(\.self))
            let scheme: SignatureScheme =
                if case .ec = key.algorithm { .ecdsa(digest) } else { .rsaPKCS1(digest) }
            return key.isValidSignature(signature, for: message, scheme: scheme)
        }
    }
}
