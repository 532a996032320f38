// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CryptographicMessageSyntax
internal import PKIX
internal import SwiftASN1

/// What holds for SignedData.
enum SignedDataChecks {
    /// Reads a message and looks for a signature in it.
    static func check(_ input: [UInt8]) throws(FuzzFinding) -> Bool {
        try EncodingChecks.check(input)
        guard let message = try? SignedData(contentInfo: input) else { return false }
        try check(message)
        return true
    }

    static func check(_ message: SignedData) throws(FuzzFinding) {
        let limits = CMSLimits.standard
        try require(message.encodedCertificates.count <= limits.certificates, "certificates are limited")
        try require(message.encodedCRLs.count <= limits.certificates, "CRLs are limited")
        try require(message.signerInfos.count <= 2, "signers are limited")
        for certificate in message.certificates { try CertificateChecks.check(certificate) }
        for info in message.signerInfos {
            if let attributes = info.signedAttributes { try check(attributes) }
            try checkSignature(info, message)
        }
    }

    private static func check(_ attributes: SignedAttributes) throws(FuzzFinding) {
        try require(attributes.types.count <= CMSLimits.standard.attributes, "attributes are limited")
        for type in attributes.types { _ = try? attributes.value(type) }
        // Of what is not DER in another way than by its lengths there may be none.
        guard let distinguished = try? attributes.distinguished() else { return }
        try EncodingChecks.checkRewritten(distinguished)
    }

    /// A signature that is good for some content is not good for another.
    private static func checkSignature(_ info: SignerInfo, _ message: SignedData) throws(FuzzFinding) {
        _ = try? info.scheme()
        guard let signer = message.certificate(info.signer) else { return }
        try require(info.signer.matches(signer), "a certificate that is found is the one that was named")
        guard let key = try? signer.subjectPublicKeyInfo.publicKey() else { return }
        let content = message.content ?? []
        guard (try? info.verify(content: content, contentType: message.contentType, key: key)) != nil else { return }
        try require(
            (try? info.verify(content: content + [0], contentType: message.contentType, key: key)) == nil,
            "a signature fits one content only"
        )
    }
}
