// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import Cryptography
public import PKIX
public import SwiftASN1

/// One signature of a SignedData (RFC 5652 §5.3).
public struct SignerInfo: Sendable, Hashable {
    /// Names the signer's certificate.
    public let signer: CertificateIdentifier
    /// The digest of the content and of the attributes.
    public let digestAlgorithm: AlgorithmIdentifier
    /// The signed attributes; nil when there are none.
    public let signedAttributes: SignedAttributes?
    /// How it is signed.
    public let signatureAlgorithm: AlgorithmIdentifier
    /// The signature value.
    public let signature: [UInt8]

    init(_ node: EncodedValue, limits: CMSLimits) throws {
        var reader = try NodeReader(node, .sequence, "SignerInfo")
        _ = try reader.next(.integer, "version")
        guard let identifier = reader.next() else { throw CMSError.malformed("SignerInfo: sid is missing") }
        self.signer = try CertificateIdentifier(identifier)
        self.digestAlgorithm = try AlgorithmIdentifier(try reader.next(.sequence, "digestAlgorithm"), "digestAlgorithm")
        self.signedAttributes = try reader.nextIf(.context(0)).map { try SignedAttributes($0, limits: limits) }
        self.signatureAlgorithm = try AlgorithmIdentifier(
            try reader.next(.sequence, "signatureAlgorithm"),
            "signatureAlgorithm"
        )
        self.signature = Array(try reader.next(.octetString, "signature").octets("signature"))
    }

    /// The signature scheme, as digest and signature algorithm name it together.
    ///
    /// - Throws: `unsupportedAlgorithm`.
    public func scheme() throws(CMSError) -> SignatureScheme {
        guard let digest = digestAlgorithm.digestAlgorithm else {
            throw .unsupportedAlgorithm("digest \(digestAlgorithm.algorithm)")
        }
        guard let scheme = signatureAlgorithm.signatureScheme(digest: digest) else {
            throw .unsupportedAlgorithm("signature \(signatureAlgorithm.algorithm) with digest \(digest.rawValue)")
        }
        return scheme
    }

    /// Checks that this signs some content with a key (RFC 5652 §5.4).
    ///
    /// Signed attributes are required, and their contentType must be that of the content: without both, signed content could pass
    /// for signed attributes.
    ///
    /// - Throws: `unsupportedAlgorithm`, `malformed` when an attribute is missing, `signatureInvalid`.
    public func verify(content: [UInt8], contentType: ASN1ObjectIdentifier, key: PublicKey) throws(CMSError) {
        let scheme = try scheme()
        guard let signedAttributes else { throw .malformed("signedAttrs are missing") }
        if let duplicate = signedAttributes.duplicate { throw .malformed("signedAttrs: \(duplicate) occurs twice") }
        guard let type = try signedAttributes.value(.CMS.contentType),
            let named = try? type.objectIdentifier("contentType")
        else { throw .malformed("the contentType attribute is missing") }
        guard named == contentType else { throw .malformed("the contentType attribute is not the content's type") }
        guard let digest = try signedAttributes.value(.CMS.messageDigest),
            let expected = try? digest.octets("messageDigest")
        else { throw .malformed("the messageDigest attribute is missing") }
        guard scheme.digest.digest(content) == Array(expected) else {
            throw .signatureInvalid("messageDigest does not fit the content")
        }
        if key.isValidSignature(signature, for: signedAttributes.received, scheme: scheme) { return }
        // What came may not be what was signed: a sender of BER signs the DER form (client-quirks E1).
        guard let distinguished = try? signedAttributes.distinguished(), distinguished != signedAttributes.received,
            key.isValidSignature(signature, for: distinguished, scheme: scheme)
        else { throw .signatureInvalid("the signature is not that of the signer's key") }
    }
}
