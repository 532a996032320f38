// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX
internal import SwiftASN1

extension SignedData {
    /// Signs content that is id-data (RFC 5652 §5).
    ///
    /// The signature algorithm is written as `rsaEncryption` for RSA keys, which every SCEP client reads.
    ///
    /// - Parameters:
    ///   - content: the content octets; nil leaves the content out.
    ///   - signer: the signer's certificate, which the message carries first.
    ///   - key: the signer's key.
    ///   - digest: the digest of content and attributes.
    ///   - attributes: the signed attributes beside contentType and messageDigest, which are added.
    ///   - alongside: certificates to carry after the signer's, DER.
    /// - Returns: the DER encoding of a ContentInfo.
    /// - Throws: `unencodable`, also when the key does not sign.
    public static func sign(
        content: [UInt8]?,
        signer: EncodedCertificate,
        key: any PrivateKey,
        digest: DigestAlgorithm,
        attributes: [AttributeToSign],
        alongside: [[UInt8]] = []
    ) throws(CMSError) -> [UInt8] {
        let contentType = try AttributeToSign(.CMS.contentType) { try $0.serialize(ASN1ObjectIdentifier.CMS.data) }
        let messageDigest = try AttributeToSign(.CMS.messageDigest) { $0.octetString(digest.digest(content ?? [])) }
        let members = (attributes + [contentType, messageDigest]).map(\.der)
        let signedBytes = try mapping { try encode("signedAttrs") { $0.sortedSet(members) } }
        let signature: [UInt8]
        let signatureAlgorithm: AlgorithmIdentifier
        do {
            switch key.publicKey.algorithm {
            case .rsa:
                signature = try key.sign(signedBytes, scheme: .rsaPKCS1(digest))
                signatureAlgorithm = .rsaEncryption
            case .ec:
                signature = try key.sign(signedBytes, scheme: .ecdsa(digest))
                signatureAlgorithm = AlgorithmIdentifier.signature(.ecdsa(digest)) ?? .rsaEncryption
            }
        } catch {
            throw .unencodable("signature")
        }
        return try ContentInfo.wrap(.CMS.signedData) { wrapper in
            try wrapper.sequence { signedData in
                signedData.integer(1)
                try signedData.constructed(.set) { set in
                    try AlgorithmIdentifier.digest(digest).append(to: &set)
                }
                try appendContent(content, to: &signedData)
                appendMembers([signer.der] + alongside, .context(0), to: &signedData)
                try signedData.constructed(.set) { signers in
                    try signers.sequence { info in
                        info.integer(1)
                        CertificateIdentifier(of: signer).append(to: &info)
                        try AlgorithmIdentifier.digest(digest).append(to: &info)
                        // The bytes that were signed, under the implicit tag that the message has in their place.
                        info.serializeRawBytes([0xA0] + signedBytes.dropFirst())
                        try signatureAlgorithm.append(to: &info)
                        info.octetString(signature)
                    }
                }
            }
        }
    }

    /// A "certificates-only" message: no content and no signature (RFC 8894 §3.4).
    ///
    /// The order is kept and not that of DER, because clients take the first certificate for theirs (client-quirks G1).
    ///
    /// - Returns: the encoding of a ContentInfo.
    public static func degenerate(certificates: [[UInt8]], crls: [[UInt8]] = []) throws(CMSError) -> [UInt8] {
        try ContentInfo.wrap(.CMS.signedData) { wrapper in
            try wrapper.sequence { signedData in
                signedData.integer(1)
                signedData.constructed(.set) { _ in }
                try appendContent(nil, to: &signedData)
                if !certificates.isEmpty { appendMembers(certificates, .context(0), to: &signedData) }
                if !crls.isEmpty { appendMembers(crls, .context(1), to: &signedData) }
                signedData.constructed(.set) { _ in }
            }
        }
    }

    private static func appendContent(_ content: [UInt8]?, to serializer: inout DEREncoder) throws {
        try serializer.sequence { encapsulated in
            try encapsulated.serialize(ASN1ObjectIdentifier.CMS.data)
            if let content {
                encapsulated.constructed(.context(0)) { $0.octetString(content) }
            }
        }
    }

    private static func appendMembers(
        _ members: [[UInt8]],
        _ identifier: ASN1Identifier,
        to serializer: inout DEREncoder
    ) {
        serializer.constructed(identifier) { set in
            for member in members { set.serializeRawBytes(member) }
        }
    }
}
